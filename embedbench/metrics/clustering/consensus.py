"""Consensus: how far an encoder's partitions agree with those of the others, by families."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int

from embedbench.metrics.base import Estimate
from embedbench.metrics.clustering.agreement import ami_score

__all__ = ["FAMILY", "consensus_scores", "similar_groups"]

FAMILY = 0.95
"""Encoders at least this much alike (linear CKA) have one voice in the consensus."""


def similar_groups(alike: Float64[np.ndarray, "encoders encoders"]) -> Int[np.ndarray, " encoders"]:
    """Return the family of each encoder, from their linear CKA with each other."""
    family = np.arange(len(alike))
    for one, other in zip(*np.nonzero(alike >= FAMILY), strict=True):
        family[family == family[one]] = family[other]
    return np.asarray(family)


def consensus_scores(
    labels: Sequence[Int[np.ndarray, "ks seeds images"]],
    family: Int[np.ndarray, " encoders"],
    has_voice: Bool[np.ndarray, " encoders"] | None = None,
) -> list[Estimate]:
    """Return how well each encoder's partitions agree with those of the other families.

    It is the mean over the other families of the mean over their members of the AMI with the
    partition of the same k and of the first seed: at most 1, higher is more in agreement.
    Consensus is not truth: an encoder that is better than all others agrees with none. nan where
    there is no other family.

    Args:
        labels: of each encoder, at the same ks and seeds.
        family: the family of each.
        has_voice: whether the others are compared with it; all if None.
    """
    voices = [one for one in range(len(labels)) if has_voice is None or has_voice[one]]
    found = []
    for one, mine in enumerate(labels):
        others = [other for other in voices if family[other] != family[one]]
        sizes = {name: sum(family[other] == name for other in others) for name in family}
        weights = {other: 1 / sizes[family[other]] for other in others}
        parts = [
            (weight, ami_score(mine[k], labels[other][k][0]))
            for other, weight in weights.items()
            for k in range(len(mine))
        ]
        found.append(_weighted(parts, mine.shape[1:]))
    return found


def _weighted(parts: list[tuple[float, Estimate]], shape: tuple[int, ...]) -> Estimate:
    if not parts:
        nan = np.full(shape[0], np.nan)
        return Estimate(nan, np.zeros(shape), nan, 0)
    total = sum(weight for weight, _ in parts)
    return Estimate(
        np.asarray(sum(weight * score.estimates for weight, score in parts) / total),
        np.asarray(sum(weight * score.influence for weight, score in parts) / total),
        np.asarray(sum(weight * score.smoothing_error for weight, score in parts) / total),
        parts[0][1].n_images,
    )
