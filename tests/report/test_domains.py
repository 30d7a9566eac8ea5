"""Promises of what the page says of domains."""

import dataclasses
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined

from embedbench.report.domains import DomainsPart, domains_part
from embedbench.results.results import Results
from embedbench.results.schema import TABLES
from tests.support.domain_tables import COLOURS, DOMAINS, ENCODERS, domain_table


def results(truth: bool = True, **tables: pd.DataFrame) -> Results:
    """Results that hold what the page tells of domains, and little else."""
    every: dict[str, Any] = dict.fromkeys(TABLES, pd.DataFrame())
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


def test_where_every_domain_is_as_hard_none_is_called_best_or_worst() -> None:
    equal = results().domains.assign(value=0.5)
    said = part_of(results(domains=equal)).sentences[0].striptags()
    assert (
        said
        == "By AMI with kmeans, each domain alone, every encoder does equally well on all domains."
    )


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
        part=part, colours=COLOURS, figures={}, thumbnails=defaultdict(str)
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
