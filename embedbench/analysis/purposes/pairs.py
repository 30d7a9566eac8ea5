"""Two encoders side by side: is a pair better than the best single encoder, by more than chance?"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32

from embedbench.analysis.inputs import Targets
from embedbench.analysis.purposes.scores import FORM_METRICS, form_scores
from embedbench.clustering.limits import SampleLimit
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.clustering.agreement import LEVEL
from embedbench.results.tables.purposes import PURPOSE_TABLES
from embedbench.vectors import side_by_side

__all__ = ["concatenation_rows", "concatenation_scores", "pairs_of"]

Names = tuple[str, ...]


def pairs_of(names: Sequence[str]) -> list[Names]:
    """Return each encoder alone, and every two."""
    return [*((name,) for name in names), *combinations(names, 2)]


def concatenation_scores(
    left: Vectors,
    right: Float32[np.ndarray, "images other"] | None,
    targets: Targets,
    purposes: Sequence[str],
    k: int,
    seed: int,
    limit: SampleLimit,
) -> dict[str, Estimate]:
    """Return the score of each purpose, of one encoder or of the unit vectors of two side by side.

    Args:
        left: embeddings of an encoder, one row per image.
        right: those of a second encoder; None for none.
        targets: labels and near-duplicate groups.
        purposes: which of them.
        k: number of clusters.
        seed: of K-means.
        limit: with more images, quadratic steps use a sample.
    """
    joined = left if right is None else side_by_side([left, right])
    sample = limit.sample(len(joined), seed)
    scores = form_scores(joined, targets, purposes, k, seed, sample)
    return {purpose: scores[purpose] for purpose in purposes}


def concatenation_rows(
    scores: Mapping[Names, Mapping[str, Estimate]],
    dims: Mapping[str, int],
    resamples: PairedBootstrap,
) -> pd.DataFrame:
    """Return the table `concatenations`: each purpose by pair, against the best single encoder.

    The intervals of the differences hold all at once for the pairs of a purpose: the largest
    deviation over the pairs, in standard errors, decides how wide they are. So of many pairs that
    are no better than the best encoder one is called better in at most 5 % of all cases.

    Args:
        scores: as `concatenation_scores` returns them, of single encoders and of pairs.
        dims: dimensions of each encoder.
        resamples: of the images.
    """
    rows: list[dict[str, Any]] = []
    for purpose in next(iter(scores.values()), {}):
        own = {names: by_purpose[purpose] for names, by_purpose in scores.items()}
        moved = dict(zip(own, resamples.of(list(own.values())), strict=True))
        singles = [names for names in own if len(names) == 1]
        best = max(singles, key=lambda names: own[names].mean)
        pairs = [names for names in own if len(names) == 2]
        if not pairs:  # all encoders but one failed
            continue
        differences = np.array([own[names].mean - own[best].mean for names in pairs])
        deviations = np.array([moved[names] - moved[best] for names in pairs])
        deviations -= differences[:, None]
        errors = deviations.std(axis=1)
        largest = np.abs(deviations / np.maximum(errors, 1e-12)[:, None]).max(axis=0)
        reach = np.quantile(largest, LEVEL) * errors
        for names, difference, width in zip(pairs, differences, reach, strict=True):
            low, high = interval(own[names].mean, moved[names], own[names].low, 1.0)
            rows.append(
                {
                    "encoder": names[0],
                    "other": names[1],
                    "purpose": purpose,
                    "metric": FORM_METRICS[purpose],
                    "dim": dims[names[0]] + dims[names[1]],
                    "value": own[names].mean,
                    "low": low,
                    "high": high,
                    "best": best[0],
                    "difference": difference,
                    "difference_low": difference - width,
                    "difference_high": difference + width,
                    "is_better": bool(difference - width > 0),
                }
            )
    return pd.DataFrame(rows, columns=list(PURPOSE_TABLES["concatenations"].columns))
