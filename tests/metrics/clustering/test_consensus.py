"""Promises of the consensus: families have one voice, and the order of the encoders is nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.metrics.clustering.consensus import consensus_scores, similar_groups


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
