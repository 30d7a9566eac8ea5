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
from embedbench.results.schema import CHANGED, ENCODER_ALONE, HELD_COLUMNS, KEPT

__all__ = ["rank_by_retention"]


def rank_by_retention(
    effects: Mapping[str, Sequence[CorruptionEffect]], resamples: PairedBootstrap
) -> pd.DataFrame:
    """Return how well each encoder holds, a row an encoder, the best first: `HELD_COLUMNS`.

    `kept`, the share of neighbours kept, decides: it needs no labels, and is the same question
    for every encoder; `holds_best` marks the encoder that keeps the most and those tied with it.
    It measures how constant an encoder is, not how good: one that sees only colours holds well
    against blur. A change in AMI would not do, for a value near chance cannot fall. Further
    columns are `changed`, the share of images that change their cluster, and with labels, by the
    first clusterer, the AMI of the clean images, that of the corrupted ones with its change, and
    `ami_best`, whether it is the best on these or tied with it.

    Each number is the mean over the corruptions that every encoder has; those of images, where
    there are any, else those of vectors. Encoders with none are left out. A single encoder has
    no rank.

    Args:
        effects: by encoder, what each corruption changed.
        resamples: of the images in `CleanBaseline`.
    """
    images = any(one.corruption.kind in CORRUPTIONS for many in effects.values() for one in many)
    by_corruption = {
        name: {effect.corruption: effect for effect in many if _counts(effect, images)}
        for name, many in effects.items()
    }
    by_corruption = {name: own for name, own in by_corruption.items() if own}
    common = sorted(set.intersection(*map(set, by_corruption.values()))) if by_corruption else []
    if not common:
        return pd.DataFrame(columns=HELD_COLUMNS)
    rows = {
        name: _row([own[corruption] for corruption in common], resamples)
        for name, own in by_corruption.items()
    }
    table = pd.DataFrame([row for row, _ in rows.values()], index=list(rows))
    for column, first in (("kept", "holds_best"), ("ami", "ami_best")):
        replicates = np.array([moved[column] for _, moved in rows.values()])
        ranks = rank_by(list(rows), table[column].tolist(), replicates)
        ranks = ranks.rename(columns={"tied_with_best": first})
        table = table.join(ranks if column == "kept" else ranks[first])
    table = table.rename_axis("encoder").reset_index()
    table = table.sort_values("kept", ascending=False, kind="stable", ignore_index=True)
    return table.reindex(columns=HELD_COLUMNS)


def _counts(effect: CorruptionEffect, images: bool) -> bool:
    """Whether the effect has a number, and is of images where there are such."""
    is_known = not np.isnan(effect.after[ENCODER_ALONE, KEPT].mean)
    return is_known and (effect.corruption.kind in CORRUPTIONS or not images)


def _row(
    effects: Sequence[CorruptionEffect], resamples: PairedBootstrap
) -> tuple[dict[str, float], dict[str, Float64[np.ndarray, " resamples"]]]:
    """Return an encoder's row, and `kept` and `ami` in each resample."""
    kept = _mean([effect.after[ENCODER_ALONE, KEPT] for effect in effects], resamples)
    changed = _mean([effect.after[ENCODER_ALONE, CHANGED] for effect in effects], resamples)
    old = new = (float("nan"), np.full(resamples.count, np.nan))
    main = next(iter(effects[0].before), None)
    if main and all(main in effect.before for effect in effects):
        old = _mean([effect.before[main] for effect in effects], resamples)
        new = _mean([effect.after[main] for effect in effects], resamples)
    row = _numbers("kept", kept, 0.0) | _numbers("changed", changed, 0.0)
    row |= {"ami_clean": old[0]} | _numbers("ami", new, -1.0)
    row |= _numbers("ami_change", (new[0] - old[0], new[1] - old[1]), -2.0, 2.0)
    return row, {"kept": kept[1], "ami": new[1]}


_Mean = tuple[float, Float64[np.ndarray, " resamples"]]


def _mean(scores: Sequence[Estimate], resamples: PairedBootstrap) -> _Mean:
    """Return the mean of several scores, and its value in each resample."""
    return float(np.mean([score.mean for score in scores])), resamples.of(scores).mean(axis=0)


def _numbers(name: str, mean: _Mean, low: float, high: float = 1.0) -> dict[str, float]:
    ends = interval(*mean, low, high)
    return {name: mean[0], f"{name}_low": ends[0], f"{name}_high": ends[1]}
