"""Promises of the charts and of the page about challenging images: what they show, and no more."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jaxtyping import Float64
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import embedbench.report
from embedbench.data.images.corruptions import CORRUPTIONS, VECTOR_KINDS
from embedbench.report.plots.robustness import (
    WHERE,
    contamination_figure,
    curves_figure,
    main_curve,
)
from embedbench.report.plots.style import encoder_colours, save
from embedbench.report.robustness import RobustnessPart, robustness_part
from embedbench.report.tables import Cell, Column, Row
from embedbench.results.results import Results
from embedbench.results.schema import CONTAMINATION_COLUMNS, RANKING_COLUMNS, ROBUSTNESS_COLUMNS
from tests.support.example_results import example_results

ENCODERS = ("pixels", "timm:resnet50", "<b>clip</b>")
KEPT = {"pixels": 0.5, "timm:resnet50": 0.9, "<b>clip</b>": 0.88}
AMI = {"pixels": 0.7, "timm:resnet50": 0.4, "<b>clip</b>": 0.3}
COLOURS = encoder_colours(ENCODERS)


def robustness(
    kinds: tuple[str, ...] = ("noise", "blur"),
    severities: tuple[int, ...] = (1, 3, 5),
    encoders: tuple[str, ...] = ENCODERS,
    truth: bool = True,
) -> pd.DataFrame:
    """Blur costs a tenth less than noise, each severity a twentieth."""
    rows = []
    for encoder in encoders:
        for kind in kinds:
            for severity in severities:
                less = 0.05 * severity - 0.1 * (kind == "blur")
                metrics = [("", "neighbour_retention", 1.0, KEPT.get(encoder, 0.5) - less)]
                metrics += [("kmeans", "silhouette", 0.2, 0.1)]
                if truth:
                    metrics += [("kmeans", "ami", 0.8, AMI.get(encoder, 0.5) - less)]
                    metrics += [("hdbscan", "ami", 0.7, 0.1)]
                for clusterer, metric, clean, value in metrics:
                    change = value - clean
                    row = (encoder, kind, severity, clusterer, metric, clean, value)
                    rows.append((*row, change, change - 0.1, change + 0.1))
    return pd.DataFrame(rows, columns=["encoder", *ROBUSTNESS_COLUMNS])


def held(tied: bool = False, truth: bool = True) -> pd.DataFrame:
    """The second and third encoder keep most; the first is best on corrupted images."""
    rows = []
    order = sorted(KEPT, key=lambda name: -KEPT[name])
    for rank, name in enumerate(order, start=1):
        row = [name, KEPT[name], KEPT[name] - 0.04, KEPT[name] + 0.04, rank, rank, rank]
        row += [rank == 1 or (tied and rank == 2), 0.1, 0.05, 0.15]
        ami = AMI[name] if truth else np.nan
        row += [
            0.8 if truth else np.nan,
            ami,
            ami - 0.1,
            ami + 0.1,
            ami - 0.8,
            ami - 0.9,
            ami - 0.7,
        ]
        rows.append([*row, name == "pixels" if truth else np.nan])
    return pd.DataFrame(rows, columns=RANKING_COLUMNS)


def mixed(own: tuple[float, ...] = (0.0, 0.75, 0.5)) -> pd.DataFrame:
    """With K-means as told, the rest spread; with HDBSCAN a fifth is noise, and half of each."""
    rows = []
    for encoder, share in zip(ENCODERS, own, strict=True):
        for clusterer, noise in (("kmeans", 0.0), ("hdbscan", 0.2)):
            part = share / 2 if noise else share
            values = {"own_cluster": part, "noise": noise, "scattered": 1 - part - noise}
            values |= {"ami_change": -0.031, "clean_change": 0.2}
            rows += [
                (encoder, clusterer, name, value, value - 0.01, value + 0.01)
                for name, value in values.items()
            ]
    return pd.DataFrame(rows, columns=["encoder", *CONTAMINATION_COLUMNS])


def results_with(
    robustness: pd.DataFrame | None = None,
    held: pd.DataFrame | None = None,
    mixed: pd.DataFrame | None = None,
) -> Results:
    def known(table: pd.DataFrame | None, *columns: str) -> pd.DataFrame:
        return pd.DataFrame(columns=list(columns)) if table is None else table

    return dataclasses.replace(
        example_results(),
        robustness=known(robustness, "encoder", *ROBUSTNESS_COLUMNS),
        robustness_ranking=known(held, *RANKING_COLUMNS),
        contamination=known(mixed, "encoder", *CONTAMINATION_COLUMNS),
    )


def part_of(
    robustness: pd.DataFrame | None = None,
    held: pd.DataFrame | None = None,
    mixed: pd.DataFrame | None = None,
) -> RobustnessPart:
    found = robustness_part(results_with(robustness, held, mixed))
    assert found is not None
    return found


def sentences(part: RobustnessPart) -> list[str]:
    """As a person reads them."""
    return [re.sub(r"</?strong>", "", str(sentence)) for sentence in part.sentences]


def texts(table: tuple[list[Column], list[Row]], heading: str) -> dict[str, str]:
    """The column of that heading by encoder."""
    place = [column.heading for column in table[0]].index(heading)
    return {row.encoder: row.cells[place].text for row in table[1]}


def numbers(values: object) -> Float64[np.ndarray, " points"]:
    return np.asarray(values, dtype=np.float64)


def shown(figure: Figure) -> list[str]:
    return [axes.get_title("left") for axes in figure.axes if axes.axison]


def test_the_curves_are_of_the_labels_where_there_are_labels() -> None:
    assert main_curve(robustness()) == ("kmeans", "ami")
    assert main_curve(robustness(truth=False)) == ("", "neighbour_retention")


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


def test_nothing_asked_for_is_no_part_of_the_page() -> None:
    assert robustness_part(results_with()) is None


def test_the_most_robust_and_the_best_on_corrupted_images_are_named_apart() -> None:
    told = sentences(part_of(robustness=robustness(), held=held()))
    assert told[0] == (
        "timm:resnet50 is most robust: a corrupted image keeps 90 % of its ten nearest images "
        "(95 % interval 86 to 94 %); with the next encoder, &lt;b&gt;clip&lt;/b&gt;, 88 %."
    )
    assert told[1] == (
        "On the corrupted images, pixels groups best: the mean AMI with kmeans is 0.70, and 0.80 "
        "on the clean images."
    )


def test_ties_are_told() -> None:
    told = sentences(part_of(robustness=robustness(), held=held(tied=True)))
    assert told[0].startswith("timm:resnet50 and &lt;b&gt;clip&lt;/b&gt; are tied as most robust.")


def test_of_a_single_encoder_nothing_is_best() -> None:
    alone = held().iloc[:1].assign(rank=np.nan, tied_with_best=np.nan, ami_tied_with_best=np.nan)
    told = sentences(part_of(robustness=robustness(), held=alone))
    assert told[0].startswith("With timm:resnet50, a corrupted image keeps 90 %")
    assert told[1].startswith("On the corrupted images, the mean AMI with kmeans is 0.40")
    assert not any("best" in sentence for sentence in told)


def test_what_costs_most_is_that_of_the_middle_encoder() -> None:
    """Noise leaves 0.5, 0.9 and 0.88 less 0.15 on average: 0.73 in the middle; blur 0.83."""
    told = sentences(part_of(robustness=robustness(), held=held()))
    assert told[2] == (
        "Noise costs most: images keep 73 % of their nearest images (median of the encoders). "
        "Blur costs least: 83 %."
    )
    one_kind = sentences(part_of(robustness=robustness(("noise",)), held=held()))
    assert not any("costs most" in sentence for sentence in one_kind)


def test_where_mixed_in_images_end_up_is_told() -> None:
    part = part_of(mixed=mixed())
    assert sentences(part) == [
        "kmeans separates 75 % of the mixed-in images with timm:resnet50 and 0 % with pixels; "
        "the remaining ones are in clusters of the other images."
    ]
    assert texts(part.contamination, "called noise") == dict.fromkeys(
        ENCODERS, "0.200"
    )  # HDBSCAN's
    assert texts(part.contamination, "change in AMI of the others")["pixels"] == "−0.031"
    assert not part.ranking[1] and not part.kinds[1] and not part.strongest[1]


def test_tables_hold_means_marks_and_the_highest_severity() -> None:
    part = part_of(robustness=robustness(), held=held(tied=True))
    assert texts(part.ranking, "neighbour retention")["pixels"] == "0.500"
    assert texts(part.ranking, "change in AMI")["pixels"] == "−0.100"
    marks = {row.encoder: [cell.mark for cell in row.cells] for row in part.ranking[1]}
    assert marks["timm:resnet50"][1] == "best" and marks["<b>clip</b>"][1] == "near"
    assert marks["pixels"][4] == "best" and marks["pixels"][1] == ""
    assert texts(part.kinds, "noise")["pixels"] == "0.350"  # 0.45, 0.35 and 0.25
    rows = {(row.encoder, row.cells[1].text): row.cells for row in part.strongest[1]}
    assert set(rows) == {(name, kind) for name in ENCODERS for kind in ("noise:5", "blur:5")}
    assert rows["pixels", "noise:5"][2] == Cell("−0.350", interval="−0.45 to −0.25")


def test_without_labels_no_ami_is_told() -> None:
    part = part_of(robustness=robustness(truth=False), held=held(truth=False))
    assert not part.has_truth and not any("AMI" in sentence for sentence in part.sentences)
    headings = [column.heading for column in part.ranking[0]]
    assert headings == ["encoder", "neighbour retention", "change cluster"]


def test_foreign_words_are_escaped_on_the_page() -> None:
    part = part_of(robustness=robustness(), held=held(), mixed=mixed())
    folder = FileSystemLoader(Path(embedbench.report.__file__).parent / "templates")
    page = '{% from "robustness.html.j2" import robustness with context %}{{ robustness(part) }}'
    files = Environment(
        loader=ChoiceLoader([folder, DictLoader({"page": page})]),
        autoescape=True,
        undefined=StrictUndefined,
    )
    html = files.get_template("page").render(part=part, colours=COLOURS, figures={})
    assert "<b>clip" not in html and "&lt;b&gt;clip&lt;/b&gt;" in html
    assert "<strong>timm:resnet50</strong> is <strong>most robust</strong>" in html
    assert html.count("<table") == 4
