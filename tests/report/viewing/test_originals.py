"""Promises of the original pictures: a run that has none, or has lost them, is told so."""

import io
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.survey import rendering_of, with_renderings
from embedbench.data.images.sources import source_hash
from embedbench.data.loading import read_dataset
from embedbench.errors import ImageError, InputError
from embedbench.report.viewing.originals import Originals, page_of
from embedbench.utils.progress import Progress
from tests.support.example_results import example_results
from tests.support.results_on_disk import results_on_disk


def test_a_run_of_python_objects_has_no_originals() -> None:
    results = example_results()
    with pytest.raises(InputError, match="its pictures were Python objects"):
        Originals(replace(results, run=results.run | {"sources": []}))


def test_a_source_that_is_gone_is_told(tmp_path: Path) -> None:
    results = example_results()
    gone = {"sources": [str(tmp_path / "gone")]}
    with pytest.raises(InputError, match="the original pictures are gone"):
        Originals(replace(results, run=results.run | gone))


def test_a_folder_without_a_page_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no page"):
        page_of(tmp_path)
    (tmp_path / "report.html").write_text("")
    assert page_of(tmp_path).name == "report.html"


def test_an_original_is_its_file_as_long_as_it_is_unchanged(tmp_path: Path) -> None:
    results = results_on_disk(tmp_path)
    file = tmp_path / results.images["image"][0]
    originals = Originals(results)
    assert originals.unchanged(0) == originals.path(0) == file
    file.write_bytes(b"other")
    with pytest.raises(ImageError, match="was changed since the run"):
        originals.unchanged(0)
    file.unlink()
    with pytest.raises(ImageError, match="cannot be read"):
        originals.unchanged(0)
    with pytest.raises(ImageError, match="there is no such picture"):
        originals.unchanged(40)


def test_deep_images_are_known_again_by_how_the_run_drew_them(tmp_path: Path) -> None:
    for name, values in {"a.tif": [[0, 4000]], "b.tif": [[9, 4095]]}.items():
        tifffile.imwrite(tmp_path / name, np.array(values, "u2"), photometric="minisblack")
    Image.new("L", (2, 2)).save(tmp_path / "plain.png")
    dataset = read_dataset(tmp_path)
    dataset = with_renderings(dataset, Drawing(), 1, Progress(quiet=True))
    rendering = rendering_of(dataset)
    assert rendering is not None
    hashes = [source_hash(source) for source in dataset.sources]
    images = pd.DataFrame({"image": list(dataset.names), "hash": hashes})
    run = {"sources": [str(tmp_path)], "rendering": json.loads(json.dumps(asdict(rendering)))}
    originals = Originals(replace(example_results(), images=images, run=run))
    assert [originals.unchanged(row) for row in range(3)] == [
        tmp_path / name for name in ("a.tif", "b.tif", "plain.png")
    ]
    drawn = np.asarray(Image.open(io.BytesIO(originals.jpeg(0))).convert("L"))
    assert drawn[0, 0] < 20 and drawn[0, 1] > 230  # 0 and 4000 of 4095
    tifffile.imwrite(tmp_path / "a.tif", np.array([[7, 8]], "u2"), photometric="minisblack")
    with pytest.raises(ImageError, match="was changed"):
        originals.unchanged(0)
