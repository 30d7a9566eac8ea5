"""Promises of the Parquet file: each row is an image, with what the tables say of it."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from embedbench.errors import InputError
from embedbench.results.results import Results
from tests.support.example_results import ENCODERS, example_results
from tests.support.results_on_disk import results_on_disk


def test_a_row_has_the_image_its_file_and_what_each_encoder_makes_of_it(tmp_path: Path) -> None:
    results, file = results_on_disk(tmp_path / "photos"), tmp_path / "x.parquet"
    told = results.export("parquet", file)
    table = pd.read_parquet(file)
    assert table["image"].tolist() == results.images["image"].tolist()
    assert table["label"].tolist() == results.images["truth"].tolist()
    assert [Path(path).read_bytes() for path in table["path"]] == [
        cell["bytes"] for cell in table["thumbnail"]
    ]
    for number, encoder in enumerate(ENCODERS, start=1):
        name = {1: "01_pixels", 2: "02_timm_resnet50_pretrained_false"}.get(number)
        name = name or "03_keras_MobileNetV2_weights_x_h5"
        known = results.assignments(encoder)
        assert table[f"cluster_{name}"].tolist() == known["cluster"].tolist()
        points = results.projections.query("encoder == @encoder and projection == 'tsne'")
        np.testing.assert_allclose(table[f"projection_x_{name}"], points["x"], rtol=1e-6)
        near = table[f"neighbors_{name}"][7]
        names = [table["image"][row] for row in near["ids"]]
        known = results.neighbours(table["image"][7], encoder)
        assert names == known["neighbour"].tolist()
        np.testing.assert_allclose(near["distances"], 1 - known["similarity"])
    assert told.written == {"images": 40, "encoders": 3}
    assert told.next.startswith(f"embedding-atlas {file} --x projection_x_01_pixels")
    assert told.next.endswith("--neighbors neighbors_01_pixels --image thumbnail")


def test_vectors_are_lists_of_float32(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    example_results().export("parquet", tmp_path / "x.parquet", vectors={"pixels": vectors})
    column = pq.read_table(tmp_path / "x.parquet").column("vector_01_pixels")
    assert str(column.type).startswith("list<") and column.type.value_type == "float"
    np.testing.assert_array_equal(np.stack(column.to_pandas()), vectors)
    with pytest.raises(InputError, match="39 vectors of 'pixels' for 40 images"):
        example_results().export(
            "parquet", tmp_path / "y.parquet", vectors={"pixels": vectors[:39]}
        )


def test_many_rows_are_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedbench.export.parquet_file._ROWS", 7)
    vectors = np.arange(80, dtype=np.float32).reshape(40, 2)
    example_results().export("parquet", tmp_path / "x.parquet", vectors={"pixels": vectors})
    file = pq.ParquetFile(tmp_path / "x.parquet")
    assert file.num_row_groups == 6
    np.testing.assert_array_equal(np.stack(file.read()["vector_01_pixels"].to_pandas()), vectors)


def test_own_columns_stay_under_a_name_that_is_free(tmp_path: Path) -> None:
    results = example_results()
    images = results.images.assign(path="mine", cluster_01_pixels=7, own_path="also", camera="a")
    replace(results, images=images).export("parquet", tmp_path / "x.parquet")
    table = pd.read_parquet(tmp_path / "x.parquet")
    assert table["own_path"].eq("mine").all() and table["own_own_path"].eq("also").all()
    assert table["own_cluster_01_pixels"].eq(7).all() and table["camera"].eq("a").all()
    assert table["path"].isna().all()


def test_without_maps_or_neighbours_these_columns_are_not_there(tmp_path: Path) -> None:
    results = example_results(truth=False)
    bare = replace(results, projections=results.projections.head(0),
                   nearest=results.nearest.head(0))  # fmt: skip
    told = bare.export("parquet", tmp_path / "x.parquet")
    columns = set(pd.read_parquet(tmp_path / "x.parquet").columns)
    assert told.next == "" and "label" not in columns
    assert not any(name.startswith(("projection", "neighbors")) for name in columns)


def test_pictures_are_left_to_the_person_where_neighbours_are_of_some_images(
    tmp_path: Path,
) -> None:
    results = example_results()
    some = results.nearest[results.nearest["image"] != results.images["image"][0]]
    told = replace(results, nearest=some).export("parquet", tmp_path / "x.parquet")
    assert "--neighbors" in told.next and "--image" not in told.next
    assert pd.read_parquet(tmp_path / "x.parquet")["neighbors_01_pixels"][0]["ids"].size == 0


def test_vectors_of_the_run_folder_are_written_unless_left_out(
    real_run: Results, tmp_path: Path
) -> None:
    real_run.export("parquet", tmp_path / "x.parquet")
    table = pd.read_parquet(tmp_path / "x.parquet")
    for name, encoder in {"01_pixels": "pixels", "02_co_lour_2": "co:lour/<2>"}.items():
        np.testing.assert_array_equal(
            np.stack(table[f"vector_{name}"].tolist()), real_run.vectors(encoder)
        )
    real_run.export("parquet", tmp_path / "y.parquet", vectors={})
    columns = pd.read_parquet(tmp_path / "y.parquet").columns
    assert not any(column.startswith("vector_") for column in columns)


@pytest.mark.exports
def test_embedding_atlas_reads_it_and_makes_its_application(
    real_run: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("embedding_atlas", reason="`make exports` has Embedding Atlas")
    from click.testing import CliRunner
    from embedding_atlas.cli import load_datasets, main
    from embedding_atlas.graph_metrics import compute_degree_columns

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "x.parquet"
    told = real_run.export("parquet", file)
    table = load_datasets([str(file)])
    assert table["image"].tolist() == real_run.images["image"].tolist()
    _, outgoing, _ = compute_degree_columns(table, neighbors="neighbors_01_pixels")
    counts = real_run.nearest.query("encoder == 'pixels'")["image"].astype(str).value_counts()
    assert list(outgoing) == [counts[image] for image in table["image"]]
    words = shlex.split(told.next)[1:]
    done = CliRunner().invoke(main, [*words, "--export-application", str(tmp_path / "app")])
    assert done.exit_code == 0, done.output
    metadata = json.loads((tmp_path / "app" / "data" / "metadata.json").read_text())
    data = metadata["props"]["data"]
    assert data["neighbors"].startswith("neighbors_") and data["image"] == "thumbnail"
    kept = pd.read_parquet(tmp_path / "app" / "data" / "dataset.parquet")
    name = data["projection"]["x"].removeprefix("projection_x_")
    encoder = {"01_pixels": "pixels", "02_co_lour_2": "co:lour/<2>"}[name]
    points = real_run.projections
    points = points[(points["encoder"] == encoder) & (points["projection"] == "tsne")]
    for axis in ("x", "y"):
        np.testing.assert_allclose(kept[data["projection"][axis]], points[axis], rtol=1e-6)
