"""Promises of a figure's description: its file stays inside the folder of figures."""

import pytest
from matplotlib.figure import Figure

from embedbench.errors import InputError
from embedbench.report.plots.figure_spec import FigureSpec


@pytest.mark.parametrize("file", ["ranks.png", "01_pixels/map_l2_tsne.png", "sheet.jpg"])
def test_a_figure_is_a_picture_in_the_folder_or_in_that_of_its_encoder(file: str) -> None:
    assert FigureSpec(file, "title", None, Figure).file == file


@pytest.mark.parametrize(
    "file",
    [
        "../ranks.png",
        "/tmp/ranks.png",
        "a/b/c.png",
        "a/../c.png",
        "ranks.svg",
        "é.png",
        "",
        "a b.png",
    ],
)
def test_a_file_elsewhere_or_of_another_kind_is_refused(file: str) -> None:
    with pytest.raises(InputError, match="a figure cannot be called"):
        FigureSpec(file, "title", None, Figure)
