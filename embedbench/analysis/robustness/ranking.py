"""Rank encoders by how many neighbours they retain under corruption, with intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float64

from embedbench.analysis.robustness.corruption_effects import CorruptionEffect
from embedbench.data.images.corruptions import CORRUPTIONS
from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import (
    CLUSTER_CHANGES,
    ENCODER_ALONE,
    NEIGHBOUR_RETENTION,
    RANKING_COLUMNS,
)

__all__ = ["rank_by_retention"]


def rank_by_retention(
    effects: Mapping[str, Sequence[CorruptionEffect]], resamples: PairedBootstrap
) -> pd.DataFrame:
    """Return how robust each encoder is, the most robust first: `RANKING_COLUMNS`.

    `retention`, the mean neighbour retention, ranks: it needs no labels, and it is the same
    question for every encoder. `tied_with_best` marks the highest one and those tied with it. It
    says how constant an encoder is, not how good: one that sees only colours is constant under
    blur. A change in AMI does not rank, because an encoder near chance has nothing to lose.
    The other columns are `cluster_changes`, the share of images that change their cluster, and,
    with labels and by the first clusterer, the AMI of the clean images, that of the corrupted
    ones with its change, and `ami_tied_with_best`, whether that may be the highest.

    Each number is the mean over the corruptions that every encoder has; those of images, where
    there are any, else those of vectors. Encoders with none are left out. A single encoder has
    no rank.

    Args:
        effects: by encoder, what each corruption changed.
        resamples: of the images in `CleanBaseline`.
    """
    images = any(
        effect.corruption.kind in CORRUPTIONS for many in effects.values() for effect in many
    )
    by_corruption = {
        name: {effect.corruption: effect for effect in many if _counts(effect, images)}
        for name, many in effects.items()
    }
    by_corruption = {
        name: encoder_effects for name, encoder_effects in by_corruption.items() if encoder_effects
    }
    common = sorted(set.intersection(*map(set, by_corruption.values()))) if by_corruption else []
    if not common:
        return pd.DataFrame(columns=RANKING_COLUMNS)
    rows = {
        name: _row([encoder_effects[corruption] for corruption in common], resamples)
        for name, encoder_effects in by_corruption.items()
    }
    table = pd.DataFrame([row for row, _ in rows.values()], index=list(rows))
    for column, first in (("retention", "tied_with_best"), ("ami", "ami_tied_with_best")):
        replicates = np.array([moved[column] for _, moved in rows.values()])
        ranks = rank_by(list(rows), table[column].tolist(), replicates)
        ranks = ranks.rename(columns={"tied_with_best": first})
        table = table.join(ranks if column == "retention" else ranks[first])
    table = table.rename_axis("encoder").reset_index()
    table = table.sort_values("retention", ascending=False, kind="stable", ignore_index=True)
    return table.reindex(columns=RANKING_COLUMNS)


def _counts(effect: CorruptionEffect, images: bool) -> bool:
    """Whether the effect has a number, and is of images where there are such."""
    is_known = not np.isnan(effect.after[ENCODER_ALONE, NEIGHBOUR_RETENTION].mean)
    return is_known and (effect.corruption.kind in CORRUPTIONS or not images)


def _row(
    effects: Sequence[CorruptionEffect], resamples: PairedBootstrap
) -> tuple[dict[str, float], dict[str, Float64[np.ndarray, " resamples"]]]:
    """Return an encoder's row, and `retention` and `ami` in each resample."""
    retention = _mean(
        [effect.after[ENCODER_ALONE, NEIGHBOUR_RETENTION] for effect in effects], resamples
    )
    changed = _mean([effect.after[ENCODER_ALONE, CLUSTER_CHANGES] for effect in effects], resamples)
    old = new = (float("nan"), np.full(resamples.count, np.nan))
    main = next(iter(effects[0].before), None)
    if main and all(main in effect.before for effect in effects):
        old = _mean([effect.before[main] for effect in effects], resamples)
        new = _mean([effect.after[main] for effect in effects], resamples)
    row = _numbers("retention", retention, 0.0) | _numbers("cluster_changes", changed, 0.0)
    row |= {"ami_clean": old[0]} | _numbers("ami", new, -1.0)
    row |= _numbers("ami_change", (new[0] - old[0], new[1] - old[1]), -2.0, 2.0)
    return row, {"retention": retention[1], "ami": new[1]}


_Mean = tuple[float, Float64[np.ndarray, " resamples"]]


def _mean(scores: Sequence[Estimate], resamples: PairedBootstrap) -> _Mean:
    """Return the mean of several scores, and its value in each resample."""
    return float(np.mean([score.mean for score in scores])), resamples.of(scores).mean(axis=0)


def _numbers(name: str, mean: _Mean, low: float, high: float = 1.0) -> dict[str, float]:
    ends = interval(*mean, low, high)
    return {name: mean[0], f"{name}_low": ends[0], f"{name}_high": ends[1]}
