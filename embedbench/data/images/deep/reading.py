"""Read images that Pillow does not read rightly, and make files of them that it does."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import UnidentifiedImageError

from embedbench.data.images.deep.dicom import read_dicom
from embedbench.data.images.deep.pixmaps import (
    is_deep_jpeg2000,
    is_deep_png,
    is_deep_pnm,
    read_jpeg2000,
    read_png,
    read_pnm,
)
from embedbench.data.images.deep.raster import Raster, Rendering, draw
from embedbench.data.images.deep.tiff import read_tiff
from embedbench.errors import ImageError
from embedbench.utils.formats import HEADER_BYTES, format_of

__all__ = ["AS_STORED", "DEEP_HEADER_BYTES", "errors_in_words", "may_be_deep", "plain_content",
           "read_raster"]  # fmt: skip

DEEP_HEADER_BYTES = 512
"""Bytes at the start of a file that `may_be_deep` needs."""

AS_STORED = Rendering()
"""Draws the full range of integers, and other numbers from 0 to 1."""

_NEEDS_CODECS = "imagecodecs"


def may_be_deep(header: bytes) -> bool:
    """Return whether an image must perhaps be drawn, as Pillow does not read it rightly.

    Args:
        header: at least `DEEP_HEADER_BYTES` bytes of the file, or all of a shorter file.
    """
    form = format_of(header[:HEADER_BYTES])
    name = form.name if form else ""
    return (
        name in ("TIFF", "DICOM")
        or (name == "PNG" and is_deep_png(header))
        or (name == "PNM" and is_deep_pnm(header))
        or (name == "JPEG 2000" and is_deep_jpeg2000(header))
    )


def plain_content(content: bytes, rendering: Rendering = AS_STORED) -> bytes:
    """Return an image as a file that Pillow reads rightly: mostly the content itself.

    Args:
        content: bytes of the file.
        rendering: how it is drawn if Pillow does not read it rightly.

    Raises:
        ImageError: the file cannot be read or drawn.
    """
    if not may_be_deep(content[:DEEP_HEADER_BYTES]):
        return content
    with errors_in_words():
        raster = read_raster(content, rendering)
        if raster is None:
            return content
        image = draw(raster, rendering)
        file = io.BytesIO()
        image.save(file, "PPM")
        return file.getvalue()


def read_raster(content: bytes, rendering: Rendering) -> Raster | None:
    """Return the pixels of an image as they are stored; None if Pillow reads it rightly.

    Args:
        content: bytes of a file that may be deep.
        rendering: the bands and the plane to read.

    Raises:
        ImageError: the file cannot be read.
    """
    form = format_of(content[:HEADER_BYTES])
    assert form is not None
    with errors_in_words():
        if form.name == "TIFF":
            return read_tiff(content, rendering)
        if form.name == "DICOM":
            return read_dicom(content, rendering.plane)
        if form.name == "PNG":
            return read_png(content)
        return read_pnm(content) if form.name == "PNM" else read_jpeg2000(content)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn every exception of this context into an ImageError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("too large for the memory") from error
    except UnidentifiedImageError as error:  # its text has an address in memory
        raise ImageError("broken image: its header cannot be read") from error
    except Exception as error:  # decoders raise nearly anything on broken files
        if _NEEDS_CODECS in str(error):
            raise ImageError(
                f"its compression needs pip install 'image-embedbench[tiff]' ({error})"
            ) from error
        raise ImageError(" ".join(f"broken image: {error}".split())) from error
