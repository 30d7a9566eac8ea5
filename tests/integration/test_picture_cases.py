"""Promise: the pictures of the cases come out as the reference, or are refused where they must."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.survey import with_renderings
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import read_source, read_verified, source_hash
from embedbench.data.loading import read_dataset
from embedbench.data.scan import scan_images
from embedbench.io.store import Store
from embedbench.utils.progress import Progress
from tests.support.paths import CASES

PICTURES = CASES / "pictures"
QUIET = Progress(quiet=True)
LOSSY = {".jpg", ".jfif", ".jpe", ".avif", ".heic", ""}
BROKEN = "jpeg_half.jpg"

pytestmark = pytest.mark.skipif(not PICTURES.is_dir(), reason=f"there is no folder {PICTURES}")


def reference(name: str) -> np.ndarray:
    kind = "grey" if "grey" in name else "rgb"
    with Image.open(PICTURES / f"reference_{kind}.png") as image:
        return np.asarray(image.convert("RGB")).astype(int)


def names() -> list[str]:
    return sorted(file.name for file in PICTURES.iterdir()) if PICTURES.is_dir() else []


def drawn(name: str) -> Dataset:
    return with_renderings(Dataset.from_images([PICTURES / name]), Drawing(), 1, QUIET)


@pytest.mark.parametrize("name", [one for one in names() if one != BROKEN])
def test_each_picture_is_the_reference(name: str) -> None:
    [source] = drawn(name).sources
    pixels = open_pixels(read_verified(source, source_hash(source))).astype(int)
    right = reference(name)
    assert pixels.shape == right.shape
    same = np.ones(right.shape, dtype=bool)
    if "nodata" in name or "inf" in name:  # where nothing was measured
        same = (pixels > 0) | (right == 0)
        assert 0 < (~same).mean() < 0.02
    differences = np.abs(pixels - right)[same]
    if Path(name).suffix in LOSSY and name != "png_named.jpg":
        assert differences.mean() < 3 and np.corrcoef(pixels.ravel(), right.ravel())[0, 1] > 0.99
    else:
        assert differences.max() <= 1


def test_a_folder_of_all_pictures_lists_the_broken_one_and_says_what_was_done(
    tmp_path: Path,
) -> None:
    dataset = with_renderings(read_dataset(PICTURES), Drawing(), 1, QUIET)
    readable, images, failures = scan_images(dataset, Store(tmp_path), 1, QUIET)
    assert failures["name"].tolist() == [BROKEN]
    assert set(readable.names) == set(names()) - {BROKEN}
    assert (images["width"].eq(80) & images["height"].eq(60)).all()
    said = " ".join(dataset.remarks)
    assert "values that are no data are drawn black" in said and "bands" in said


def test_the_depth_is_that_of_the_data_set_and_told() -> None:
    alone = drawn("grey12_in_16.png")
    assert "12 bits are taken for all of them, as no value goes beyond 4,095" in alone.remarks[0]
    both = [PICTURES / "grey12_in_16.png", PICTURES / "grey16_miniswhite.tif"]
    dark = with_renderings(Dataset.from_images(both), Drawing(), 1, QUIET)
    assert open_pixels(read_source(dark.sources[0])).max() == 14
    asked = with_renderings(Dataset.from_images(both[:1]), Drawing(depth=16), 1, QUIET)
    assert open_pixels(read_source(asked.sources[0])).max() == 14
    assert source_hash(asked.sources[0]) != source_hash(alone.sources[0])


def test_bands_are_those_that_are_named() -> None:
    source = [PICTURES / "bands4_rgbn_8.tif"]
    [one] = with_renderings(Dataset.from_images(source), Drawing(bands=(3, 2, 1)), 1, QUIET).sources
    assert np.array_equal(open_pixels(read_source(one))[..., ::-1], reference("rgb"))
