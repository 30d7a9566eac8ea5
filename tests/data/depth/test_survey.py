"""Promises of the survey: deep images are drawn alike, others stay as they are."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.survey import drawn, rendering_of, with_renderings
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import RejectedImage, RenderedImage, read_source
from embedbench.errors import ImageError
from embedbench.io.paths import parse_path
from embedbench.utils.progress import Progress

QUIET, USUAL = Progress(quiet=True), Drawing()


def tiff(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **{"photometric": "minisblack"} | options)
    return file.getvalue()


def surveyed(*sources: bytes, drawing: Drawing = USUAL) -> Dataset:
    return with_renderings(Dataset.from_images(sources), drawing, 1, QUIET)


def grey(dataset: Dataset, row: int) -> list[int]:
    found: list[int] = open_pixels(read_source(dataset.sources[row]))[0, :, 0].tolist()
    return found


def test_the_depth_of_the_data_set_holds_for_all_of_it(tmp_path: Path) -> None:
    dark, bright = np.array([[0, 100]], "u2"), np.array([[0, 4095]], "u2")
    (tmp_path / "dark.tif").write_bytes(tiff(dark))
    paths = [tmp_path / "dark.tif"]
    alone = with_renderings(Dataset.from_images(paths), Drawing(), 1, QUIET)
    assert grey(alone, 0) == [0, 100]
    both = surveyed(tiff(dark), tiff(bright))
    assert grey(both, 0) == [0, 6] and grey(both, 1) == [0, 255]
    assert "2 deep images: 12 bits are taken for all of them" in both.remarks[0]


def test_plain_images_are_the_same_sources_and_no_word_is_said() -> None:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(file, "PNG")
    plain = [file.getvalue(), tiff(np.zeros((4, 4), "u1")), b"no image", b""]
    dataset = surveyed(*plain)
    assert list(dataset.sources) == plain and dataset.remarks == ()


def test_what_cannot_be_read_is_left_to_the_scan() -> None:
    whole = tiff(np.zeros((40, 40), "u2"))
    dataset = Dataset(("a", "b", "c"), (whole[:-900], RejectedImage("no"), parse_path("x/y.tif")))
    first, second, third = with_renderings(dataset, Drawing(), 1, QUIET).sources
    assert second == RejectedImage("no") and third == Path("x/y.tif")
    with pytest.raises(ImageError, match="broken image"):
        read_source(first)


def test_numbers_share_robust_limits_without_missing_ones() -> None:
    random = np.random.default_rng(0)
    low, high = random.uniform(100, 150, (50, 50)), random.uniform(150, 300, (50, 50))
    low[0, 0], low[0, 1], high[0, 0] = np.nan, -9999, np.inf
    tag = [(42113, "s", 0, "-9999", True)]
    dataset = surveyed(tiff(low, extratags=tag), tiff(high))
    assert "values that are no data are drawn black" in dataset.remarks[1]
    pixels = [open_pixels(read_source(one))[..., 0].astype(int) for one in dataset.sources]
    right = [np.clip((one - 100) / 200 * 255, 0, 255) for one in (low, high)]
    assert pixels[0][0, 0] == pixels[0][0, 1] == pixels[1][0, 0] == 0
    for seen, expected in zip(pixels, right, strict=True):
        assert np.abs(seen - expected)[1:].max() <= 2


def test_bands_and_planes_that_are_asked_for_are_drawn() -> None:
    values = np.arange(4 * 6, dtype="u1").reshape(1, 4, 6)
    bands = {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": [0] * 5}
    dataset = surveyed(tiff(values, metadata=None, **bands), drawing=Drawing(bands=(6, 1, 3)))
    drawn = open_pixels(read_source(dataset.sources[0]))
    assert np.array_equal(drawn, values[..., [5, 0, 2]])
    stack = np.arange(5 * 4, dtype="u1").reshape(5, 2, 2)
    dataset = surveyed(tiff(stack), drawing=Drawing(plane=4))
    assert np.array_equal(open_pixels(read_source(dataset.sources[0]))[..., 0], stack[3])
    first = surveyed(tiff(stack))
    assert np.array_equal(open_pixels(read_source(first.sources[0]))[..., 0], stack[0])
    assert "the first of 5 planes is drawn" in first.remarks[0]
    missing = surveyed(tiff(stack), drawing=Drawing(plane=6)).sources[0]
    with pytest.raises(ImageError, match="has 5 planes; there is no plane 6"):
        read_source(missing)


def test_an_option_without_any_deep_image_is_said() -> None:
    dataset = surveyed(b"no image", drawing=Drawing(depth=12))
    assert dataset.remarks == ("nothing is changed by depth: no image is deep",)
    assert not isinstance(dataset.sources[0], RenderedImage)


def test_the_rendering_is_that_of_the_deep_images() -> None:
    deep = tiff(np.array([[0, 4095]], "u2"))
    dataset = surveyed(b"plain", deep)
    rendering = rendering_of(dataset)
    assert rendering is not None and drawn(deep, rendering) == dataset.sources[1]
    assert rendering_of(surveyed(b"plain")) is None
    assert drawn(RejectedImage("no"), rendering) == RejectedImage("no")
