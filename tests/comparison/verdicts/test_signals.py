"""Promises of the verdict: what chance explains is a tie, and the tightest clusters win nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from embedbench.analysis.label_free import AugmentedViews
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.comparison.verdicts.belief import Asked
from embedbench.comparison.verdicts.labels import Verdict
from embedbench.comparison.verdicts.signals import Signals, verdict_without_labels
from embedbench.metrics.base import Estimate
from embedbench.metrics.clustering.consensus import consensus_scores, similar_groups
from embedbench.metrics.embedding.consistency import cluster_retention
from embedbench.metrics.embedding.similarity import linear_cka
from embedbench.results.schema import CANNOT_TELL, LIKELY, NONE_BETTER, TOO_FEW
from embedbench.results.tables.purposes import CLUSTERING


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def signals(
    retention: dict[str, float],
    consensus: Sequence[float],
    chance: float = 0.0,
    spread: float = 0.0,
    images: int = 100,
    alike: np.ndarray | None = None,
) -> tuple[pd.DataFrame, Verdict]:
    """The verdict of these numbers; the lower ends of their intervals are two spreads below."""
    values = np.array([list(retention.values()), list(consensus)], dtype=np.float64)
    values = values.reshape(2, len(retention))
    found = Signals(
        tuple(retention),
        values,
        values - 2 * spread,
        np.full_like(values, chance),
        np.eye(len(retention)) if alike is None else alike,
        images,
    )
    return verdict_without_labels(found, CLUSTERING, Asked())


def test_one_that_both_signs_put_first_is_named() -> None:
    table, found = signals({"a": 0.9, "b": 0.4, "c": 0.3, "d": 0.1}, [0.8, 0.3, 0.2, 0.1])
    assert (found.basis, found.answer, found.group) == ("no labels", LIKELY, ("a",))
    assert table["rank"].to_dict() == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert table["probability"].is_monotonic_decreasing and table["probability"]["a"] > 0.8
    assert any("not proof" in reason for reason in found.reasons)
    assert "within 0.02 of the best AMI with a probability of" in found.reasons[0]


def test_signs_that_contradict_each_other_name_none() -> None:
    _, found = signals({"a": 0.9, "b": 0.8, "c": 0.1, "d": 0.0}, [0.1, 0.0, 0.9, 0.8])
    assert (found.basis, found.answer) == ("no labels", CANNOT_TELL)


def test_one_without_copies_or_another_family_is_left_out_and_told() -> None:
    table, found = signals(
        {"a": 0.9, "b": np.nan, "c": 0.5, "d": 0.1, "e": 0.2}, [0.8, 0.9, 0.4, 0.3, np.nan]
    )
    assert table.index.tolist() == ["a", "c", "d"] and found.group[0] == "a"
    assert "b and e" in found.reasons[-1]


@pytest.mark.parametrize("retention", [{}, {"a": 0.5}, {"a": np.nan, "b": np.nan}])
def test_without_two_numbers_there_is_no_verdict(retention: dict[str, float]) -> None:
    table, found = signals(retention, [0.5] * len(retention))
    assert table.empty
    assert (found.basis, found.answer, found.group) == ("nothing", CANNOT_TELL, ())


numbers = st.lists(
    st.tuples(
        st.floats(0, 1).map(lambda x: round(x, 1)), st.floats(0, 1).map(lambda x: round(x, 1))
    ),
    min_size=2,
    max_size=7,
)


@settings(max_examples=100)
@given(both=numbers)
def test_at_most_half_are_named_and_the_likeliest_comes_first(
    both: list[tuple[float, float]],
) -> None:
    names = [f"e{row}" for row in range(len(both))]
    retention = {name: pair[0] for name, pair in zip(names, both, strict=True)}
    table, found = signals(retention, [pair[1] for pair in both])
    assert found.answer in (LIKELY, CANNOT_TELL, NONE_BETTER)
    assert (found.answer == NONE_BETTER) == (not found.group)
    if found.answer == LIKELY:
        assert len(found.group) <= len(both) / 2
    if found.group:
        assert table.loc[found.group[0], "probability"] == table["probability"].max()


def test_encoders_in_another_order_have_the_same_verdict() -> None:
    found = []
    for names in ("abcd", "bacd"):
        retention = {name: {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}[name] for name in names}
        consensus = [{"a": 2.0, "b": 3.0, "c": 1.0, "d": 4.0}[name] for name in names]
        _, verdict = signals(retention, consensus)
        found.append((verdict.answer, set(verdict.group)))
    assert found[0] == found[1]


def test_where_one_of_the_group_agrees_with_none_none_is_named() -> None:
    retention = {"h1": 0.995, "h2": 0.99, "h3": 0.98, "h4": 0.985, "h5": 0.97, "wrong": 1.0}
    _, found = signals(retention, [0.51, 0.52, 0.505, 0.36, 0.32, 0.01])
    assert found.answer == CANNOT_TELL


def test_two_encoders_alone_are_not_told_apart() -> None:
    """What they agree on is one number; what is left between them is which seeds were compared."""
    for consensus in ([0.51, 0.49], [0.49, 0.51]):
        _, found = signals({"a": 0.9, "b": 0.5}, consensus)
        assert found.answer == CANNOT_TELL


RISING = {"a": 0.9, "b": 0.8, "c": 0.5, "d": 0.3}


def test_where_no_sign_is_above_chance_none_groups_better() -> None:
    _, found = signals(RISING, list(RISING.values()), chance=0.95)
    assert (found.basis, found.answer, found.group) == ("no labels", NONE_BETTER, ())
    _, found = signals(RISING, list(RISING.values()), spread=2.0)
    assert found.answer == NONE_BETTER


def test_encoders_that_are_all_alike_have_no_witness() -> None:
    """The consensus is that with other families, of which there is none."""
    alike = np.full((4, 4), 0.97)
    table, found = signals(RISING, [np.nan] * 4, alike=alike)
    assert table.empty and (found.basis, found.answer) == ("no labels", CANNOT_TELL)
    assert found.group == tuple(RISING) and "all alike" in found.reasons[0]


def test_one_that_is_above_chance_in_one_signal_alone_is_not_named() -> None:
    consensus = [0.9, 0.4, 0.3, 0.2]
    _, found = signals(RISING, consensus)
    assert (found.answer, found.group) == (LIKELY, ("a",))
    retention = {"a": 0.9, "b": 0.2, "c": 0.15, "d": 0.1}
    values = np.array([list(retention.values()), consensus])
    chance = np.zeros((2, 4))
    chance[1] = 0.95
    some = Signals(tuple("abcd"), values, values, chance, np.eye(4), 100)
    found = verdict_without_labels(some, CLUSTERING, Asked())[1]
    assert found.answer == CANNOT_TELL and "not above chance in both" in found.reasons[0]


def test_one_that_is_above_chance_in_neither_signal_takes_no_part() -> None:
    table, found = signals(RISING | {"noise": 0.01}, [0.9, 0.4, 0.3, 0.2, 0.02], chance=0.1)
    assert "noise" not in table.index and found.group == ("a",)
    assert found.reasons[-1].startswith("noise groups these pictures no better than chance")


def test_four_in_the_same_order_are_no_chance_and_all_else_is() -> None:
    """One of 24 orders of four is the same; the others are more likely."""
    _, found = signals(RISING, [0.9, 0.8, 0.3, 0.5])
    assert found.answer == CANNOT_TELL and "no better than chance" in found.reasons[0]
    orders = [
        np.corrcoef(order, [0.9, 0.8, 0.3, 0.5])[0, 1] for order in permutations(RISING.values())
    ]
    p = np.mean(np.array(orders) >= orders[0] - 1e-9)
    assert f"correlation is {orders[0]:.2f} (p = {p:.2f})" in found.reasons[0]
    assert re.match(r"If they were as good .*, (a|one of a) .*with a prob", found.reasons[1])


@pytest.mark.parametrize("count", [2, 3])
def test_fewer_than_four_encoders_are_not_told_apart(count: int) -> None:
    few = dict(list(RISING.items())[:count])
    _, found = signals(few, list(few.values()))
    assert found.answer == CANNOT_TELL


def test_six_encoders_of_three_families_are_three() -> None:
    values = {"a": 0.9, "b": 0.89, "c": 0.6, "d": 0.59, "e": 0.3, "f": 0.29}
    families = np.kron(np.eye(3), np.ones((2, 2)))
    for alike, answer in ((np.eye(6), LIKELY), (families, CANNOT_TELL)):
        _, found = signals(values, list(values.values()), alike=alike)
        assert found.answer == answer


@pytest.mark.parametrize("images", [4, 6, 7])
def test_fewer_than_seven_images_are_too_few(images: int) -> None:
    table, found = signals(RISING, list(RISING.values()), images=images)
    assert (found.answer == TOO_FEW) == (images < 7) == table.empty


def test_a_stranger_that_keeps_its_clusters_forbids_a_choice_by_majority() -> None:
    """`one_good` of the cases: one knows shapes, five know colours and agree with each other."""
    retention = {"shape": 0.89, "c1": 0.9, "c2": 0.88, "c3": 0.86, "c4": 0.6, "c5": 0.5}
    consensus = [0.02, 0.7, 0.68, 0.66, 0.5, 0.4]
    _, found = signals(retention, consensus)
    assert found.answer == CANNOT_TELL and "shape" in found.group
    # In this order the two signals agree better than chance; but "shape" keeps as much.
    retention = {"c1": 0.9, "c2": 0.86, "c3": 0.85, "shape": 0.89, "c4": 0.6, "c5": 0.5}
    consensus = [0.9, 0.48, 0.46, 0.45, 0.3, 0.2]
    _, found = signals(retention, consensus)
    assert (
        set(found.group) == {"c1", "shape"} and "for keeping clusters as well" in found.reasons[1]
    )
    _, found = signals(retention | {"shape": 0.62}, consensus)
    assert found.group == ("c1",)


def test_a_weak_majority_does_not_outvote_the_strong() -> None:
    """`weak_majority` of the cases: on photographs, three untrained networks agree on colours."""
    retention = {"strong": 0.9, "colours": 0.95, "u1": 0.7, "u2": 0.72, "u3": 0.71}
    consensus = [0.15, 0.3, 0.28, 0.29, 0.27]
    _, found = signals(retention, consensus)
    assert found.answer == CANNOT_TELL or "strong" in found.group


def test_the_same_network_twice_is_one_voice() -> None:
    """Both have the same probability, and one of them in the group is enough."""
    retention = {"a": 0.9, "again": 0.9, "b": 0.6, "c": 0.5, "d": 0.3, "e": 0.2}
    alike = np.eye(6)
    alike[0, 1] = alike[1, 0] = 1.0
    table, found = signals(retention, [0.8, 0.8, 0.35, 0.3, 0.2, 0.1], alike=alike)
    both = table.loc[["a", "again"], "probability"]
    assert both.iloc[0] == pytest.approx(both.iloc[1], abs=0.05) and both.min() > 0.8
    assert len({"a", "again"} & set(found.group)) == 1


def named_by_luck(encoders: int, draws: int) -> int:
    """How often two signals drawn at random name an encoder."""
    random, named = np.random.default_rng(encoders), 0
    for _ in range(draws):
        values = random.random((2, encoders))
        retention = {f"e{row}": value for row, value in enumerate(values[0])}
        _, found = signals(retention, values[1].tolist(), spread=0.01)
        named += found.answer == LIKELY
    return named


@pytest.mark.parametrize("encoders", [2, 3, 5, 10])
def test_signs_at_random_name_in_no_more_than_five_percent(encoders: int) -> None:
    """Each is far above chance; before there was a test of agreement, 32 to 94 % named one."""
    share = binomtest(named_by_luck(encoders, 100), 100).proportion_ci(method="wilson")
    assert share.low <= 0.05


@pytest.mark.soak
@pytest.mark.parametrize("encoders", [2, 3, 4, 5, 6, 8, 10, 12])
def test_of_a_thousand_draws_at_random_no_more_than_five_percent_name(encoders: int) -> None:
    """`luck` of the cases."""
    assert named_by_luck(encoders, 1000) <= 50


# The trap


@dataclass(frozen=True)
class World:
    """What encoders make of images with a group and, independent of it, another attribute."""

    truth: np.ndarray
    vectors: dict[str, np.ndarray]
    copies: dict[str, AugmentedViews]


def world(seed: int) -> World:
    """Four honest encoders, turned and more and more noisy, and one tight by the attribute."""
    random = np.random.default_rng(seed)
    truth, attribute = np.arange(120) % 6, random.permutation(120) % 6
    centres, places = random.normal(size=(2, 6, 24))
    vectors = {"wrong": places[attribute] + 0.1 * random.normal(size=(120, 24))}
    for noise in (0.5, 0.7, 0.9, 1.1):
        turn = np.linalg.qr(random.normal(size=(24, 24)))[0]
        vectors[f"honest {noise}"] = (centres[truth] + noise * random.normal(size=(120, 24))) @ turn
    rows = np.arange(0, 120, 2)
    copies = {
        name: AugmentedViews(
            (found[rows] + 0.25 * random.normal(size=(3, 60, 24))).astype(np.float32), rows
        )
        for name, found in vectors.items()
    }
    return World(truth, {name: row.astype(np.float32) for name, row in vectors.items()}, copies)


def cluster(vectors: np.ndarray, ks: Sequence[int]) -> Any:
    unit = normalize(vectors)
    return np.array(
        [[fit.labels for fit in fit_kmeans(unit, [(k, seed) for seed in (0, 1)])] for k in ks]
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_tightest_clusters_by_the_wrong_attribute_are_not_named(seed: int) -> None:
    """Its silhouette is the highest of all, and its clusters know nothing of the groups."""
    made = world(seed)
    names = list(made.vectors)
    labels = {name: cluster(found, (4, 6, 8)) for name, found in made.vectors.items()}
    silhouettes = {
        name: silhouette_score(normalize(made.vectors[name]), labels[name][1][0]) for name in names
    }
    agreements = {
        name: adjusted_mutual_info_score(made.truth, labels[name][1][0]) for name in names
    }
    assert max(silhouettes, key=lambda name: silhouettes[name]) == "wrong"
    assert agreements["wrong"] < 0.1 < 0.8 < min(agreements[name] for name in names[1:])

    def retention(name: str) -> Estimate:
        copies = made.copies[name]
        return cluster_retention(made.vectors[name], labels[name], copies.vectors, copies.rows)

    alike = np.array(
        [[linear_cka(made.vectors[one], made.vectors[two]) for two in names] for one in names]
    )
    kept = [retention(name) for name in names]
    consensus = consensus_scores([labels[name] for name in names], similar_groups(alike))
    values = np.array([[score.mean for score in own] for own in (kept, consensus)])
    found = Signals(tuple(names), values, values, np.zeros_like(values), np.eye(len(names)), 120)
    table, verdict = verdict_without_labels(found, CLUSTERING, Asked())
    assert "wrong" not in verdict.group and verdict.group
    assert table.loc["wrong", "rank"] == len(names)
