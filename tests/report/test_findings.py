import dataclasses

import numpy as np
import pandas as pd
import pytest

from embedbench.report.disagreements import disputed, splits
from embedbench.report.label_free import with_labels_table, without_labels_table
from embedbench.report.pairwise import pairwise_results, visible_difference
from embedbench.report.shortcuts import shortcut_table, shortcut_warnings
from embedbench.report.tables import bar, highlights, interval_text, tied_by_ami
from embedbench.results.views import ranked
from tests.support.example_results import COPIES, ENCODERS, example_results

RESULTS = example_results()

TABLE = pd.DataFrame(
    {
        "encoder": list("abc") * 2,
        "clusterer": ["kmeans"] * 3 + ["ward"] * 3,
        "ami": [0.5, 0.8, 0.7, 0.9, 0.2, np.nan],
        "ari": [0.1, 0.2, 0.2, 0.3, 0.2, np.nan],
        "silhouette": [0.9, 0.1, 0.1, 0.1, 0.1, 0.1],
    }
)


def pairs(*rows: tuple[str, str, str, str, float]) -> pd.DataFrame:
    """Rows of clusterer, metric, encoder, other and the low end; the high end is 0.5."""
    columns = ["clusterer", "metric", "encoder", "other", "difference_low"]
    return pd.DataFrame(rows, columns=columns).assign(difference_high=0.5)


def test_an_encoder_tied_by_the_table_is_marked_near() -> None:
    assert highlights(TABLE, "ami", pairs(), {"a", "b"}) == ["near", "best", "", "best", "", ""]


def test_an_encoder_whose_difference_to_the_best_may_be_nothing_is_marked_near() -> None:
    known = pairs(
        ("kmeans", "ami", "b", "a", 0.1),
        ("kmeans", "ami", "b", "c", -0.1),
        ("ward", "ami", "a", "b", 0.0),
        ("ward", "ari", "a", "b", 0.01),
        # Of one that is not the best nothing follows.
        ("kmeans", "ami", "c", "a", -0.1),
    )
    assert highlights(TABLE, "ami", known, None) == ["", "best", "near", "best", "near", ""]
    # Ties with the best are of the first clusterer alone.
    assert highlights(TABLE, "ami", known, set()) == ["", "best", "", "best", "near", ""]
    assert highlights(TABLE, "ari", known, {"a", "b"}) == ["", "best", "best", "best", "", ""]


def test_a_lone_encoder_is_not_called_best() -> None:
    assert highlights(TABLE[TABLE["encoder"] == "a"], "ami", pairs(), None) == ["", ""]
    assert highlights(TABLE.assign(ami=np.nan), "ami", pairs(), None) == [""] * 6


@pytest.mark.parametrize("name", ["silhouette", "davies_bouldin", "coverage", "clusters"])
def test_what_is_measured_in_an_encoders_own_space_has_no_best(name: str) -> None:
    table = TABLE.assign(**{name: [0.9, 0.1, 0.1, 0.9, 0.1, 0.1]})
    assert highlights(table, name, pairs(), {"a"}) == [""] * 6


def test_ties_are_taken_from_the_table_of_encoders_also_where_one_failed() -> None:
    assert tied_by_ami(RESULTS) == set(ENCODERS[:2])
    assert tied_by_ami(example_results(truth=False)) is None
    unknown = dataclasses.replace(RESULTS, encoders=RESULTS.encoders.assign(tied_with_best=np.nan))
    assert tied_by_ami(unknown) is None


def test_each_pair_stands_once_the_better_one_first() -> None:
    found = pairwise_results(RESULTS)
    assert [(duel.better, duel.other) for duel in found] == [
        (ENCODERS[0], ENCODERS[1]),
        (ENCODERS[0], ENCODERS[2]),
        (ENCODERS[1], ENCODERS[2]),
    ]
    assert {duel.outcomes for duel in found} == {"90 / 6 / 4"}
    assert {duel.p_beats for duel in found} == {"0.93"}
    for duel in found:
        low = float(duel.interval.split(" to ")[0])
        assert duel.apart == (low > 0)
    assert [duel.apart for duel in found][1] is True


def test_two_encoders_that_are_equal_stand_once() -> None:
    equal = RESULTS.pairwise.assign(difference=0.0)
    assert len(pairwise_results(dataclasses.replace(RESULTS, pairwise=equal))) == 3


def test_what_cannot_be_seen_is_half_the_median_width_of_the_differences() -> None:
    assert visible_difference(RESULTS) == pytest.approx(0.15)
    assert visible_difference(example_results(truth=False)) is None


def test_encoders_stand_by_their_ranks() -> None:
    turned = RESULTS.encoders.assign(rank=[3, 1, 2, np.nan])
    assert ranked(dataclasses.replace(RESULTS, encoders=turned)) == [
        ENCODERS[1],
        ENCODERS[2],
        ENCODERS[0],
    ]


