"""Promises of the ranking by retention: who keeps most on average is most robust."""

import numpy as np
import pandas as pd
import pytest
from jaxtyping import Float
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.analysis.robustness.corruption_effects import CorruptionEffect
from embedbench.analysis.robustness.ranking import rank_by_retention
from embedbench.data.images.corruptions import Corruption
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.results.schema import RANKING_COLUMNS

NOISE = Corruption("noise", 3)
Values = Float[np.ndarray, " images"]


def made_up(
    kept: Values, corruption: Corruption = NOISE, ami: Values | None = None
) -> CorruptionEffect:
    """What is known of one corruption: neighbours kept by each image, and maybe two AMIs."""
    after = {("", "neighbour_retention"): mean_estimate(kept[None])}
    after["", "cluster_changes"] = mean_estimate(1 - kept[None])
    before: dict[tuple[str, str], Estimate] = {}
    if ami is not None:
        before["kmeans", "ami"] = ami_score(np.arange(40)[None] // 10, np.arange(40) // 10)
        after["kmeans", "ami"] = ami_score(ami[None].astype(np.int64), np.arange(40) // 10)
    return CorruptionEffect(corruption, pd.DataFrame(), before, after)


def shares(mean: float, seed: int = 0) -> Values:
    values = np.random.default_rng(seed).uniform(-0.05, 0.05, 40)
    return np.asarray(mean + values - values.mean())


def judged(found: dict[str, list[CorruptionEffect]]) -> pd.DataFrame:
    return rank_by_retention(found, PairedBootstrap(np.arange(40), 0)).set_index("encoder")


def test_the_encoder_that_keeps_most_on_average_is_most_robust() -> None:
    blur = Corruption("blur", 1)
    found = {
        "constant": [made_up(shares(0.6)), made_up(shares(0.7), blur)],
        "changing": [made_up(shares(0.9)), made_up(shares(0.1), blur)],
    }
    table = judged(found)
    assert table.index.tolist() == ["constant", "changing"]
    assert table["retention"].tolist() == pytest.approx([0.65, 0.5])
    assert table["cluster_changes"].tolist() == pytest.approx([0.35, 0.5])
    assert table["rank"].tolist() == [1, 2] and table["tied_with_best"].tolist() == [True, False]
    assert (table["retention_low"] < table["retention"]).all() and (
        table["retention"] < table["retention_high"]
    ).all()
    assert (
        rank_by_retention(found, PairedBootstrap(np.arange(40), 0)).columns.tolist()
        == RANKING_COLUMNS
    )


def test_encoders_that_chance_may_have_parted_are_tied() -> None:
    noisy = np.random.default_rng(0).uniform(0, 1, (2, 40))
    table = judged({"one": [made_up(noisy[0])], "other": [made_up(noisy[1])]})
    assert table["tied_with_best"].all() and sorted(table["rank"]) == [1, 2]


def test_a_corruption_that_one_encoder_lacks_counts_for_none() -> None:
    blur = Corruption("blur", 1)
    nothing = made_up(np.full(40, np.nan), blur)
    table = judged(
        {
            "whole": [made_up(shares(0.6)), made_up(shares(1.0 - 0.05), blur)],
            "holed": [made_up(shares(0.7)), nothing],
            "empty": [nothing],
        }
    )
    assert table["retention"].to_dict() == pytest.approx({"holed": 0.7, "whole": 0.6})


def test_noise_on_vectors_counts_only_where_no_image_was_corrupted() -> None:
    vectors = Corruption("vector-noise", 1)
    alone = {"a": [made_up(shares(0.3), vectors)], "b": [made_up(shares(0.2), vectors)]}
    assert judged(alone)["retention"].to_dict() == pytest.approx({"a": 0.3, "b": 0.2})
    both = {name: [*helds, made_up(shares(0.5))] for name, helds in alone.items()}
    assert judged(both)["retention"].to_dict() == pytest.approx({"a": 0.5, "b": 0.5})


def test_of_a_single_encoder_there_is_no_rank() -> None:
    table = judged({"one": [made_up(shares(0.6))]})
    assert table["retention"].tolist() == pytest.approx([0.6])
    assert table[["rank", "rank_low", "rank_high", "tied_with_best"]].isna().all(axis=None)


def test_without_corruptions_there_is_no_row() -> None:
    none: list[dict[str, list[CorruptionEffect]]] = [{}, {"one": []}]
    for found in none:
        table = rank_by_retention(found, PairedBootstrap(np.arange(40), 0))
        assert table.empty and table.columns.tolist() == RANKING_COLUMNS


def test_with_labels_who_is_best_on_corrupted_images_stands_beside() -> None:
    """The one that keeps its neighbours has clusters that say nothing, and the reverse."""
    truth = np.arange(40) // 10
    mixed = np.arange(40) % 4
    found = {
        "constant": [made_up(shares(0.9), ami=mixed.astype(float))],
        "good": [made_up(shares(0.5), ami=truth.astype(float))],
    }
    table = judged(found)
    expected = adjusted_mutual_info_score(truth, mixed)
    assert table["tied_with_best"].to_dict() == {"constant": True, "good": False}
    assert table["ami_tied_with_best"].to_dict() == {"constant": False, "good": True}
    assert table["ami"].to_dict() == pytest.approx({"constant": expected, "good": 1})
    assert table["ami_change"].to_dict() == pytest.approx({"constant": expected - 1, "good": 0})
    assert table["ami_clean"].tolist() == pytest.approx([1, 1]) and table["ami_high"]["good"] == 1
    assert judged({"a": [made_up(shares(0.5))]})["ami"].isna().all()


def test_names_are_kept_as_they_are_and_forty_encoders_have_a_rank_each() -> None:
    """A share that all forty keep, less a thousandth for each, gives the order they come in."""
    names = ["<b>{0}</b>", "%s, $x^", *(f"encoder {number}" for number in range(38))]
    found = {
        name: [made_up(np.full(40, 0.9 - 0.001 * place))]
        for place, name in reversed(list(enumerate(names)))
    }
    table = judged(found)
    assert table.index.tolist() == names
    assert table["rank"].tolist() == list(range(1, 41))
    assert table["tied_with_best"].tolist() == [True] + [False] * 39
