"""Promises of the verdict: what chance explains is a tie, and the tightest clusters win nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from embedbench.analysis.label_free import AugmentedViews
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.comparison.verdict import (
    Verdict,
    consensus_scores,
    mean_ranks,
    similar_groups,
    verdict_from_labels,
    verdict_without_labels,
)
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.embedding.consistency import cluster_retention
from embedbench.metrics.embedding.similarity import linear_cka
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import CANNOT_TELL


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def ranks(shares: dict[str, float], images: int = 60) -> pd.DataFrame:
    """The ranks of encoders that get these shares of the images right."""
    random = np.random.default_rng(0)
    scores = [
        mean_estimate((random.permutation(images) < share * images).astype(np.float64)[None])
        for share in shares.values()
    ]
    moved = PairedBootstrap(np.arange(images), 0, 300).of(scores)
    return rank_by(list(shares), [score.mean for score in scores], moved)


def signs(retention: dict[str, float], consensus: Sequence[float]) -> tuple[pd.DataFrame, Verdict]:
    """The verdict of these numbers, the same in each of 20 resamples."""
    both = {"retention": list(retention.values()), "consensus": list(consensus)}
    still = {name: np.tile(np.array(values)[:, None], 20) for name, values in both.items()}
    return verdict_without_labels(list(retention), both["retention"], both["consensus"], still)


# With labels


def test_one_that_is_ahead_by_more_than_chance_is_the_best() -> None:
    found = verdict_from_labels(ranks({"a": 0.3, "b": 0.9, "c": 0.4}), "AMI")
    assert (found.basis, found.answer, found.group) == ("labels", "best", ("b",))
    assert "AMI" in found.reasons[0]


def test_those_that_chance_may_have_put_apart_are_tied_the_best_first() -> None:
    found = verdict_from_labels(ranks({"a": 0.8, "b": 0.1, "c": 0.85}), "AMI")
    assert (found.answer, found.group) == ("tied", ("c", "a"))
    whole = verdict_from_labels(ranks({"a": 0.5, "b": 0.55}), "AMI")
    assert (whole.answer, whole.group) == ("tied", ("b", "a"))


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": np.nan, "b": 0.5}])
def test_of_fewer_than_two_numbers_there_is_no_verdict(shares: dict[str, float]) -> None:
    known = {name: share for name, share in shares.items() if not np.isnan(share)}
    found = verdict_from_labels(ranks(known) if known else rank_by([], [], np.zeros((0, 2))), "AMI")
    assert (found.basis, found.answer, found.group) == ("nothing", CANNOT_TELL, ())


# Families and consensus


def test_encoders_much_alike_are_one_family_also_by_a_third() -> None:
    alike = np.eye(5)
    for one, other in ((0, 2), (2, 4)):
        alike[one, other] = alike[other, one] = 0.99
    alike[1, 3] = alike[3, 1] = 0.5
    found = similar_groups(alike)
    assert found[0] == found[2] == found[4]
    assert len(np.unique(found)) == 3 and len({found[0], found[1], found[3]}) == 3


def test_families_of_what_cannot_be_told_are_each_alone() -> None:
    assert len(np.unique(similar_groups(np.full((3, 3), np.nan)))) == 3
    assert similar_groups(np.zeros((1, 1))).shape == (1,) and similar_groups(
        np.zeros((0, 0))
    ).shape == (0,)


def partitions(seed: int, encoders: int, images: int = 40) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.integers(3, size=(2, 2, images)).astype(np.int32) for _ in range(encoders)]


def test_consensus_is_the_mean_ami_with_the_other_families() -> None:
    """Encoders 1 and 2 have one voice: half of it each. At each k, with the first seed of these."""
    labels, family = partitions(0, 4), np.array([0, 1, 1, 2])

    def agree(one: int, other: int, seed: int) -> float:
        amis = [
            adjusted_mutual_info_score(labels[one][k][seed], labels[other][k][0]) for k in range(2)
        ]
        return float(np.mean(amis))

    found = consensus_scores(labels, family)
    for seed in range(2):
        first = [(agree(0, 1, seed) + agree(0, 2, seed)) / 2, agree(0, 3, seed)]
        second = [agree(1, 0, seed), agree(1, 3, seed)]
        assert found[0].estimates[seed] == pytest.approx(np.mean(first))
        assert found[1].estimates[seed] == pytest.approx(np.mean(second))


def test_without_another_family_there_is_no_consensus() -> None:
    for encoders in (1, 3):
        found = consensus_scores(partitions(0, encoders), np.zeros(encoders, dtype=int))
        assert np.isnan([score.mean for score in found]).all()
        assert all(score.influence.shape == (2, 40) for score in found)


def test_a_copy_of_an_encoder_changes_no_consensus_of_the_others() -> None:
    one, other, third = partitions(0, 3)
    alone = consensus_scores([one, other, third], np.array([0, 1, 2]))
    twice = consensus_scores([one, one, other, third], np.array([0, 0, 1, 2]))
    for before, after in zip(alone, [twice[0], *twice[2:]], strict=True):
        assert before.mean == pytest.approx(after.mean)
        np.testing.assert_allclose(before.influence, after.influence, atol=1e-9)


@settings(max_examples=4)
@given(seed=st.integers(0, 9999), turn=st.permutations(range(4)))
def test_consensus_is_the_same_in_any_order(seed: int, turn: list[int]) -> None:
    labels, family = partitions(seed, 4), np.array([0, 1, 1, 2])
    straight = consensus_scores(labels, family)
    turned = consensus_scores([labels[row] for row in turn], family[turn])
    expected = [straight[row].mean for row in turn]
    assert [score.mean for score in turned] == pytest.approx(expected)
    assert all(score.mean <= 1 for score in turned)


# Without labels


def test_places_are_means_over_the_signs_and_ties_share() -> None:
    found = mean_ranks(np.array([[0.9, 0.5, 0.5], [0.2, 0.1, 0.3]]))
    assert found.tolist() == [1.5, 2.75, 1.75]  # 1 and 2, 2.5 and 3, 2.5 and 1


def test_one_that_both_signs_put_first_is_named() -> None:
    table, found = signs({"a": 0.9, "b": 0.4, "c": 0.3, "d": 0.1}, [0.8, 0.2, 0.3, 0.1])
    assert found.basis == "no labels" and found.group[0] == "a" and found.answer != CANNOT_TELL
    assert table["rank"].to_dict() == {"a": 1, "b": 2, "c": 2, "d": 4}
    assert set(table.index[table["tied_with_best"].astype(bool)]) == set(found.group)
    assert any("not proof" in reason for reason in found.reasons)


def test_signs_that_contradict_each_other_name_none() -> None:
    _, found = signs({"a": 0.9, "b": 0.8, "c": 0.1, "d": 0.0}, [0.1, 0.0, 0.9, 0.8])
    assert (found.basis, found.answer) == ("no labels", CANNOT_TELL)


def test_one_without_copies_or_another_family_is_left_out_and_told() -> None:
    table, found = signs(
        {"a": 0.9, "b": np.nan, "c": 0.5, "d": 0.1, "e": 0.2}, [0.8, 0.9, 0.4, 0.3, np.nan]
    )
    assert table.index.tolist() == ["a", "c", "d"] and found.group == ("a",)
    assert "b and e" in found.reasons[-1]


@pytest.mark.parametrize("retention", [{}, {"a": 0.5}, {"a": np.nan, "b": np.nan}])
def test_without_two_numbers_there_is_no_verdict(retention: dict[str, float]) -> None:
    table, found = signs(retention, [0.5] * len(retention))
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
def test_the_named_are_some_of_the_better_half_the_best_first(
    both: list[tuple[float, float]],
) -> None:
    names = [f"e{row}" for row in range(len(both))]
    retention = {name: pair[0] for name, pair in zip(names, both, strict=True)}
    table, found = signs(retention, [pair[1] for pair in both])
    assert len(found.group) <= max(1, len(both) // 2)
    assert found.group or found.answer == CANNOT_TELL
    order = table.loc[list(found.group), "rank"]
    assert order.is_monotonic_increasing
    assert found.answer == CANNOT_TELL or order.iloc[0] == 1
    assert found.answer in ("best", "tied", CANNOT_TELL)
    assert (found.answer == "best") <= (len(found.group) == 1)


def test_encoders_in_another_order_have_the_same_verdict() -> None:
    found = []
    for names in ("abcd", "bacd"):
        retention = {name: {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}[name] for name in names}
        consensus = [{"a": 2.0, "b": 3.0, "c": 1.0, "d": 4.0}[name] for name in names]
        _, verdict = signs(retention, consensus)
        found.append((verdict.answer, set(verdict.group)))
    assert found[0] == found[1]


def test_none_is_named_that_one_sign_puts_last() -> None:
    retention = {"h1": 0.995, "h2": 0.99, "h3": 0.98, "h4": 0.985, "h5": 0.97, "wrong": 1.0}
    _, found = signs(retention, [0.51, 0.52, 0.505, 0.36, 0.32, 0.01])
    assert "wrong" not in found.group


def test_two_encoders_alone_are_not_told_apart() -> None:
    """What they agree on is one number; what is left between them is which seeds were compared."""
    for consensus in ([0.51, 0.49], [0.49, 0.51]):
        _, found = signs({"a": 0.9, "b": 0.5}, consensus)
        assert found.answer == CANNOT_TELL


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
    resamples = PairedBootstrap(np.arange(120), 0, 100)
    table, found = verdict_without_labels(
        names,
        [score.mean for score in kept],
        [score.mean for score in consensus],
        {"retention": resamples.of(kept), "consensus": resamples.of(consensus)},
    )
    assert "wrong" not in found.group and found.group
    assert table.loc["wrong", "rank"] == len(names)
