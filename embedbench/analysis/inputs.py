"""Inputs of the analysis, shared by all encoders."""

from collections.abc import Sequence
from dataclasses import dataclass

from embedbench.clustering.clusterers import Clusterer
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit

__all__ = ["EvaluationSettings"]


@dataclass(frozen=True)
class EvaluationSettings:
    """How a set of images is measured.

    Attributes:
        clusterers: each is run with every seed.
        space: what they see.
        k: the number of clusters; fewer where the images allow no more.
        seeds: the same for every set.
        limits: up to how many images everything is looked at.
    """

    clusterers: Sequence[Clusterer]
    space: str
    k: int
    seeds: Sequence[int]
    limits: SampleLimit = DEFAULT_LIMIT
