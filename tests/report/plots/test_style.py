"""Promises of the style: figures are written, and matplotlib stays as it was."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from embedbench.report.plots.figures import figure_specs
from embedbench.report.plots.style import empty_axes, save
from tests.support.example_results import example_results

RESULTS = example_results()


def test_drawing_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save(figure_specs(RESULTS)[0].draw(), tmp_path / "figure.png")
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_a_figure_is_written_into_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    figure = Figure(figsize=(1, 1))
    empty_axes(figure.subplots(), "$no_{number}")
    for name in ("a.png", "a.jpg"):
        save(figure, tmp_path / "new" / "folder" / name)
        with Image.open(tmp_path / "new" / "folder" / name) as image:
            assert image.format == {"a.png": "PNG", "a.jpg": "JPEG"}[name]
