import base64
import dataclasses
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench.plots.drawings import drawings
from embedbench.report import draw, write_report
from embedbench.report.pictures import embed_figure
from embedbench.report.summary import count, summary
from embedbench.report.tables import comparison_columns, format_value, marks, plain_table
from embedbench.results import Results
from tests.example_results import BROKEN_IMAGE, CLASSES, ENCODERS, FAILED, example_results


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, name: str) -> list[str]:
        return [str(found[name]) for _, found in self.tags if name in found]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the figures and the report of the example."""
    folder = tmp_path_factory.mktemp("drawn")
    draw(example_results(), folder)
    return folder


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    """A folder of its own with the figures of the example, so that they are drawn once."""
    shutil.copytree(drawn / "figures", tmp_path / "figures")
    return tmp_path


@pytest.fixture(scope="module")
def page(drawn: Path) -> str:
    return (drawn / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page_without_labels(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("without_labels")
    shutil.copytree(drawn / "figures", folder / "figures")
    results = example_results(truth=False)
    return write_report(results, folder).read_text(encoding="utf-8")


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    seen = Page(page)
    links = seen.attributes("href") + seen.attributes("src")
    assert all(link.startswith(("#", "data:image/webp;base64,")) for link in links)
    urls = re.findall(r"url\((.{0,22})", page)
    assert urls and set(urls) == {"data:image/jpeg;base64"}
    assert not {tag for tag, _ in seen.tags} & {"script", "link", "iframe", "object", "base"}
    policy = seen.attributes("content")[0]
    assert "default-src 'none'" in policy and "script-src" not in policy


def test_links_in_the_page_lead_somewhere(page: str) -> None:
    seen = Page(page)
    places = seen.attributes("id")
    assert len(set(places)) == len(places)
    assert {link[1:] for link in seen.attributes("href")} <= set(places)


def test_foreign_names_are_shown_and_never_run(page: str) -> None:
    seen = Page(page)
    shown = seen.text + " ".join(seen.attributes("title"))
    for name in (BROKEN_IMAGE, FAILED, "cut <off>", "no & network", "<photos>", CLASSES[2] + "s"):
        assert name in shown
    assert CLASSES[0] in " ".join(seen.attributes("title"))
    assert not [name for _, found in seen.tags for name in found if name.startswith("on")]
    assert not {tag for tag, _ in seen.tags} & {"script", "b>red", "off", "photos"}
    pictures = [found for tag, found in seen.tags if tag == "img"]
    assert all(str(found["src"]).startswith("data:image/webp") for found in pictures)


def test_a_style_sheet_cannot_be_broken_out_of(folder: Path) -> None:
    results = example_results()
    bad = "</style><script>alert(1)</script>"
    renamed = {results.images["image"][0]: bad}
    nasty = dataclasses.replace(
        results,
        images=results.images.replace({"image": renamed}),
        silhouettes=results.silhouettes.replace({"image": renamed}),
        maps=results.maps.replace({"image": renamed}),
    )
    seen = Page(write_report(nasty, folder).read_text(encoding="utf-8"))
    assert bad in seen.attributes("title")
    assert "script" not in {tag for tag, _ in seen.tags}


def test_every_thumbnail_is_in_the_page_once_and_used_by_every_encoder(page: str) -> None:
    for thumbnail in example_results().images["thumbnail"]:
        assert page.count(base64.b64encode(thumbnail).decode("ascii")) == 1
    for section in page.split("<section id=")[3:6]:
        assert len(set(re.findall(r'class="(t\d+)', section))) == 40


def test_the_sections_stand_in_their_order(page: str) -> None:
    places = [name for name in Page(page).attributes("id")]
    encoders = [f"encoder-{number}" for number in (1, 2, 3, 4)]
    assert places == ["comparison", "encoders", *encoders, "skipped", "repeat"]


def test_a_failed_encoder_has_a_section_that_says_why(page: str) -> None:
    section = page.split('<section id="encoder-4">')[1].split("</section>")[0]
    assert "This encoder failed: no &amp; network" in section
    assert "<img" not in section


def test_the_best_and_what_overlaps_it_are_marked() -> None:
    table = pd.DataFrame(
        {
            "ami": [0.5, 0.8, 0.7, np.nan],
            "ami_low": [0.4, 0.7, 0.6, np.nan],
            "ami_high": [0.6, 0.9, 0.75, np.nan],
            "ari": [0.1, 0.2, 0.2, np.nan],
            "silhouette": [0.9, 0.1, 0.1, 0.1],
            "davies_bouldin": [0.9, 0.1, 0.1, 0.1],
        }
    )
    assert marks(table, "ami") == ["", "best", "near", ""]
    assert marks(table, "ari") == ["", "best", "best", ""]
    assert marks(table.assign(ami=np.nan), "ami") == [""] * 4


@pytest.mark.parametrize("name", ["silhouette", "davies_bouldin", "coverage", "clusters"])
def test_what_is_measured_in_an_encoders_own_space_has_no_best(name: str) -> None:
    assert marks(pd.DataFrame({name: [0.9, 0.1]}), name) == ["", ""]


def test_every_column_of_the_comparison_is_explained() -> None:
    for column in comparison_columns(example_results().comparison.columns):
        assert column.heading
        assert column.sentence.endswith("."), column.name


def test_the_summary_names_the_best_and_those_within_its_spread() -> None:
    text = " ".join(summary(example_results()))
    assert f"<strong>{ENCODERS[0]}</strong> agrees best with the labels: AMI 1.00" in text
    assert f"<strong>{ENCODERS[1]}</strong> is within its spread" in text
    assert "3 encoders were compared on 40 images, grouped into 4 clusters" in text
    assert "1 encoder and 1 image could not be used." in text
    assert f"finds a clear number of clusters for <strong>{ENCODERS[0]}</strong>." in text


def test_another_winner_with_another_clusterer_is_told() -> None:
    results = example_results()
    table = results.comparison.copy()
    swapped = (table["clusterer"] == "agglomerative") & (table["encoder"] == ENCODERS[2])
    table.loc[swapped, "ami"] = 1.0
    table.loc[(table["clusterer"] == "agglomerative") & ~swapped, "ami"] = 0.5
    text = " ".join(summary(dataclasses.replace(results, comparison=table)))
    assert f"agglomerative puts <strong>{ENCODERS[2]}</strong> first (1.00)." in text


def test_a_winner_that_was_run_once_has_no_spread_to_tell() -> None:
    results = example_results()
    table = results.comparison.assign(ami_low=np.nan, ami_high=np.nan)
    text = " ".join(summary(dataclasses.replace(results, comparison=table)))
    assert "nan" not in text and "spread" not in text
    assert "It was run once" in text


def test_the_silhouette_in_l2_is_shown_where_another_space_is() -> None:
    results = example_results()
    table = results.comparison.assign(silhouette_l2=0.1, space="l2")
    alone = dataclasses.replace(results, comparison=table)
    assert "silhouette_l2" not in alone.headline_columns()
    table = pd.concat([table, table.assign(space="pca:2")], ignore_index=True)
    both = dataclasses.replace(results, comparison=table)
    assert "silhouette_l2" in both.headline_columns()


def test_a_lone_winner_is_told_apart() -> None:
    results = example_results()
    table = results.comparison.assign(ami_low=results.comparison["ami"])
    text = " ".join(summary(dataclasses.replace(results, comparison=table)))
    assert "No other encoder comes within its spread." in text


def test_foreign_words_in_the_summary_are_escaped() -> None:
    results = example_results()
    table = results.comparison.replace({"encoder": {ENCODERS[0]: "<b>&"}})
    text = " ".join(summary(dataclasses.replace(results, comparison=table)))
    assert "<strong>&lt;b&gt;&amp;</strong>" in text


def test_without_labels_no_encoder_is_called_best(page_without_labels: str) -> None:
    seen = Page(page_without_labels)
    assert "does not compare encoders" in seen.text
    assert "best" not in " ".join(seen.attributes("class")).split()
    assert "AMI" not in seen.text.split("What the columns mean")[0].split("Comparison")[-1]


def test_a_k_that_no_criterion_finds_is_said_to_be_unclear(page: str) -> None:
    own_k = page.split("Each encoder at a k of its own")[1].split("</table>")[0]
    # Three criteria, two clusterers with a k, one encoder without a clear one.
    assert own_k.count(">no clear k<") == 6


def test_a_report_of_a_run_folder_is_the_report_of_the_run(folder: Path, page: str) -> None:
    example_results().write(folder / "run")
    again = Results.read(folder / "run")
    assert write_report(again, folder).read_text(encoding="utf-8") == page


def test_large_sets_show_the_first_strip_of_each_cluster(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = example_results()
    part = results.silhouettes["clusterer"] == "kmeans"
    merged = results.silhouettes.assign(cluster=results.silhouettes["cluster"].mask(part, 0))
    merged_results = dataclasses.replace(results, silhouettes=merged)
    assert "26 more" in write_report(merged_results, folder).read_text(encoding="utf-8")
    monkeypatch.setattr("embedbench.report.page.ALL_PICTURES_UP_TO", 39)
    page = write_report(merged_results, folder).read_text(encoding="utf-8")
    assert "26 more" not in page and "40 images" in page


def test_a_run_that_tells_nothing_of_itself_still_has_a_report(folder: Path) -> None:
    bare = dataclasses.replace(example_results(), run={})
    assert "3 encoders compared" in write_report(bare, folder).read_text(encoding="utf-8")


def test_figures_that_are_there_are_not_drawn_again(tmp_path: Path) -> None:
    results = example_results()
    first = drawings(results)[0]
    embed_figure(first, tmp_path)
    written = (tmp_path / first.file).stat().st_mtime_ns
    embedded = embed_figure(first, tmp_path)
    assert (tmp_path / first.file).stat().st_mtime_ns == written
    assert base64.b64decode(embedded.data)[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ami", 1.0, "1.000"),
        ("ami", -0.0001, "0.000"),
        ("ami", np.nan, "–"),
        ("error", "", "–"),
        ("dim", pd.NA, "–"),
        ("dim", 1280, "1,280"),
        ("k", 20.0, "20"),
        ("clusters", 19.0, "19"),
        ("clusters", 19.25, "19.250"),
        ("coverage", 0.944, "94 %"),
        ("parameters", 4_652_008, "4.7 M"),
        ("seconds", 2.34, "2.3"),
        ("licence", "mit", "mit"),
    ],
)
def test_values_read_well(name: str, value: object, text: str) -> None:
    assert format_value(name, value) == text


def test_columns_that_hold_nothing_are_left_out() -> None:
    table = pd.DataFrame({"encoder": ["a", "b"], "licence": [None, None], "error": ["", ""]})
    assert plain_table(table) == (["encoder"], [["a"], ["b"]])


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "image", "1 image"), (2, "class", "2 classes"), (1200, "image", "1,200 images")],
)
def test_nouns_are_counted(number: int, noun: str, text: str) -> None:
    assert count(number, noun) == text
