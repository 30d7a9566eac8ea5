"""Promises of end markers: a JPEG that lacks its own alone is read, a cut one is refused."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.images.decoding import open_pixels, open_rgb
from embedbench.data.images.jpeg_end import with_end_marker
from embedbench.errors import ImageError

OPTIONS: list[dict[str, Any]] = [
    {}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 2}
]  # fmt: skip


def saved(mode: str = "RGB", **options: Any) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_missing_marker_changes_no_pixel(mode: str, options: dict[str, Any]) -> None:
    whole = saved(mode, **options)
    assert with_end_marker(whole) is None
    for cut in (whole[:-2], whole[:-1], whole[:-2] + bytes(512)):
        assert np.array_equal(open_pixels(cut), open_pixels(whole))
        assert np.array_equal(np.asarray(open_rgb(cut)), np.asarray(open_rgb(whole)))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_file_of_which_more_is_missing_is_refused(options: dict[str, Any]) -> None:
    whole = saved(**options)
    for share in (0.2, 0.5, 0.9, 0.99):
        with pytest.raises(ImageError, match="truncated|broken"):
            open_pixels(whole[: int(share * len(whole))])


def test_a_progressive_file_without_its_last_scans_is_refused() -> None:
    whole = saved(progressive=True)
    starts = [place for place in range(len(whole)) if whole[place : place + 2] == b"\xff\xda"]
    tables = [place for place in range(len(whole)) if whole[place : place + 2] == b"\xff\xc4"]
    assert len(starts) > 3
    for start in starts[1:]:
        before = max([start, *(one for one in tables if one < start)][1:] or [start])
        assert with_end_marker(whole[:start]) is None
        assert with_end_marker(whole[:before]) is None


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda", b"GIF89a"])
def test_what_is_no_picture_stays_none(content: bytes) -> None:
    assert with_end_marker(content) is None
