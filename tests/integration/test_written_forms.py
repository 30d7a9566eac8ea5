"""Promise: an image has the pixels that were written, in every form that can be written.

The long form, by `make soak`, reads more than 10,000 files.
"""

from collections.abc import Iterable
from itertools import chain, islice

import numpy as np
import pytest

from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.deep.raster import Rendering
from embedbench.data.images.deep.reading import plain_content
from embedbench.errors import ImageError
from tests.support.written_forms import (
    Form,
    pillow_forms,
    png_forms,
    pnm_forms,
    stack_forms,
    tiff_forms,
)


def wrong_forms(forms: Iterable[Form]) -> tuple[int, list[str]]:
    """Return how many of the forms could be written, and those that are read wrongly."""
    written, wrong = 0, []
    for form in forms:
        try:
            content = form.write()
        except Exception:  # no library writes every form
            continue
        written += 1
        try:
            pixels = open_pixels(plain_content(content, Rendering(plane=form.plane)))
        except ImageError as error:
            wrong.append(f"{form.name}: {error}")
            continue
        if pixels.shape != form.right.shape:
            wrong.append(f"{form.name}: {pixels.shape}")
        elif (most := np.abs(pixels - form.right).max()) > form.levels:
            wrong.append(f"{form.name}: differs by {most:g}")
    return written, wrong


@pytest.fixture(autouse=True)
def plug_ins() -> None:
    """Let Pillow write what its plug-ins write, too."""
    pytest.importorskip("imagecodecs")
    pytest.importorskip("pillow_jxl")
    pytest.importorskip("pillow_heif").register_heif_opener()


def test_a_sample_of_all_forms_is_read_as_it_was_written() -> None:
    others = chain(stack_forms(), png_forms(), pnm_forms(), pillow_forms())
    written, wrong = wrong_forms(
        chain(islice(tiff_forms(), 0, None, 197), islice(others, 0, None, 7))
    )
    assert wrong == [] and written > 100


@pytest.mark.soak
def test_all_forms_are_read_as_they_were_written() -> None:
    written, wrong = wrong_forms(
        chain(tiff_forms(), stack_forms(), png_forms(), pnm_forms(), pillow_forms())
    )
    assert wrong == [] and written > 10_000
