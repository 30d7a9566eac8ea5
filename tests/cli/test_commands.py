"""Promises of the commands: one line and exit 2, 3 for a part, the table alone on stdout."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench.embedding.autotune import Fidelity, TunedVariant, save_tuning
from embedbench.io.store import Store
from embedbench.utils.hardware import machine_name
from embedbench_timm import TimmEncoder
from tests.support.command_line import as_json, call

pytestmark = pytest.mark.usefixtures("one_core")


def test_a_run_prints_the_table_alone_writes_the_folder_and_is_drawn_again_from_it_alone(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    code, table, err = call(
        capsys, "run", photographs, "-e", "pixels", "--k", 3, "--seeds", 2, "--copies", 0,
        "--out", out, "--quiet",
    )  # fmt: skip
    assert code == 0
    lines = table.splitlines()
    assert lines[0].split()[:3] == ["encoder", "clusters", "AMI"]
    assert len(lines) == 2 + 1
    counted, note, groups, *rest = err.splitlines()
    assert counted == "36 images, 1 encoder"
    assert note == (
        "note: the folders were taken for labels: 3 classes, such as 'blue', 'green' and 'red'; "
        "--labels none ignores them"
    )
    assert groups.startswith(
        "groups: pixels puts these 36 pictures into 3 groups, as asked. The groups: cluster 0 (12)"
    )
    assert rest == [
        f"report: {out / 'report.html'}",
        f"next: its groups in pictures: embedbench open {out}",
    ]
    code, again, told = call(capsys, "show", out)
    assert (code, again, told) == (0, table, err)
    code, full, _ = call(capsys, "show", out, "--full")
    assert code == 0 and full.split()[:4] == ["encoder", "clusterer", "k", "from"]
    assert len(full.splitlines()) == 2 + 3
    rows = as_json(capsys, "show", out, "--full")["comparison"]
    assert [row["clusterer"] for row in rows] == ["kmeans", "agglomerative", "hdbscan"]
    for name in (
        "comparison.csv comparison.md comparison.tex encoders.csv timings.csv partitions.parquet "
        "elbow.csv clusters.csv run.json report.html methods.tex references.bib"
    ).split():
        assert (out / name).exists(), name
    assert not (out / "failures.csv").exists() and not (out / "figures").exists()
    assert not list(tmp_path.glob(".run*"))
    photographs.rename(tmp_path / "moved")
    page = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    assert call(capsys, "report", out)[0] == 0
    assert (out / "report.html").read_bytes() == page


def test_a_broken_image_is_skipped_and_counted(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "red" / "broken.jpg").write_bytes(b"no image")
    out = tmp_path / "run"
    code, _, err = call(
        capsys, "run", photographs, "-e", "pixels", "--k", 3, "--seeds", 1, "--copies", 0,
        "--clusterer", "kmeans", "--projection", "pca", "--out", out, "--quiet",
    )  # fmt: skip
    assert code == 3 and "1 image skipped" in err
    assert pd.read_csv(out / "failures.csv")["name"].tolist() == ["red/broken.jpg"]


def test_a_toml_file_says_the_same(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "comparison.toml"
    file.write_text(
        'source = "photographs"\nencoder = ["pixels"]\nclusterer = ["kmeans"]\n'
        'k = "2..4"\nseeds = 1\ncopies = 0\nprojection = ["pca"]\n'
    )
    out = tmp_path / "run"
    code, table, _ = call(capsys, "run", file, "--k", "truth", "--out", out, "--quiet")
    assert code == 0 and len(table.splitlines()) == 3
    assert json.loads((out / "run.json").read_text())["k"] == "truth"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "what to compare is missing"),
        (["run", "{photographs}"], "needs an encoder"),
        (["run", "{photographs}", "-e", "clop"], "unknown encoder 'clop'; installed"),
        (["run", "{photographs}", "-e", "pixels,depth=3"], "no field 'depth'"),
        (["run", "{empty}", "-e", "pixels"], "no images in"),
        (["run", "{one}", "-e", "pixels"], "at least 4 images"),
        (["run", "{photographs}", "-e", "pixels", "--k", "99"], "between 2 and 35"),
        (["run", "{photographs}", "-e", "pixels", "--labels", "none", "--k", "truth"], "labels"),
        (["run", "{photographs}", "-e", "pixels", "--labels", "{labels}"], "name none of the 36"),
        (["run", "{table}", "-e", "pixels"], "must have a column of images"),
        (["run", "{photographs}", "-e", "pixels", "--out", "{table}"], "it is a file"),
        (["run", "{photographs}", "-e", "pixels", "--wrong"], "No such option"),
        (["report", "{empty}"], "not a run folder"),
        (["embed", "{photographs}", "-e", "pixels", "--out", "x.txt"], ".parquet or a .npy"),
        (["check", "clop"], "unknown encoder"),
        (["new-backend", "My-Encoder"], "as in my_encoder; not 'My-Encoder'"),
        (["new-backend", "pixels"], "an encoder 'pixels' already exists"),
        (["new-backend", "mine", "--out", "{table}"], "cannot write"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    photographs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    places = {name: tmp_path / name for name in ("empty", "one")}
    for place in places.values():
        place.mkdir()
    (places["one"] / "1.png").write_bytes((photographs / "red" / "00.png").read_bytes())
    places |= {name: tmp_path / f"{name}.csv" for name in ("labels", "table")}
    places["labels"].write_text("filename,label\nelsewhere.png,dog\n")
    places["table"].write_text("colour\nred\n")
    before = sorted(tmp_path.rglob("*"))
    filled = [text.format(photographs=photographs, **places) for text in arguments]
    code, out, err = call(capsys, *filled)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and len(err.splitlines()) == 1 and words in err
    assert sorted(tmp_path.rglob("*")) == before


def test_embed_writes_what_the_vectors_encoder_reads(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "pixels.npy", tmp_path / "rows.parquet"]
    for file in files:
        assert call(capsys, "embed", photographs, "-e", "pixels", "--out", file, "--quiet")[0] == 0
    encoders = ["pixels", *(f"vectors:{file}" for file in files)]
    code, table, _ = call(
        capsys, "run", photographs, *(word for name in encoders for word in ("-e", name)),
        "--k", 3, "--clusterer", "kmeans", "--seeds", 1, "--copies", 0, "--projection", "pca",
        "--out", tmp_path / "run", "--quiet",
    )  # fmt: skip
    assert code == 0
    names = [line.split()[0] for line in table.splitlines()[2:]]
    assert names == ["pixels", "vectors:pixels.npy", "vectors:rows.parquet"]
    numbers = pd.read_csv(tmp_path / "run" / "comparison.csv").drop(columns="encoder")
    assert len(numbers) == 3 and len(numbers.drop_duplicates()) == 1
    assert np.load(files[0], allow_pickle=False).shape[0] == 36


def test_embed_as_json_names_the_files_and_what_was_skipped(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "red" / "broken.png").write_bytes(b"no image")
    code, out, _ = call(
        capsys, "embed", photographs, "-e", "pixels", "-e", "timm:resnet18,pretrained=false",
        "--out", tmp_path / "{encoder}.npy", "--quiet", "--json",
    )  # fmt: skip
    found = json.loads(out)
    assert (code, found["vectors"]) == (3, 72)
    assert [one["encoder"] for one in found["files"]] == [
        "pixels",
        "timm:resnet18,pretrained=false",
    ]
    assert all(len(np.load(one["file"], allow_pickle=False)) == 36 for one in found["files"])
    assert [one["image"] for one in found["skipped"]] == ["red/broken.png"]


def test_encoders_lists_all_that_are_installed(capsys: pytest.CaptureFixture[str]) -> None:
    code, table, _ = call(capsys, "encoders")
    assert code == 0
    assert [line.split()[0] for line in table.splitlines()[2:]] == [
        "clip", "conse", "keras", "onnx", "openclip", "pixels", "timm", "torchvision", "vectors",
        "vision",
    ]  # fmt: skip


def test_encoders_shows_how_one_was_found_to_run_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, auto = Store(tmp_path), TimmEncoder("resnet18")
    chosen = TunedVariant(replace(auto, precision="mixed", batch_size=32), Fidelity(0.9987, 0.992))
    save_tuning(store, "timm:resnet18", auto, ["00" * 32], chosen, 41.5)
    code, table, _ = call(capsys, "encoders", "--store", tmp_path)
    lines = table.splitlines()
    assert code == 0
    assert lines[-1].startswith("timm:resnet18  mixed") and machine_name() in lines[-1]
    assert [word for word in ("32", "0.9987", "0.992", "41.5") if word not in lines[-1]] == []


def test_look_prints_what_would_be_compared_and_encodes_nothing(
    photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = call(capsys, "look", photographs, "--where", "label=red")
    assert status == 0 and out.splitlines()[0] == f"12 images in {photographs}"
    assert "labels: red 12" in out.splitlines()
    status, _, err = call(capsys, "look", photographs, "--where", "colour=red")
    assert status == 2 and "with one of the columns truth" in err


def test_encoders_and_recipes_as_json_are_those_of_the_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_json(capsys, "encoders", "--store", tmp_path)
    table = call(capsys, "encoders", "--store", tmp_path)[1].splitlines()[2:]
    assert [one["encoder"] for one in found["encoders"]] == [line.split()[0] for line in table]
    assert [one["status"] for one in found["encoders"] if one["encoder"] == "pixels"] == ["ready"]
    assert set(found["sets"]) == {"starter", "strong"} and found["measured"] == []
    recipes = as_json(capsys, "recipe")["recipes"]
    table = call(capsys, "recipe")[1].splitlines()[2:]
    assert {line.split()[0]: line.split(maxsplit=1)[1] for line in table} == {
        name: settings["about"] for name, settings in recipes.items()
    }


def test_an_encoder_a_model_and_a_set_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    timm = as_json(capsys, "encoders", "timm")
    fields = {one["field"]: one["default"] for one in timm["fields"]}
    assert fields["pretrained"] == "true" and timm["about"].startswith("Any timm model")
    assert all(example.startswith("timm") for example in timm["examples"])
    starter = as_json(capsys, "encoders", "starter")
    table = call(capsys, "encoders", "starter")[1].splitlines()[2:]
    assert [one["spec"] for one in starter["encoders"]] == [line.split()[0] for line in table]
    model = as_json(capsys, "encoders", "timm:resnet18.a1_in1k")
    assert (model["dim"], model["parameters"]) == (512, 11_176_512)
    assert as_json(capsys, "encoders", "vectors:mine.npy")["dim"] is None


def test_look_as_json_has_the_counts(photographs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "look", photographs)
    assert (found["images"], found["formats"], found["copies"]) == (36, {"PNG": 36}, 0)
    assert found["labels"] == {"red": 12, "green": 12, "blue": 12}
    assert found["sizes"]["least"] == [32, 24] and found["source"] == str(photographs)
