"""Promises of the charts of corrupted and mixed-in images."""

from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float64
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from embedbench.data.images.corruptions import CORRUPTIONS, VECTOR_KINDS
from embedbench.report.charts.robustness import WHERE
from embedbench.report.looks import encoder_colours
from embedbench.report.plots.robustness import contamination_figure, curves_figure
from embedbench.report.plots.style import save
from tests.support.robustness_tables import AMI, COLOURS, ENCODERS, mixed, robustness


def numbers(values: object) -> Float64[np.ndarray, " points"]:
    return np.asarray(values, dtype=np.float64)


def shown(figure: Figure) -> list[str]:
    return [axes.get_title("left") for axes in figure.axes if axes.axison]


def test_a_curve_starts_at_the_clean_images_and_passes_through_every_severity() -> None:
    figure = curves_figure(robustness(), COLOURS, "kmeans", "ami")
    assert shown(figure) == ["noise", "blur"]
    for axes, gain in zip(figure.axes, (0, 0.1), strict=True):
        assert [line.get_color() for line in axes.lines] == [COLOURS[name] for name in ENCODERS]
        for line, name in zip(axes.lines, ENCODERS, strict=True):
            np.testing.assert_allclose(numbers(line.get_xdata()), [0, 1, 3, 5])
            expected = [0.8, *(AMI[name] + gain - 0.05 * np.array([1, 3, 5]))]
            np.testing.assert_allclose(numbers(line.get_ydata()), expected)
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_a_band_is_the_interval_of_the_change() -> None:
    figure = curves_figure(robustness(encoders=("pixels",)), COLOURS, "kmeans", "ami")
    (band,) = figure.axes[0].collections
    ends = band.get_paths()[0].vertices
    assert isinstance(ends, np.ndarray)
    for severity, value in ((0, 0.8), (1, 0.65), (3, 0.55), (5, 0.45)):
        room = 0.1 if severity else 0
        found = ends[ends[:, 0] == severity, 1]
        assert found.min() == pytest.approx(value - room)
        assert found.max() == pytest.approx(value + room)


@pytest.mark.parametrize("encoders", [1, 3, 8])
@pytest.mark.parametrize("kinds", [1, 2, 4, 5, 9, 11])
def test_any_number_of_encoders_and_kinds_is_drawn_whole(
    encoders: int, kinds: int, tmp_path: Path
) -> None:
    names = tuple(
        f"timm:a_long_name_of_a_model_{number},pretrained=false" for number in range(encoders)
    )
    every = (*CORRUPTIONS, *VECTOR_KINDS)[:kinds]
    table = robustness(every, (2,), names)
    figure = curves_figure(table, encoder_colours(names), "", "neighbour_retention")
    assert shown(figure) == list(every)
    assert len(figure.legends[0].get_texts()) == encoders
    save(figure, tmp_path / "curves.png")
    figure.draw_without_rendering()
    inside = figure.bbox
    box = figure.legends[0].get_window_extent()
    assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0
    assert min(axes.get_window_extent().height for axes in figure.axes if axes.axison) > 100


def test_a_missing_number_is_not_drawn_and_moves_no_other() -> None:
    table = robustness(encoders=("pixels", "timm:resnet50"))
    gone = (table["encoder"] == "pixels") & (table["severity"] == 3)
    table.loc[gone, ["value", "change", "change_low", "change_high"]] = np.nan
    figure = curves_figure(table, COLOURS, "kmeans", "ami")
    first, second = figure.axes[0].lines
    assert np.isnan(numbers(first.get_ydata())).tolist() == [False, False, True, False]
    assert np.isfinite(numbers(second.get_ydata())).all()


def test_bars_of_mixed_in_images_are_their_shares() -> None:
    figure = contamination_figure(mixed(), COLOURS)
    assert shown(figure) == ["kmeans", "hdbscan"]
    for axes, noise in zip(figure.axes, (0, 20), strict=True):
        widths = np.array(
            [bar.get_bbox().width for bar in axes.patches if isinstance(bar, Rectangle)]
        ).reshape(3, 3)
        np.testing.assert_allclose(widths.sum(axis=1), 100)
        own = np.array([0, 75, 50]) / (2 if noise else 1)
        np.testing.assert_allclose(widths[:, 0], own, atol=1e-9)
        np.testing.assert_allclose(widths[:, 1], noise)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [name for name, _ in WHERE.values()]


def test_an_encoder_without_a_number_has_no_bar() -> None:
    table = mixed()
    table.loc[table["encoder"] == "pixels", "value"] = np.nan
    figure = contamination_figure(table, COLOURS)
    assert len(figure.axes[0].patches) == 6
    assert "no number" in [text.get_text() for text in figure.axes[0].texts]
