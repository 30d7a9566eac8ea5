"""Promises of deep PNG, PNM and JPEG 2000: all bits are read, and their own limits hold."""

import io

import numpy as np
import pytest
from PIL import Image

from embedbench.data.images.deep.pixmaps import (
    is_deep_jpeg2000,
    is_deep_png,
    is_deep_pnm,
    read_jpeg2000,
    read_png,
    read_pnm,
)
from tests.support.written_forms import png_forms, pnm_forms

VALUES = np.random.default_rng(0).integers(0, 65536, (5, 7), dtype=np.uint16)


def test_a_png_keeps_all_16_bits() -> None:
    codecs = pytest.importorskip("imagecodecs")
    for bands in (3, 4):
        values = np.random.default_rng(0).integers(0, 65536, (5, 7, bands), dtype=np.uint16)
        content = codecs.png_encode(values)
        raster = read_png(content)
        assert is_deep_png(content) and np.array_equal(raster.values, values[..., :3])
        assert bands == 3 or (raster.alpha == values[..., 3]).all()  # type: ignore[union-attr]
    file = io.BytesIO()
    Image.fromarray(VALUES).save(file, "PNG")
    assert np.array_equal(read_png(file.getvalue()).values[..., 0], VALUES)


def test_only_deep_files_are_deep() -> None:
    for form in png_forms():
        assert is_deep_png(form.write()) == ("16 bits" in form.name)
    for form in pnm_forms():
        deep = form.name.startswith("PFM") or int(form.name.split()[1]) > 255
        assert is_deep_pnm(form.write()[:512]) == deep
    assert not is_deep_pnm(b"P4\n8 1\n\xff") and not is_deep_pnm(b"P6\nx")


def test_the_largest_value_of_a_pnm_file_is_white_unless_all_files_have_it() -> None:
    assert read_pnm(b"P5 2 1 4095\n\x0f\xff\x00\x00").limits == (0, 4095)
    raster = read_pnm(b"P5 #a\n2 1 #b\n65535\n\x0f\xff\x00\x00")
    assert raster.limits is None and raster.values.ravel().tolist() == [4095, 0]
    assert read_pnm(b"P2\n2 1\n1000\n7 #c\n1000\n").values.ravel().tolist() == [7, 1000]


def test_jpeg_2000_of_16_bits() -> None:
    pytest.importorskip("imagecodecs")
    file, shallow = io.BytesIO(), io.BytesIO()
    Image.fromarray(VALUES).save(file, "JPEG2000")
    Image.fromarray((VALUES >> 8).astype(np.uint8)).save(shallow, "JPEG2000")
    assert is_deep_jpeg2000(file.getvalue()[:512]) and not is_deep_jpeg2000(shallow.getvalue())
    assert np.array_equal(read_jpeg2000(file.getvalue()).values[..., 0], VALUES)
