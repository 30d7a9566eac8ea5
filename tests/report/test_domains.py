"""Promises of the figures of domains, and of what the page says of them."""

import dataclasses
from typing import Any

import matplotlib.colors as colours_of
import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from embedbench.report.domains import DomainsPart, domains_part
from embedbench.report.plots.domains import composition_figure, domains_figure
from embedbench.report.plots.style import NOISE, encoder_colours
from embedbench.results.results import Results

ENCODERS = ("pixels", "timm:<b>x</b>")
DOMAINS = ("photo", "sketch & ink", "$3d^")
COLOURS = encoder_colours(ENCODERS)
WITH_LABELS = ("ami", "ari", "knn_accuracy", "retrieval_map")


def value_of(encoder: str, domain: str) -> float:
    """The first domain is the easiest, the last the hardest; the first encoder leads but once."""
    value = 0.9 - 0.3 * DOMAINS.index(domain) - 0.1 * ENCODERS.index(encoder)
    return 0.75 if (encoder, domain) == (ENCODERS[1], DOMAINS[1]) else value


def domain_table(truth: bool = True) -> pd.DataFrame:
    rows = []
    of_vectors = {"knn_accuracy", "retrieval_map", "hubness"}
    names = WITH_LABELS if truth else ("stability", "hubness")
    for encoder in ENCODERS:
        for domain in DOMAINS:
            for metric in (*names, "silhouette"):
                for clusterer in [""] if metric in of_vectors else ["kmeans", "hdbscan"]:
                    value = value_of(encoder, domain)
                    ends = (value - 0.05, value + 0.05)
                    ends = (np.nan, np.nan) if metric in {"stability", "hubness"} else ends
                    rows.append((encoder, domain, 30, 4, clusterer, metric, value, *ends))
    columns = ["encoder", "domain", "images", "k", "clusterer", "metric", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def composition_table() -> pd.DataFrame:
    rows = [
        (0, "photo", 6), (0, "sketch & ink", 2), (1, "sketch & ink", 5), (2, "photo", 3),
        (-1, "photo", 1), (-1, "sketch & ink", 3),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["cluster", "value", "images"])


def texts(figure: Figure) -> set[str]:
    found = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    for axes in figure.axes:
        labels = (*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts)
        found += [axes.get_title("left"), axes.get_xlabel(), *(one.get_text() for one in labels)]
    return set(found)


def test_each_encoder_and_domain_is_a_dot_at_its_value_and_a_line_over_its_interval() -> None:
    figure = domains_figure(domain_table(), COLOURS, "kmeans")
    assert [axes.get_title("left") for axes in figure.axes] == [
        "AMI, kmeans", "kNN accuracy", "retrieval mAP",
    ]  # fmt: skip
    assert {*ENCODERS, *DOMAINS} <= texts(figure)
    for axes in figure.axes:
        lines = {line.get_label(): line for line in axes.lines}
        for domain in DOMAINS:
            wanted = [value_of(encoder, domain) for encoder in ENCODERS]
            assert np.asarray(lines[domain].get_xdata()) == pytest.approx(wanted)
        ends = sorted(
            float(x) for lines in axes.collections for segment in lines.get_segments()  # type: ignore[attr-defined]
            for x in segment[:, 0]
        )  # fmt: skip
        values = [value_of(encoder, domain) for encoder in ENCODERS for domain in DOMAINS]
        assert ends == pytest.approx(sorted([value + 0.05 for value in values]
                                            + [value - 0.05 for value in values]))  # fmt: skip


def test_domains_differ_in_colour_and_in_marker_and_none_has_the_colour_of_an_encoder() -> None:
    lines = domains_figure(domain_table(), COLOURS, "kmeans").axes[0].lines
    mine = [line for line in lines if line.get_label() in DOMAINS]
    looks = {(colours_of.to_hex(line.get_color()), line.get_marker()) for line in mine}
    assert len(looks) == len({colour for colour, _ in looks}) == 3
    assert len({marker for _, marker in looks}) == 3
    assert not {colour.upper() for colour, _ in looks} & set(COLOURS.values())


def test_without_labels_the_silhouette_is_grey_and_says_that_it_compares_no_encoders() -> None:
    figure = domains_figure(domain_table(truth=False), COLOURS, "kmeans")
    stability, silhouette = figure.axes
    assert stability.get_title("left") == "stability, kmeans"
    assert "within an encoder only" in silhouette.get_xlabel()
    drawn = [line for line in silhouette.lines if line.get_label() in DOMAINS]
    assert {line.get_color() for line in drawn} == {NOISE}


def test_a_domain_that_an_encoder_lacks_leaves_a_gap_and_nothing_at_all_says_so() -> None:
    table = domain_table()
    lacks = table[(table["encoder"] != ENCODERS[1]) | (table["domain"] != DOMAINS[0])]
    axes = domains_figure(lacks, COLOURS, "kmeans").axes[0]
    line = next(line for line in axes.lines if line.get_label() == DOMAINS[0])
    assert np.isnan(np.asarray(line.get_xdata(), dtype=float)).tolist() == [False, True]
    nothing = domains_figure(table.assign(value=np.nan), COLOURS, "kmeans")
    assert "no domain could be measured" in texts(nothing)


@pytest.mark.parametrize("domains", [2, 6, 9])
@pytest.mark.parametrize("encoders", [1, 8])
def test_few_and_many_can_be_drawn(encoders: int, domains: int) -> None:
    one = domain_table()[lambda table: (table["encoder"] == ENCODERS[0])
                         & (table["domain"] == DOMAINS[0])]  # fmt: skip
    table = pd.concat(
        [one.assign(encoder=f"e{a}", domain=f"a rather long domain {b}") for a in range(encoders)
         for b in range(domains)]
    )  # fmt: skip
    figure = domains_figure(table, encoder_colours(table["encoder"]), "kmeans")
    figure.canvas.draw()
    legend = figure.legends[0]
    assert len(legend.get_texts()) == domains
    box = legend.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 + 1


def test_rows_of_a_composition_add_up_and_clusters_of_one_domain_stand_together() -> None:
    axes = composition_figure(composition_table(), "title").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "cluster 2 (3)", "cluster 0 (8)", "cluster 1 (5)", "noise (4)", "all images (20)",
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_xticklabels()] == ["photo", "sketch & ink"]
    shares = np.asarray(axes.collections[0].get_array()).reshape(5, 2)
    by_hand = [[1, 0], [0.75, 0.25], [0, 1], [0.25, 0.75], [0.5, 0.5]]
    assert shares == pytest.approx(np.array(by_hand))
    shown = [text.get_text() for text in axes.texts]
    assert shown == ["100 %", "", "75 %", "25 %", "", "100 %", "25 %", "75 %", "50 %", "50 %"]


