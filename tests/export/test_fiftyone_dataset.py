"""Promises of FiftyOne's dataset: FiftyOne reads back what the tables say."""

import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.errors import InputError
from embedbench.export.fiftyone_dataset import write_fiftyone
from embedbench.export.outcome import Request
from embedbench.results.results import Results
from tests.support.example_results import example_results
from tests.support.results_on_disk import results_on_disk


@pytest.fixture
def fiftyone() -> Any:
    return pytest.importorskip("fiftyone", reason="`make exports` has FiftyOne")


@pytest.fixture
def name(fiftyone: Any) -> Iterator[str]:
    """A name of a dataset that is removed at the end."""
    chosen = f"embedbench-test-{uuid.uuid4().hex}"
    yield chosen
    if fiftyone.dataset_exists(chosen):
        fiftyone.delete_dataset(chosen)


@pytest.mark.exports
def test_fiftyone_reads_files_labels_clusters_neighbours_and_maps(
    real_run: Results, name: str, fiftyone: Any
) -> None:
    vectors = np.random.default_rng(0).normal(size=(36, 4)).astype(np.float32)
    told = real_run.export("fiftyone", name=name, vectors={"pixels": vectors})
    dataset = fiftyone.load_dataset(name)
    assert len(dataset) == told.written["images"] == 36 and dataset.persistent
    images = real_run.images["image"].tolist()
    assert dataset.values("image") == images
    assert [Path(path).parent.name + "/" + Path(path).name for path in dataset.values("filepath")] \
        == images  # fmt: skip
    assert dataset.values("label.label") == real_run.images["truth"].tolist()
    ids = dataset.values("id")
    for number, encoder in {"01_pixels": "pixels", "02_co_lour_2": "co:lour/<2>"}.items():
        known = real_run.assignments(encoder)
        assert dataset.values(f"cluster_{number}.label") == [str(one) for one in known["cluster"]]
        near = dataset.values(f"neighbors_{number}")[5]
        assert [images[ids.index(one)] for one in near] == real_run.neighbours(images[5], encoder)[
            "neighbour"
        ].tolist()
        points = dataset.load_brain_results(f"map_{number}").points
        rows = real_run.projections.query("encoder == @encoder and projection == 'tsne'")
        np.testing.assert_allclose(points, rows[["x", "y"]], rtol=1e-6)
    found = dataset.sort_by_similarity(ids[0], k=3, brain_key="similar_01_pixels").values("id")
    cosines = vectors @ vectors[0] / np.linalg.norm(vectors, axis=1)
    assert found == [ids[row] for row in np.argsort(-cosines)[:3]]


@pytest.mark.exports
def test_a_dataset_that_is_there_is_kept_and_images_without_a_file_are_told(
    tmp_path: Path, name: str, fiftyone: Any
) -> None:
    results = results_on_disk(tmp_path)
    gone = results.images["image"][0]
    (tmp_path / gone).unlink()
    told = results.export("fiftyone", name=name, clusterer="hdbscan")
    assert told.skipped == {gone: "has no file of its own on this disk"}
    dataset = fiftyone.load_dataset(name)
    assert len(dataset) == 39
    assert dataset.values("label.label") == results.images["truth"][1:].tolist()
    labels = results.assignments("pixels", "hdbscan")["cluster"][1:]
    noise = [one == "noise" for one in dataset.values("cluster_01_pixels.label")]
    assert noise == labels.lt(0).tolist()
    with pytest.raises(InputError, match=f"has a dataset '{name}' already"):
        results.export("fiftyone", name=name)
    assert len(fiftyone.load_dataset(name)) == 39


def test_images_without_files_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fiftyone", sys)  # any module: it is not reached
    results = replace(example_results(), run=example_results().run | {"sources": []})
    with pytest.raises(InputError, match="its pictures were Python objects"):
        write_fiftyone(results, Request())


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    with pytest.raises(InputError, match=r"'image-embedbench\[fiftyone\]'"):
        write_fiftyone(example_results(), Request())
