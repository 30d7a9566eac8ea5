"""Promises of the page about challenging images: what it tells, and no more."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined

import embedbench.report
from embedbench.report.robustness import RobustnessPart, robustness_part
from embedbench.report.tables import Cell, Column, Row
from embedbench.results.results import Results
from embedbench.results.schema import CONTAMINATION_COLUMNS, RANKING_COLUMNS, ROBUSTNESS_COLUMNS
from tests.support.example_results import example_results
from tests.support.robustness_tables import AMI, COLOURS, ENCODERS, KEPT, mixed, robustness


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
