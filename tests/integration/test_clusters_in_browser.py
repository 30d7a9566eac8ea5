"""Promises of the browser of clusters: every picture can be reached, and counts are the tables'."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from embedbench.analysis.shortcuts import attribute_words
from embedbench.report.page import write_report
from embedbench.results.results import Results
from tests.support.browser import Opened, address, opened
from tests.support.example_results import CLASSES, ENCODERS
from tests.support.hostile_page import BITING, hostile_results

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

BAD = "<img src=x onerror=alert(1)>"
SECOND = "umap"


def results() -> Results:
    """Return results with hostile names, words and encoders, two spaces, and a lost label."""
    found = hostile_results()
    clusters = found.clusters.assign(
        name=found.clusters["name"].mask(found.clusters["cluster"] == 1, BAD), nearest_word=BAD
    )
    images = found.images.copy()
    images.loc[7, "truth"] = None
    images["domain"] = [BAD if row % 3 else "night" for row in range(len(images))]
    other: dict[str, Any] = {"space": SECOND}
    moved = found.silhouettes[found.silhouettes["clusterer"] == "kmeans"]
    moved = moved.assign(cluster=(moved["cluster"] + 1) % 4, **other)
    return dataclasses.replace(
        found,
        images=images,
        clusters=clusters,
        silhouettes=pd.concat([found.silhouettes, moved], ignore_index=True),
        comparison=pd.concat(
            [found.comparison, found.comparison.query("clusterer == 'kmeans'").assign(**other)],
            ignore_index=True,
        ),
    )


RESULTS = results()


def members(encoder: str, clusterer: str = "kmeans", space: str = "l2") -> pd.Series:
    """Return the cluster of each picture."""
    table = RESULTS.silhouettes
    own = (table["encoder"] == encoder) & (table["clusterer"] == clusterer)
    clusters: pd.Series = table[own & (table["space"] == space)].set_index("image")["cluster"]
    return clusters


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(RESULTS, tmp_path_factory.mktemp("clusters"))


@pytest.fixture
def seen(browser: "Browser", page_file: Path) -> Iterator[Opened]:
    """The page with its clusters; nothing may go wrong in it or leave it."""
    with opened(browser, address(page_file)) as found:
        found.page.locator("#clusters").scroll_into_view_if_needed()
        yield found
        assert found.said == [] and found.requests == []
        assert found.page.locator("img[src=x], #clusters b, #clusters u").count() == 0


def choose(seen: Opened, **wanted: str) -> None:
    for title, option in wanted.items():
        name = title.replace("_", " ").capitalize()
        seen.page.locator("#clusters").get_by_label(name, exact=True).select_option(label=option)


def cards(seen: Opened) -> "list[Locator]":
    return seen.page.locator("#clusters .cluster").all()


def numbers(seen: Opened) -> list[int]:
    return [int(card.get_attribute("data-cluster") or "") for card in cards(seen)]


def titles(place: "Locator") -> list[str]:
    return [str(one.get_attribute("title")) for one in place.locator("[role=img]").all()]


def table_of(seen: Opened) -> pd.DataFrame:
    """Return the matrix as it is shown: counts by the texts of its headings."""
    rows = [
        [cell.inner_text().partition("\n:")[0].strip() for cell in row.locator("th, td").all()]
        for row in seen.page.locator(".matrix tr").all()
    ]
    counts = [[int(text or 0) for text in row[1:]] for row in rows[1:]]
    return pd.DataFrame(counts, [row[0] for row in rows[1:]], rows[0][1:])


def heading(cluster: int) -> str:
    """Return what the matrix calls a cluster."""
    name = {0: "", 1: BAD}.get(cluster, f"{CLASSES[cluster]}s")
    if cluster < 0:
        return "noise"
    return f"{cluster}: {name}" if name else f"cluster {cluster}"


def title(cluster: int) -> str:
    """Return what its card calls a cluster."""
    return f"cluster {heading(cluster)}" if cluster > 0 else heading(cluster)


def test_every_picture_of_every_cluster_can_be_reached(seen: Opened) -> None:
    for encoder in ENCODERS:
        for clusterer in ("kmeans", "agglomerative", "hdbscan"):
            choose(seen, encoder=encoder, clusterer=clusterer)
            wanted = members(encoder, clusterer)
            present = sorted(set(wanted), key=lambda one: (one < 0, one))
            assert numbers(seen) == present
            for card, cluster in zip(cards(seen), present, strict=True):
                own = set(wanted.index[wanted == cluster])
                shown = card.get_by_role("button", name="Show all")
                if shown.count():
                    shown.click()
                    assert sorted(titles(card.locator(".gallery"))) == sorted(own)
                assert set(titles(card)) == own
                assert card.locator("h3").inner_text() == title(cluster)


def test_a_card_tells_what_the_tables_know(seen: Opened) -> None:
    choose(seen, encoder=ENCODERS[1])
    card = cards(seen)[3]
    text = card.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    rows = RESULTS.clusters.query("encoder == @ENCODERS[1] and clusterer == 'kmeans'")
    silhouette = float(rows["silhouette"].iloc[3])
    for said in (
        "12 images", f"silhouette {silhouette:.3f}", "cohesion 1.500",
        "separation 12.250 from cluster 0", "name margin 0.100",
        # Two of the first class were put into the cluster of the last.
        f"{CLASSES[3]} 83 %, {CLASSES[0]} 17 %",
    ):  # fmt: skip
        assert said in text
    names = list(RESULTS.images["image"])
    assert titles(card.locator(".odd")) == names[-3:]
    assert f"no good name (nearest: {BAD})" in cards(seen)[0].inner_text()
    assert card.get_by_role("button", name="Show all").count() == 0  # they are there already


def test_all_pictures_of_a_cluster_open_close_and_stand_by_silhouette(seen: Opened) -> None:
    choose(seen, encoder=ENCODERS[2])
    card = cards(seen)[3]
    card.get_by_role("button", name="Show all 18").click()
    assert card.get_by_role("button", name="Hide all 18").get_attribute("aria-expanded") == "true"
    typical_first = titles(card.locator(".gallery"))
    card.get_by_role("button", name="Lowest silhouette first").click()
    table = RESULTS.silhouettes.query("encoder == @ENCODERS[2] and clusterer == 'kmeans'")
    profile = table[table["space"] == "l2"].set_index("image")["silhouette"]
    found = profile[titles(card.locator(".gallery"))].to_numpy()
    assert len(found) == 18 and (np.diff(found) > -1e-4).all()
    card.get_by_role("button", name="Lowest silhouette first").click()
    assert titles(card.locator(".gallery")) == typical_first
    card.get_by_role("button", name="Hide all 18").click()
    assert card.locator(".gallery").count() == 0


def test_clusters_can_be_sorted_and_noise_stays_last(seen: Opened) -> None:
    choose(seen, encoder=ENCODERS[2], clusterer="hdbscan")
    rows = RESULTS.clusters.query("encoder == @ENCODERS[2] and clusterer == 'hdbscan'")
    rows = rows.set_index("cluster")
    rows["name"] = rows["name"].where(rows["name"] != "", "~")  # those without one come last
    truth = RESULTS.images.set_index("image")["truth"]
    clusters = members(ENCODERS[2], "hdbscan")
    rows["purity"] = [
        float(truth[clusters.index[clusters == one]].value_counts(normalize=True).max())
        for one in rows.index
    ]
    rows["size"] = clusters.value_counts().reindex(rows.index)
    for said, column, rising in (
        ("largest first", "size", False), ("smallest first", "size", True),
        ("highest silhouette first", "silhouette", False),
        ("lowest silhouette first", "silhouette", True),
        ("highest purity first", "purity", False), ("lowest purity first", "purity", True),
    ):  # fmt: skip
        choose(seen, sort_by=said)
        assert numbers(seen)[-1] == -1
        found = rows.loc[numbers(seen)[:-1], column]
        assert found.is_monotonic_increasing if rising else found.is_monotonic_decreasing
    choose(seen, sort_by="name")
    assert numbers(seen)[-2:] == [0, -1]  # without a name, and noise
    assert "noise" in cards(seen)[-1].inner_text()
    choose(seen, sort_by="number")
    assert numbers(seen) == [0, 1, 2, 3, -1]


def test_a_space_can_be_chosen_where_there_are_several(seen: Opened) -> None:
    own = seen.page.locator("#clusters").get_by_label("Space", exact=True)
    assert own.is_visible()
    choose(seen, space=SECOND)
    wanted = members(ENCODERS[0], space=SECOND)
    assert set(titles(cards(seen)[0])) == set(wanted.index[wanted == 0])
    choose(seen, clusterer="hdbscan")
    assert not own.is_visible()  # it was run in one alone


@pytest.mark.parametrize(
    ("clusterer", "other", "its"),
    [("kmeans", 1, "kmeans"), ("kmeans", 2, "hdbscan"), ("hdbscan", 0, "agglomerative")],
)
def test_the_matrix_counts_as_the_tables_do_and_the_largest_lie_on_its_diagonal(
    seen: Opened, clusterer: str, other: int, its: str
) -> None:
    choose(seen, clusterer=clusterer, compare_with=ENCODERS[other], its_clusterer=its)
    one, two = members(ENCODERS[0], clusterer), members(ENCODERS[other], its)
    wanted = pd.crosstab(one.map(heading), two.reindex(one.index).map(heading))
    found = table_of(seen)
    pd.testing.assert_frame_equal(
        found, wanted.loc[found.index, found.columns], check_names=False, check_dtype=False
    )
    assert found.shape == wanted.shape and found.to_numpy().sum() == 40
    assert list(found.columns)[-1] == "noise" or "noise" not in found.columns
    whole = found.drop(index="noise", columns="noise", errors="ignore").to_numpy()
    assert np.trace(whole) == whole[linear_sum_assignment(whole, maximize=True)].sum()


def test_the_other_side_may_be_the_labels(seen: Opened) -> None:
    choose(seen, encoder=ENCODERS[1], compare_with="the labels")
    truth = RESULTS.images.set_index("image")["truth"].fillna("no label")
    one = members(ENCODERS[1])
    wanted = pd.crosstab(one.map(heading), truth.reindex(one.index))
    found = table_of(seen)
    assert found.shape == wanted.shape and list(found.columns)[-1] == "no label"
    assert (found == wanted.loc[found.index, found.columns]).all(axis=None)
    seen.page.get_by_role(
        "button", name=f"2 pictures: cluster 3 of {ENCODERS[1]} with label"
    ).click()
    assert titles(seen.page.locator(".opened")) == list(BITING[:2])


def test_an_address_ends_at_its_cluster_although_charts_above_are_drawn_later(
    browser: "Browser", page_file: Path
) -> None:
    name = quote(ENCODERS[0], safe="")
    for place, heading in (("cluster", f"{name}/hdbscan/-1"), ("attribute", f"{name}/brightness")):
        with opened(browser, f"{address(page_file)}#{place}={heading}") as seen:
            grow = "document.documentElement.style.overflowAnchor = 'none'; const it = document"
            grow += ".createElement('div'); it.style.height = '1500px'; document.querySelector("
            seen.value(f"(() => {{ {grow}'main').prepend(it); }})()")
            seen.page.wait_for_timeout(700)
            found = ".cluster.here" if place == "cluster" else "#clusters h3 + .row"
            box = seen.page.locator(found).bounding_box()
            assert box is not None and 0 <= box["y"] < 400


def test_an_address_that_leads_to_nothing_is_told(browser: "Browser", page_file: Path) -> None:
    for place, words in (
        ("cluster=nobody/kmeans/0", "a cluster that is not on it"),
        ("attribute=nobody/colour", "an attribute that is not on it"),
        (f"picture={quote(BAD)}", f"a picture that is not on it: {BAD}"),
    ):
        with opened(browser, f"{address(page_file)}#{place}") as seen:
            told = seen.page.locator(".dead-link")
            assert words in told.inner_text() and told.is_visible()
            assert seen.said == [] and seen.page.locator("img[src=x]").count() == 0


def test_the_other_side_may_be_the_domains(seen: Opened) -> None:
    choose(seen, encoder=ENCODERS[1], compare_with="the domains")
    one, domain = members(ENCODERS[1]), RESULTS.images.set_index("image")["domain"]
    wanted = pd.crosstab(one.map(heading), domain.reindex(one.index))
    found = table_of(seen)
    assert set(found.columns) == {"night", BAD}
    assert (found == wanted.loc[found.index, found.columns]).all(axis=None)


def test_a_number_of_the_shortcuts_opens_clusters_against_the_attribute(seen: Opened) -> None:
    codes, words = attribute_words(RESULTS.images)["brightness"]
    name = ENCODERS[1]
    seen.page.locator("#shortcuts summary").click()
    seen.page.get_by_title(f"The pictures: clusters of {name} by brightness").click()
    clusters = seen.page.locator("#clusters")
    assert clusters.get_by_label("Encoder", exact=True).input_value() == name
    assert clusters.get_by_label("Compare with", exact=True).input_value() == "brightness"
    bright = pd.Series([words[code] for code in codes], RESULTS.images["image"])
    one = members(name)
    wanted = pd.crosstab(one.map(heading), bright.reindex(one.index).to_numpy())
    found = table_of(seen)
    assert list(found.columns) == [word for word in words if word in set(bright)]
    assert (found == wanted.loc[found.index, found.columns]).all(axis=None)
    cell = seen.page.locator(".matrix td button").first
    cell.click()
    title = str(seen.page.locator(".opened h4").inner_text())
    cluster, word = re.search(r"cluster (\d) of .* with brightness (.*)", title).groups()  # type: ignore[union-attr]
    both = (one == int(cluster)) & (bright.reindex(one.index) == word)
    assert sorted(titles(seen.page.locator(".opened"))) == sorted(one.index[both])
    choose(seen, encoder=ENCODERS[0])
    assert "#attribute" not in seen.page.url


def test_a_cell_and_a_heading_open_their_pictures(seen: Opened) -> None:
    choose(seen, compare_with=ENCODERS[1])
    one, two = members(ENCODERS[0]), members(ENCODERS[1])
    text = f"2 pictures: cluster 0 of {ENCODERS[0]} in cluster 3 of {ENCODERS[1]}"
    cell = seen.page.get_by_role("button", name=text)
    cell.click()
    opened_ = seen.page.locator(".opened")
    assert opened_.locator("h4").inner_text() == text
    assert set(titles(opened_)) == set(one.index[(one == 0) & (two == 3)])
    assert cell.get_attribute("aria-pressed") == "true"
    seen.page.locator(".matrix tbody th button").nth(2).click()
    assert set(titles(opened_)) == set(one.index[one == 2])
    assert cell.get_attribute("aria-pressed") == "false"
    seen.page.locator(".matrix thead th button").nth(3).click()
    said = f"12 pictures: cluster 3 of {ENCODERS[1]} ({CLASSES[3]}s)"
    assert opened_.locator("h4").inner_text() == said
    assert set(titles(opened_)) == set(two.index[two == 3])
    opened_.get_by_role("button", name="Close").click()
    assert not opened_.is_visible()


def test_the_matrix_is_one_stop_of_the_tab_key_and_arrows_go_on(seen: Opened) -> None:
    choose(seen, compare_with=ENCODERS[1])
    assert seen.page.locator(".matrix [tabindex='0']").count() == 1
    seen.page.locator(".matrix [tabindex='0']").focus()
    focused = "document.activeElement.title"
    seen.page.keyboard.press("ArrowRight")
    assert seen.value(focused).startswith(f"8 pictures: cluster 0 of {ENCODERS[0]} in cluster 0")
    seen.page.keyboard.press("ArrowRight")  # past two cells without a picture
    assert seen.value(focused).startswith(f"2 pictures: cluster 0 of {ENCODERS[0]} in cluster 3")
    seen.page.keyboard.press("ArrowRight")
    assert seen.value(focused).startswith("2 pictures")  # there is no other
    seen.page.keyboard.press("ArrowUp")
    assert seen.value(focused).startswith(f"12 pictures: cluster 3 of {ENCODERS[1]}")
    seen.page.keyboard.press("ArrowDown")
    seen.page.keyboard.press("Enter")
    assert len(titles(seen.page.locator(".opened"))) == 2
    assert seen.page.locator(".matrix [tabindex='0']").count() == 1


def test_a_picture_opens_and_is_marked_and_its_cluster_is_selected_on_the_maps(
    seen: Opened,
) -> None:
    seen.page.wait_for_selector(".field[data-drawn='40']")
    card = cards(seen)[2]
    first = card.locator(".opener").first
    [name] = titles(first)
    first.hover()
    marked = [one.get_attribute("data-marked") for one in seen.page.locator(".field").all()]
    assert marked == [name] * len(ENCODERS)
    first.click()
    assert seen.page.locator("aside.picture strong").text_content() == name
    seen.page.keyboard.press("Escape")
    card.get_by_role("button", name="Show on the maps").click()
    assert "10 selected" in seen.page.locator(".selection").inner_text()
    assert set(titles(seen.page.locator(".selection"))) == set(titles(card))
    assert seen.page.locator("#maps h2").bounding_box()["y"] < 400  # type: ignore[index]


@pytest.mark.parametrize(
    ("encoder", "clusterer", "number", "space"),
    [
        (ENCODERS[0], "kmeans", 2, ""),
        (ENCODERS[2], "hdbscan", -1, ""),
        (ENCODERS[1], "kmeans", 3, SECOND),
    ],
)
def test_an_address_goes_to_its_cluster_again(
    browser: "Browser", page_file: Path, encoder: str, clusterer: str, number: int, space: str
) -> None:
    parts = [encoder, clusterer, str(number), *([space] if space else [])]
    word = f"#cluster={'/'.join(quote(part, safe='') for part in parts)}"
    with opened(browser, address(page_file) + word) as seen:
        for _ in range(2):
            card = seen.page.locator("#clusters .cluster.here")
            assert card.get_attribute("data-cluster") == str(number)
            wanted = members(encoder, clusterer, space or "l2")
            assert set(titles(card)) <= set(wanted.index[wanted == number])
            assert seen.value("document.activeElement.dataset.cluster") == str(number)
            box = card.bounding_box()
            assert box is not None and 0 <= box["y"] < 500
            own = str(card.locator("h3 a").get_attribute("href"))
            assert seen.value("location.hash") == word
            assert seen.value(f"decodeURIComponent('{own}')") == f"#cluster={'/'.join(parts)}"
            seen.page.reload()
        assert seen.said == [] and seen.requests == []


def test_links_between_clusters_go_to_them(seen: Opened) -> None:
    cards(seen)[3].locator("p a").click()
    assert seen.page.locator(".cluster.here").get_attribute("data-cluster") == "0"
    assert seen.value("decodeURIComponent(location.hash)") == f"#cluster={ENCODERS[0]}/kmeans/0"
    choose(seen, clusterer="hdbscan")
    assert seen.value("location.hash") == ""


@pytest.mark.parametrize("word", ["", "a/b/c", "%E0%A4%A/kmeans/0", f"{ENCODERS[0]}/kmeans/9"])
def test_an_address_that_names_no_cluster_goes_nowhere(
    browser: "Browser", page_file: Path, word: str
) -> None:
    with opened(browser, f"{address(page_file)}#cluster={word}") as seen:
        assert len(cards(seen)) == 4
        assert seen.page.locator(".cluster.here").count() == 0 and seen.said == []


def many_results() -> Results:
    """The example with one encoder that finds 60 clusters and another that finds two, no maps."""
    found = hostile_results()
    names = [f"{number}.jpg" for number in range(400)]
    parts = {ENCODERS[0]: np.arange(400) % 60, ENCODERS[1]: (np.arange(400) >= 300).astype(int)}
    table = pd.concat(
        pd.DataFrame({"image": names, "encoder": encoder, "space": "l2", "clusterer": "kmeans",
                      "cluster": clusters, "silhouette": 0.5, "medoid_distance": 1.0})
        for encoder, clusters in parts.items()
    )  # fmt: skip
    return dataclasses.replace(
        found,
        silhouettes=table,
        clusters=found.clusters.iloc[:0],
        projections=found.projections.iloc[:0],
        images=pd.DataFrame({"image": names, "hash": names}),
        disagreements=found.disagreements.iloc[:0],
        nearest=found.nearest.iloc[:0],
        zero_shot=found.zero_shot.iloc[:0],
    )


def test_many_clusters_and_pictures_come_in_steps_and_open_without_maps(
    browser: "Browser", tmp_path: Path
) -> None:
    with opened(browser, address(write_report(many_results(), tmp_path))) as seen:
        assert numbers(seen) == list(range(12))
        seen.page.get_by_role("button", name="Show 12 more of 48 clusters").click()
        assert numbers(seen) == list(range(24))
        assert seen.page.get_by_role("button", name="Show on the maps").count() == 0
        found = table_of(seen)
        # Of 60 clusters the 39 largest have a row, the others one together.
        assert found.shape == (40, 2) and list(found.index)[-1] == "21 smaller"
        assert found.sum().tolist() == [300, 100] and found.iloc[-1].sum() == 400 - 39 * 7
        seen.value(f"location.hash = '#cluster={ENCODERS[0]}/kmeans/55'")
        seen.page.wait_for_selector(".cluster.here[data-cluster='55']")
        assert numbers(seen) == [55, *range(11)]  # one far down comes to the front
        seen.page.get_by_role("button", name="more of 48 clusters").click()
        choose(seen, encoder=ENCODERS[1])
        cards(seen)[0].get_by_role("button", name="Show all 300").click()
        grid = cards(seen)[0].locator(".gallery")
        for count in (120, 240, 300):
            assert grid.locator(".opener").count() == count
            if count < 300:
                grid.get_by_role("button", name="more of").click()
        assert len(set(titles(grid))) == 300
        cards(seen)[1].locator(".opener").first.click()
        panel = seen.page.locator("aside.picture")
        assert panel.is_visible() and "cluster 1" in panel.inner_text()
        assert seen.value("location.hash").startswith("#picture=")
        assert seen.said == []


def test_without_a_script_the_clusters_are_a_table_that_also_prints(
    browser: "Browser", page_file: Path
) -> None:
    with opened(browser, address(page_file), java_script_enabled=False) as seen:
        section = seen.page.locator("#clusters")
        assert "need JavaScript" in section.inner_text() and BAD in section.inner_text()
        assert section.locator("tbody tr").count() == 4 * len(ENCODERS)
    with opened(browser, address(page_file)) as seen:
        assert not seen.page.locator("#clusters .printed").is_visible()
        seen.page.emulate_media(media="print")
        assert seen.page.locator("#clusters .printed").is_visible()
        assert not seen.page.locator("#clusters [data-part]").is_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: "Browser", page_file: Path) -> None:
    window = {"width": 390, "height": 800}
    with opened(browser, address(page_file), viewport=window, has_touch=True) as seen:
        choose(seen, compare_with="the labels")
        seen.page.locator(".matrix td button").first.tap()
        assert seen.page.locator(".opened").is_visible()
        assert seen.value("document.documentElement.scrollWidth") <= 390
        assert seen.said == []
