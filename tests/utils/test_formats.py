"""Promises of formats: the content decides, and a missing plug-in is named."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.utils.formats import (
    FORMATS,
    format_of,
    format_of_suffix,
    suffix_of,
    without_suffix,
)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"GIF89a", "GIF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"P6\n1 1\n255\n", "PNM"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\xff\x0a", "JPEG XL"),
        (bytes(128) + b"DICM", "DICOM"),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_the_first_bytes_say_the_format(header: bytes, name: str | None) -> None:
    found = format_of(header)
    assert (found.name if found else None) == name


def test_suffixes_of_any_case_are_known() -> None:
    assert format_of_suffix("a/B.JPEG") == FORMATS["JPEG"]
    assert format_of_suffix("a.txt") is None
    assert without_suffix("a/b.tiff") == "a/b" and without_suffix("a/b.txt") == "a/b.txt"


@pytest.mark.parametrize(
    ("name", "bare"), [("a/b.JPG", "a/b"), ("v1.2", "v1.2"), ("a.b/c", "a.b/c"), ("x.1.png", "x.1")]
)
def test_only_suffixes_of_images_are_removed(name: str, bare: str) -> None:
    assert without_suffix(name) == bare


def test_each_format_that_needs_a_package_names_its_extra() -> None:
    needed = {one.name: one.extra for one in FORMATS.values() if one.module not in ("", "?")}
    assert needed == {"HEIF": "heif", "JPEG XL": "jxl", "DICOM": "dicom"}


@given(st.text(alphabet="aB. é", max_size=9))
def test_a_suffix_is_what_pathlib_says_in_lower_case(name: str) -> None:
    assert suffix_of(name) == PurePosixPath(name).suffix.lower()
