"""Promises of the pictures inside the report: whole, small, and drawn once."""

import base64
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from embedbench.report.data_uris import embed_figure
from embedbench.report.plots.figure_spec import FigureSpec
from embedbench.report.plots.figures import figure_specs
from tests.support.example_results import example_results

RESULTS = example_results()


def test_a_figure_that_is_there_is_shown_as_it_is(tmp_path: Path) -> None:
    first = figure_specs(RESULTS)[0]
    Image.new("RGB", (7, 5)).save(tmp_path / first.file)
    shown = embed_figure(first, tmp_path)
    assert shown is not None and (shown.width, shown.height) == (7, 5)
    assert base64.b64decode(shown.data)[8:12] == b"WEBP"


def test_a_figure_of_one_encoder_is_not_drawn_for_the_page(tmp_path: Path) -> None:
    own = next(spec for spec in figure_specs(RESULTS) if spec.encoder)
    assert embed_figure(own, tmp_path) is None


def square(colour: str) -> Figure:
    return Figure(figsize=(1, 0.5), facecolor=colour)


@pytest.mark.parametrize("photographic", [True, False])
def test_a_figure_in_the_page_has_its_size_and_its_colours(
    photographic: bool, tmp_path: Path
) -> None:
    spec = FigureSpec("a.png", "<b>{0}</b>", None, partial(square, "#0072B2"), photographic)
    embedded = embed_figure(spec, tmp_path)
    assert embedded is not None and embedded.title == "<b>{0}</b>"
    with Image.open(BytesIO(base64.b64decode(embedded.data))) as image:
        assert image.size == (embedded.width, embedded.height) == (100, 50)
        pixel = np.array(image.convert("RGB").getpixel((50, 25)))
    allowed = 8 if photographic else 0
    assert np.abs(pixel - (0x00, 0x72, 0xB2)).max() <= allowed
