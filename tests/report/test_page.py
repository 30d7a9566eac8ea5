"""Promises of the page as a whole: it needs nothing else, runs nothing, and hides nothing."""

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape

from embedbench.report.charts.catalogue import charts_of
from embedbench.report.page import write_report
from embedbench.results.reading import read_results
from embedbench.results.results import Results
from tests.support.example_results import (
    BROKEN_IMAGE,
    CLASSES,
    ENCODERS,
    FAILED,
    example_results,
    with_verdict,
)


class Page(HTMLParser):
    """What a browser shows: tags with their attributes, and text, without scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.text += data

    def links(self) -> list[str]:
        """Return where its links lead to."""
        return [str(given.get("href")) for tag, given in self.tags if tag == "a"]

    def attributes(self, name: str) -> list[str]:
        return [str(found[name]) for _, found in self.tags if name in found]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of the example."""
    folder = tmp_path_factory.mktemp("drawn")
    write_report(example_results(), folder)
    return folder


@pytest.fixture(scope="module")
def page(drawn: Path) -> str:
    return (drawn / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page_without_labels(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("without_labels")
    return write_report(example_results(truth=False), folder).read_text(encoding="utf-8")


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    seen = Page(page)
    links = seen.attributes("href") + seen.attributes("src")
    assert all(link.startswith(("#", "data:image/")) for link in links)
    urls = re.findall(r"url\((.{0,22})", page.partition("</style>")[0])
    assert urls and set(urls) == {"data:image/webp;base64"}
    assert [given["rel"] for tag, given in seen.tags if tag == "link"] == ["icon"]
    assert not {tag for tag, _ in seen.tags} & {"iframe", "object", "base"}


def test_the_policy_lets_the_pages_own_script_run_and_no_other(page: str) -> None:
    """What browsers hash stands between the tags, to the last byte."""
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert [given for given, _ in scripts if "application/json" not in given] == [""]
    digest = base64.b64encode(hashlib.sha256(scripts[-1][1].encode()).digest()).decode()
    policy = Page(page).attributes("content")[0]
    assert f"default-src 'none'; script-src 'sha256-{digest}';" in policy


def test_without_a_script_the_page_says_what_it_lacks(page: str) -> None:
    [section] = re.findall(r'<section id="maps">(.*?)</section>', page, re.DOTALL)
    assert '<div data-part="maps" hidden></div>' in section
    maps, charts = re.findall("<noscript>(.*?)</noscript>", section, re.DOTALL)
    assert "maps need JavaScript" in maps and "embedbench figures RUN" in maps
    assert "charts need JavaScript" in charts
    section = section_of(page, "clusters")
    assert '<div data-part="clusters" hidden></div>' in section
    [said] = re.findall("<noscript>(.*?)</noscript>", section)
    assert "need JavaScript" in said


def test_without_a_script_and_in_print_each_encoder_has_a_table_of_its_clusters(page: str) -> None:
    section = section_of(page, "clusters")
    assert section.count("<table") == section.count("</table>") == len(ENCODERS)
    second = Page(section.split("<table")[2])
    text = second.text.replace("\N{NO-BREAK SPACE}", " ")
    # Two of the first class were put into the cluster of the last.
    assert f"cluster 3: {CLASSES[3]}s" in text
    assert f"{CLASSES[3]} 83 %, {CLASSES[0]} 17 %" in text
    assert "labels" in text and "kmeans" in text


def section_of(page: str, name: str) -> str:
    [section] = re.findall(f'<section id="{name}">(.*?)</section>', page, re.DOTALL)
    return str(section)


def test_links_in_the_page_lead_somewhere(page: str) -> None:
    seen = Page(page)
    places = seen.attributes("id")
    assert len(set(places)) == len(places)
    assert {link[1:] for link in seen.links()} <= set(places)


def test_foreign_names_are_shown_and_never_run(page: str) -> None:
    seen = Page(page)
    shown = seen.text + " ".join(seen.attributes("title"))
    for name in (BROKEN_IMAGE, FAILED, "cut <off>", "no & network", "<photos>", CLASSES[2] + "s"):
        assert name in shown
    assert CLASSES[0] in seen.text and CLASSES[3] in " ".join(seen.attributes("title"))
    assert not [name for _, found in seen.tags for name in found if name.startswith("on")]
    assert not {tag for tag, _ in seen.tags} & {"b>red", "off", "photos"}
    assert len(re.findall("<script", page)) == 7  # five of data, and the page's own
    pictures = [found for tag, found in seen.tags if tag == "img"]
    assert all(str(found["src"]).startswith("data:image/webp") for found in pictures)


def test_a_style_sheet_cannot_be_broken_out_of(tmp_path: Path) -> None:
    results = example_results()
    bad = "</style><script>alert(1)</script>"
    renamed = {results.images["image"].iloc[-1]: bad}  # in dispute, so it is shown
    nasty = dataclasses.replace(
        results,
        images=results.images.replace({"image": renamed}),
        silhouettes=results.silhouettes.replace({"image": renamed}),
        projections=results.projections.replace({"image": renamed}),
    )
    seen = Page(write_report(nasty, tmp_path).read_text(encoding="utf-8"))
    assert bad in seen.attributes("title")
    assert [tag for tag, _ in seen.tags].count("script") == 7
    assert bad not in seen.text


def test_every_thumbnail_is_in_the_page_once_and_in_every_partition(page: str) -> None:
    sheets = re.findall(r"\.s(\d+)\{background-image", page)
    assert sheets == ["0"]  # 40 pictures, in one of 7 x 7
    tiles = unpacked(data_of(page, "pictures")["tiles"])
    assert sorted(tiles) == list(range(40))
    partitions = data_of(page, "clusters")["partitions"]
    assert len(partitions) == 9  # three encoders by three clusterers
    assert all(sorted(unpacked(one["order"])) == list(range(40)) for one in partitions)


def data_of(page: str, section: str) -> Any:
    [text] = re.findall(f'data-for="{section}">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def unpacked(record: dict[str, str]) -> list[int]:
    values: list[int] = np.frombuffer(base64.b64decode(record["data"]), record["type"]).tolist()
    return values


def test_the_sections_stand_in_their_order(page: str) -> None:
    places = re.findall('<section id="([^"]+)"', page)
    encoders = [f"encoder-{number}" for number in (1, 2, 3, 4)]
    findings = ["purposes", "sure", "with-labels", "without-labels", "why", "shortcuts"]
    findings += ["maps", "clusters", "ambiguous", "robustness", "domains"]
    assert places == ["comparison", *findings, "encoders", *encoders, "skipped", "repeat"]


def test_without_labels_what_decides_and_the_groups_stand_first(
    tmp_path: Path, page_without_labels: str
) -> None:
    places = Page(page_without_labels).attributes("id")
    assert places[:5] == ["sure", "clusters", "maps", "why", "comparison"]
    alone = write_report(lone_results(), tmp_path).read_text(encoding="utf-8")
    assert Page(alone).attributes("id")[:2] == ["clusters", "maps"]
    menu = [link[1:] for link in Page(page_without_labels).links()]
    assert menu[:5] == places[:5]


def test_a_failed_encoder_has_a_section_that_says_why(page: str) -> None:
    section = page.split('<section id="encoder-4">')[1].split("</section>")[0]
    assert "This encoder failed: no &amp; network" in section
    assert "<img" not in section


def test_intervals_stand_beneath_their_numbers_and_have_no_columns(page: str) -> None:
    table = page.split('<section id="comparison">')[1].split("</table>")[1]
    headings = re.findall(r"<th[^>]*>([^<]+)</th>", table)
    assert "AMI" in headings and not {"low", "high", "ari low"} & set(headings)
    assert "<small>0.85 to 1.00</small>" in table
    assert page.count("<small>0.85 to 0.95</small>") > len(ENCODERS)


def test_the_table_of_every_row_begins_with_the_rows_and_columns_of_the_first(page: str) -> None:
    """The script shows this one table for all; what it needs to know stands in attributes."""
    section = page.split('<section id="comparison">')[1].split("</section>")[0]
    tables = [part.split("</table>")[0] for part in section.split("<table")[1:]]
    first, [live] = tables[1], [table for table in tables if "data-live=" in table]
    names, own_k, group = re.findall(r'data-(?:live|own-k|group)="([^"]*)"', live)
    assert own_k.split() == ["elbow", "silhouette", "gap"] and group == "clusterer"
    found = re.findall(r' data-name="([^"]+)"', live)
    assert [name for name in found if name in names.split()] == names.split()
    assert live.count("<tr") - 1 == len(example_results().comparison)
    numbers = [re.findall(r"<td[^>]*>(\d\.\d{3})", table) for table in (first, live)]
    assert len(numbers[0]) == 9 * 5  # AMI, ARI, accuracy, silhouette and stability
    assert numbers[1][:5] == numbers[0][:5]
    assert '<span class="span">' in first and '<span class="span">' not in live


def test_without_labels_no_number_is_marked_as_best(page_without_labels: str) -> None:
    seen = Page(page_without_labels)
    assert not {"with-labels"} & set(seen.attributes("id"))
    assert "does not compare encoders" in seen.text
    comparison = page_without_labels.split('<section id="comparison">')[1].split("</section>")[0]
    assert "best" not in " ".join(Page(comparison).attributes("class")).split()
    assert "AMI" not in seen.text.split("What the columns mean")[0].split("Comparison")[-1]


def test_a_k_that_no_criterion_finds_is_said_to_be_unclear(page: str) -> None:
    own_k = page.split("Each encoder with its own k")[1].split("</table>")[0]
    # Three criteria, two clusterers with a k, one encoder without a clear one.
    assert own_k.count(">no clear k<") == 6


def test_a_report_of_a_run_folder_is_the_report_of_the_run(tmp_path: Path, page: str) -> None:
    example_results().write(tmp_path / "run")
    again = read_results(tmp_path / "run")
    assert write_report(again, tmp_path).read_text(encoding="utf-8") == page


def test_a_page_that_holds_a_sample_says_how_many_pictures_it_shows(
    tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "pictures are shown"
    assert said not in page
    for module in ("clusters", "pictures"):
        monkeypatch.setattr(f"embedbench.report.page_data.{module}.MOST", 10)
    monkeypatch.setattr("embedbench.report.page_data.clusters.MOST_MEDOIDS", 0)
    results = example_results()
    none: dict[str, Any] = {
        "disagreements": results.disagreements.iloc[:0],
        "domains": results.domains.iloc[:0],
        "search_answers": results.search_answers.iloc[:0],
    }
    few = dataclasses.replace(
        results, **none, images=results.images.drop(columns="disagreement"),
        zero_shot=results.zero_shot.iloc[:0],
    )  # fmt: skip
    small = write_report(few, tmp_path).read_text(encoding="utf-8")
    assert f"10 of 40 {said}" in section_of(small, "clusters")
    first = data_of(small, "clusters")["partitions"][0]["clusters"]
    assert sum(one["shown"] for one in first) == 10 and sum(one["size"] for one in first) == 40


def test_pictures_in_dispute_are_shown_also_where_no_cluster_shows_them(tmp_path: Path) -> None:
    results = example_results()
    few = dataclasses.replace(results, silhouettes=results.silhouettes.iloc[:1])
    page = write_report(few, tmp_path).read_text(encoding="utf-8")
    section = page.split('<section id="why">')[1].split("</section>")[0]
    shown = [found for tag, found in Page(section).tags if found.get("role") == "img"]
    # Twelve in dispute, and six ordered pairs of encoders with six pairs of pictures each.
    assert len(shown) == 12 + 6 * 6 * 2
    assert all(re.fullmatch(r"tile s\d+ p\d+", str(found["class"])) for found in shown)


NOT_A_NUMBER = re.compile(r"(?<![\w.])(nan|NaN|None|<NA>|inf)(?!\w)")


def lone_results() -> Results:
    """The example with its first encoder alone."""
    results = example_results()
    tables: dict[str, Any] = {
        field.name: table[table["encoder"] == ENCODERS[0]] if "encoder" in table else table
        for field in dataclasses.fields(results)
        if isinstance(table := getattr(results, field.name), pd.DataFrame)
    }
    for name in ("pairwise", "similarity", "disagreements"):
        tables[name] = tables[name].iloc[:0]
    ranks = ["rank", "rank_low", "rank_high"]
    tables["encoders"] = tables["encoders"].assign(
        **dict.fromkeys(ranks, np.nan), tied_with_best=np.nan
    )
    tables["robustness_ranking"] = tables["robustness_ranking"].assign(
        **dict.fromkeys([*ranks, "tied_with_best", "ami_tied_with_best"], np.nan)
    )
    tables["images"] = tables["images"].assign(disagreement=np.nan)
    lone = dataclasses.replace(results, **tables)
    return with_verdict(
        lone, basis="one encoder", answer="cannot tell", group=[], smallest=None, reasons=[],
    )  # fmt: skip


def test_one_encoder_gives_a_page_of_its_groups_without_pairs(tmp_path: Path) -> None:
    seen = Page(write_report(lone_results(), tmp_path).read_text(encoding="utf-8"))
    assert not {"sure", "why"} & set(seen.attributes("id"))
    assert f"{ENCODERS[0]} puts these 40 pictures into 4 groups, as many as classes." in seen.text
    assert "There is no verdict" not in seen.text
    assert "best" not in " ".join(seen.attributes("class")).split()
    assert not NOT_A_NUMBER.search(seen.text)
    assert {link[1:] for link in seen.links()} <= set(seen.attributes("id"))


def test_no_number_in_the_page_is_nan(page: str, page_without_labels: str) -> None:
    for seen in (Page(page), Page(page_without_labels)):
        assert not NOT_A_NUMBER.search(seen.text)
        assert not NOT_A_NUMBER.search(" ".join(seen.attributes("style")))


def test_a_run_that_found_nothing_more_has_a_page_of_the_comparison(tmp_path: Path) -> None:
    results = example_results()
    names = ("pairwise", "label_free", "similarity", "disagreements", "shortcuts")
    empty: dict[str, Any] = dict.fromkeys(names, pd.DataFrame())
    bare = dataclasses.replace(results, **empty)
    kept = ["encoder", "status", "error"]
    bare = dataclasses.replace(
        bare,
        encoders=results.encoders[kept],
        images=results.images.drop(columns=["group", "disagreement"]),
    )
    seen = Page(write_report(bare, tmp_path).read_text(encoding="utf-8"))
    assert not {"sure", "with-labels", "without-labels", "why", "shortcuts"} & set(
        seen.attributes("id")
    )


def test_the_table_of_encoders_holds_facts_only(page: str) -> None:
    table = page.split('<section id="encoders">')[1].split("</table>")[0]
    headings = re.findall(r"<th>([^<]+)</th>", table)
    assert {"dim", "images / s", "memory, MB", "licence", "status"} <= set(headings)
    assert not {"rank", "linear probe", "recommended", "consensus", "error"} & set(headings)


def test_a_run_that_tells_nothing_of_itself_still_has_a_report(tmp_path: Path) -> None:
    bare = dataclasses.replace(example_results(), run={})
    assert "3 encoders compared" in write_report(bare, tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize("truth", [True, False])
def test_every_chart_stands_in_the_page_once_with_its_numbers_and_its_note(
    tmp_path: Path, truth: bool
) -> None:
    """A chart whose section the page lacks would be lost."""
    results = example_results(truth)
    page = write_report(results, tmp_path).read_text(encoding="utf-8")
    charts = charts_of(results)
    assert sorted(Page(page).attributes("data-chart")) == sorted(chart.name for chart in charts)
    [record] = re.findall(r'<script type="application/json" data-for="charts">(.*?)</script>', page)
    assert json.loads(record) == {chart.name: chart.record() for chart in charts}
    assert all(str(escape(chart.note)) in page for chart in charts)