def test_a_composition_of_nothing_says_so() -> None:
    empty = composition_table().iloc[:0]
    assert "no image has a domain" in texts(composition_figure(empty, "title"))


def results(truth: bool = True, **tables: pd.DataFrame) -> Results:
    """Results that hold what the page tells of domains, and little else."""
    every: dict[str, Any] = {field.name: pd.DataFrame() for field in dataclasses.fields(Results)}
    comparison = pd.DataFrame(
        {"encoder": ENCODERS, "space": "l2", "clusterer": "kmeans", "k_from": "truth"}
    )
    every |= {
        "comparison": comparison.assign(ami=0.5) if truth else comparison,
        "encoders": pd.DataFrame({"encoder": ENCODERS, "rank": [2.0, 1.0]}),
        "failures": pd.DataFrame(columns=["what", "name", "stage", "error"]),
        "domains": domain_table(truth),
        "domain_pairs": pairs_table("ami" if truth else "stability"),
        "domain_alignment": follows_table(),
        "worst_images": worst_table(),
        "run": {},
    }
    return Results(**every | tables)


def pairs_table(metric: str) -> pd.DataFrame:
    rows = [
        (encoder, one, other, "kmeans", metric, 0.3, 0.3 - width, 0.3 + width)
        for encoder, width in zip(ENCODERS, (0.1, 0.4), strict=True)
        for one, other in (DOMAINS[:2], DOMAINS[1:])
    ]
    ends = ["difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=["encoder", "domain", "other", "clusterer", "metric", *ends])


def follows_table(*rows: tuple[float, float, float, float]) -> pd.DataFrame:
    known = rows or ((0.61, 0.02, 0.005, 0.35), (0.01, 0.02, 0.5, 0.7))
    table = pd.DataFrame(known, columns=["ami", "null", "p", "label_ami"])
    return table.assign(encoder=ENCODERS[: len(table)])


def worst_table() -> pd.DataFrame:
    rows = [(encoder, domain, f'{domain}/"{number}.png', 0.1 * number)
            for encoder in ENCODERS for domain in DOMAINS for number in range(3)]  # fmt: skip
    return pd.DataFrame(rows, columns=["encoder", "domain", "image", "score"])


def part_of(found: Results) -> DomainsPart:
    part = domains_part(found)
    assert part is not None
    return part


def test_without_domains_there_is_no_part() -> None:
    empty = pd.DataFrame(columns=["encoder", "domain"])
    assert domains_part(results(domains=empty, domain_alignment=empty, worst_images=empty)) is None


def test_the_easiest_and_the_hardest_domain_and_the_leaders_are_told() -> None:
    said = [sentence.striptags() for sentence in part_of(results()).sentences]
    assert said == [
        "By AMI with kmeans, each domain alone, every encoder does best on photo and worst on "
        "$3d^.",
        "Highest measured value: pixels on photo, timm:<b>x</b> on sketch & ink, pixels on $3d^.",
    ]


def test_leaders_that_differ_by_nothing_are_told_together() -> None:
    table = domain_table()
    level = table.assign(value=table["value"].where(table["domain"] != "photo", 0.95))
    assert (
        "timm:<b>x</b> and pixels on photo"
        in part_of(results(domains=level)).sentences[1].striptags()
    )


def test_encoders_that_find_other_domains_hard_are_not_spoken_of_as_one() -> None:
    table = domain_table()
    first = table["encoder"] == ENCODERS[0]
    turned = table.assign(value=table["value"].where(first, 1 - table["value"]))
    said = part_of(results(domains=turned)).sentences[0].striptags()
    assert "no two encoders agree on the easiest" in said
    third = table[first].assign(encoder="third")
    both = pd.concat([turned, third], ignore_index=True)
    said = part_of(results(domains=both)).sentences[0].striptags()
    assert "2 of 3 encoders do best on photo and worst on $3d^" in said


def test_a_domain_left_out_is_told_with_its_reason() -> None:
    failures = pd.DataFrame(
        [*[("domain", "<i>few</i>", "cluster", "2 different images are too few to cluster")] * 2,
         ("image", "broken.png", "read", "cut off")],
        columns=["what", "name", "stage", "error"],
    )  # fmt: skip
    *others, last = part_of(results(failures=failures)).sentences
    assert len(others) == 2
    assert last.striptags() == (
        "<i>few</i> was left out: 2 different images are too few to cluster."
    )
    assert "<i>" not in last


def test_only_clusters_that_follow_the_domain_more_than_the_labels_are_warned_of() -> None:
    part = part_of(results())
    assert [warning.striptags() for warning in part.warnings] == [
        "pixels: its clusters follow the domain (AMI 0.61, by chance up to 0.02) more than the "
        "labels (0.35)."
    ]
    assert [sentence.striptags() for sentence in part.alignment] == [
        "timm:<b>x</b>: its clusters do not follow the domain beyond chance (AMI 0.01, by chance "
        "up to 0.02)."
    ]


def test_where_nothing_can_be_told_of_any_encoder_it_is_said_once() -> None:
    unknown = (0.4, np.nan, np.nan, 0.8)
    part = part_of(results(domain_alignment=follows_table(unknown, unknown)))
    assert part.warnings == [] and len(part.alignment) == 1
    assert "nobody can tell" in part.alignment[0]


def test_tables_have_a_row_for_each_domain_and_encoder_the_best_ranked_first() -> None:
    first, second = part_of(results()).tables
    assert (first.clusterer, second.clusterer) == ("kmeans", "hdbscan")
    assert [column.name for column in first.columns] == [
        "encoder", "domain", "images", "k", "ami", "ari", "knn_accuracy", "retrieval_map",
        "silhouette",
    ]  # fmt: skip
    # What needs no clusterer stands with the first one only.
    assert "knn_accuracy" not in {column.name for column in second.columns}
    shown = [(row.encoder, row.cells[1].text, row.cells[4].text, row.starts) for row in first.rows]
    assert shown == [
        (ENCODERS[1], "photo", "0.800", False),
        (ENCODERS[0], "photo", "0.900", False),
        (ENCODERS[1], "sketch & ink", "0.750", True),
        (ENCODERS[0], "sketch & ink", "0.600", False),
        (ENCODERS[1], "$3d^", "0.200", True),
        (ENCODERS[0], "$3d^", "0.300", False),
    ]
    assert first.rows[1].cells[4].interval == "0.85 to 0.95"
    assert first.rows[1].cells[4].span == (85.0, 90.0, 95.0)


def test_differences_that_may_be_none_are_marked() -> None:
    pairs = part_of(results()).pairs
    assert pairs is not None
    cells = {row.encoder: row.cells[3] for row in pairs.rows}
    assert (cells["pixels"].text, cells["pixels"].mark) == ("+0.300", "")
    assert (cells[ENCODERS[1]].text, cells[ENCODERS[1]].mark) == ("+0.300", "near")
    assert [row.starts for row in pairs.rows] == [False, False, True, False]


def test_the_names_of_all_pictures_shown_are_known() -> None:
    part = part_of(results())
    assert part.images == set(worst_table()["image"])
    assert [found.encoder for found in part.worst] == [ENCODERS[1], ENCODERS[0]]


def render(part: DomainsPart) -> str:
    environment = Environment(
        loader=PackageLoader("embedbench", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source = '{% from "domains.html.j2" import domains with context %}{{ domains(part) }}'
    return environment.from_string(source).render(
        part=part, colours=COLOURS, figures={}, thumbnails={}
    )


def test_foreign_names_are_shown_escaped() -> None:
    page = render(part_of(results()))
    assert "timm:<wbr>&lt;b&gt;x&lt;/b&gt;" in page and "<b>x" not in page
    assert "sketch &amp; ink" in page and "sketch & ink" not in page
    assert "sketch &amp; ink/&#34;0.png" in page


@pytest.mark.parametrize("truth", [True, False])
def test_the_page_of_what_is_there_can_be_made_and_holds_no_nan(truth: bool) -> None:
    whole, empty = results(truth), pd.DataFrame()
    less = part_of(dataclasses.replace(whole, worst_images=empty, domain_pairs=empty))
    assert less.pairs is None and less.worst == []
    least = part_of(
        dataclasses.replace(whole, worst_images=empty, domain_pairs=empty, domains=empty)
    )
    assert least.tables == [] and least.sentences == []
    page = render(part_of(whole))
    assert ("average precision" in page) == truth
    for made in (page, render(less), render(least)):
        assert "nan" not in made and "follow the domain" in made