def test_the_signs_come_first_and_the_silhouette_last() -> None:
    columns, rows = without_labels_table(RESULTS)
    assert [column.name for column in columns] == [
        "encoder", "cluster_retention", "consensus", "hubness", "stability", "silhouette",
    ]  # fmt: skip
    assert columns[-1].heading == "silhouette*"
    cells = rows[0].cells
    assert (cells[1].text, cells[1].interval, cells[1].chance) == (
        "0.900",
        "0.85 to 0.95",
        "0.01 · 0.02",
    )
    assert cells[2].chance == "0.00"
    assert (cells[3].text, cells[3].interval) == ("1.500", "")


def test_a_criterion_that_an_encoder_has_no_number_for_is_a_dash() -> None:
    mine = (RESULTS.label_free["encoder"] == ENCODERS[1]) & (
        RESULTS.label_free["criterion"] == "consensus"
    )
    less = dataclasses.replace(
        RESULTS, label_free=RESULTS.label_free.assign(value=RESULTS.label_free["value"].mask(mine))
    )
    assert [row.cells[2].text for row in without_labels_table(less)[1]] == ["0.400", "–", "0.200"]


def test_what_labels_tell_beyond_clusters_is_there_with_labels_only() -> None:
    columns, rows = with_labels_table(RESULTS)
    assert [column.heading for column in columns] == ["encoder", "kNN accuracy", "linear probe"]
    assert rows[0].cells[1].span == (85.0, 90.0, 95.0)
    assert with_labels_table(example_results(truth=False)) == ([], [])


def test_six_ordered_pairs_of_encoders_show_their_six_strongest_pairs() -> None:
    found = splits(RESULTS)
    # The example gives the last ordered pair the strongest pairs of pictures.
    assert [(split.encoder, split.other) for split in found][0] == (ENCODERS[2], ENCODERS[1])
    assert [len(split.pairs) for split in found] == [6] * 6
    images = RESULTS.images["image"]
    assert found[0].pairs[0] == (images[0], images[1])
    more = pd.concat(
        [RESULTS.disagreements, RESULTS.disagreements.assign(encoder="another")], ignore_index=True
    )
    assert len(splits(dataclasses.replace(RESULTS, disagreements=more))) == 6


def test_of_copies_in_dispute_one_is_shown() -> None:
    found = disputed(RESULTS)
    assert found is not None
    assert found.images == RESULTS.images["image"].tolist()[:-13:-1]
    # Images 28 to 39 of 40.
    assert (found.least, found.most) == (70, 98)
    few = dataclasses.replace(RESULTS, images=RESULTS.images.head(COPIES + 1))
    shown = disputed(few)
    assert shown is not None
    assert shown.images == [RESULTS.images["image"][COPIES], RESULTS.images["image"][COPIES - 1]]


def test_one_encoder_disputes_nothing() -> None:
    images = RESULTS.images.assign(disagreement=np.nan)
    assert disputed(dataclasses.replace(RESULTS, images=images)) is None


def test_shortcuts_are_told_with_what_chance_gives() -> None:
    attributes, rows = shortcut_table(RESULTS)
    assert attributes == ["brightness", "folder"]
    assert [(cell.text, cell.chance) for cell in rows[2].cells] == [
        ("0.01", "0.02"),
        ("0.95", "0.02"),
    ]


@pytest.mark.parametrize("truth", [True, False])
def test_only_the_encoder_that_groups_by_what_should_not_matter_is_warned_of(truth: bool) -> None:
    (found,) = shortcut_warnings(example_results(truth))
    assert (found.encoder, found.by_folder) == (ENCODERS[2], True)
    rival = "than by the labels" if truth else "than as the other encoders do (0.20)"
    assert rival in found.sentence


def test_the_names_in_a_warning_are_escaped() -> None:
    bad = {"encoder": {ENCODERS[2]: "<b>&"}}
    renamed = dataclasses.replace(
        RESULTS,
        shortcuts=RESULTS.shortcuts.replace(bad),
        comparison=RESULTS.comparison.replace(bad),
        encoders=RESULTS.encoders.replace(bad),
    )
    (found,) = shortcut_warnings(renamed)
    assert found.sentence.startswith("<strong>&lt;b&gt;&amp;</strong> groups by folder")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.114, 0.5, "0.11 to 0.50"), (-0.001, 1.0, "0.00 to 1.00"), (np.nan, 1.0, ""), (0, None, "")],
)
def test_intervals_read_well(low: float, high: float | None, text: str) -> None:
    assert interval_text(low, high) == text


def test_a_bar_stays_between_nothing_and_all() -> None:
    assert bar(0.5, -0.2, 1.2) == (0.0, 50.0, 100.0)
    assert bar(0.5, np.nan, None) == (50.0, 50.0, 50.0)
    assert bar(np.nan, 0.1, 0.2) is None
