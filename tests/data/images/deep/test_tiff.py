"""Promises of TIFF files: what Pillow reads is left to it, and what is cut is refused."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.deep.raster import Rendering
from embedbench.data.images.deep.tiff import choose_bands, read_tiff, tiff_header
from embedbench.errors import ImageError


def written(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, np.asarray(values), **options)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_plain_files_are_left_to_pillow(mode: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").convert(mode).save(file, "TIFF", compression="tiff_lzw")
    assert read_tiff(file.getvalue(), Rendering()) is None
    assert tiff_header(io.BytesIO(file.getvalue())).is_plain


@pytest.mark.parametrize(
    ("values", "options", "bands"),
    [
        (np.zeros((9, 8, 3), "u2"), {"photometric": "rgb"}, 3),
        (np.zeros((3, 9, 8), "u1"), {"photometric": "rgb", "planarconfig": "separate"}, 3),
        (np.zeros((9, 8), "i1"), {}, 1),
        (np.zeros((9, 8), "f4"), {}, 1),
        (
            np.zeros((9, 8, 6), "u1"),
            {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": [0] * 5},
            6,
        ),
    ],
)
def test_others_are_not(values: Any, options: dict[str, Any], bands: int) -> None:
    content = written(values, **options)
    header = tiff_header(io.BytesIO(content))
    assert not header.is_plain and header.bands == bands and header.planes == 1
    assert read_tiff(content, Rendering()) is not None


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}], ids=str)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_file_is_refused(options: dict[str, Any], share: float) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (64, 64), dtype=np.uint16)
    content = written(values, **options)
    with pytest.raises(ImageError):
        open_pixels(content[: int(share * len(content))])


def test_lab_colours_of_8_and_16_bits() -> None:
    right = np.array([[200, 30, 60]])
    lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    image = ImageCms.applyTransform(Image.new("RGB", (4, 4), (200, 30, 60)), lab)
    assert image is not None
    values = np.asarray(image)  # from -128, with an offset of 128
    signed = values ^ np.array([0, 128, 128], "u1")
    deep = signed.astype(np.uint16) << 8
    for name, array in (("cielab", signed), ("cielab", deep), ("icclab", values)):
        pixels = open_pixels(written(array, photometric=name, planarconfig="contig"))
        assert np.abs(pixels.astype(int) - right).max() <= 4


def test_complex_numbers_and_sensor_colours_are_refused() -> None:
    with pytest.raises(ImageError, match="complex numbers"):
        open_pixels(written(np.zeros((4, 4), "c8")))
    with pytest.raises(ImageError, match="CFA.* cannot be read"):
        open_pixels(written(np.zeros((4, 4), "u2"), photometric="cfa"))


def test_bands_are_counted_from_1() -> None:
    assert choose_bands((), 5, (0, 1, 2)) == (0, 1, 2)
    assert choose_bands((4, 3, 2), 5, (0,)) == (3, 2, 1)
    with pytest.raises(ImageError, match="has 3 bands; there is no band 4"):
        choose_bands((4, 3, 2), 3, (0,))
