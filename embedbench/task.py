"""What is to be analysed: images, labels, clusterers, spaces, seeds, and how much of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from embedbench.clustering.clusterers import Clusterer
from embedbench.clustering.limits import LIMITS, Limits
from embedbench.encoder import Vectors
from embedbench.memory import Memory, Size
from embedbench.metrics.bootstrap import Resamples
from embedbench.settings import KPlan

__all__ = ["Task"]


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be analysed.

    Attributes:
        images: their names.
        truth: codes of the labels, -1 where not known; None without labels.
        classes: the names of the labels.
        clusterers: each is run in every space.
        spaces: the first one leads: clusters are looked into there.
        plan: which numbers of clusters.
        seeds: the same for every encoder.
        similarity: how well each word fits each image; None without words.
        words: candidate names.
        groups: images of the same number are copies of one another.
        attributes: codes of what should not decide a clustering, by name: see `shortcuts`.
        maps: which planes are drawn: see `embedbench.analysis.projections.MAPS`.
        limits: up to how many images everything is looked at.
        memory: how much may be taken.
    """

    images: Sequence[str]
    truth: Int[np.ndarray, " images"] | None
    classes: Sequence[str]
    clusterers: Sequence[Clusterer]
    spaces: Sequence[str]
    plan: KPlan
    seeds: Sequence[int]
    similarity: Float[np.ndarray, "images words"] | None
    words: Sequence[str]
    groups: Int[np.ndarray, " images"]
    attributes: dict[str, Int[np.ndarray, " images"]]
    maps: Sequence[str]
    limits: Limits = LIMITS
    memory: Memory = field(default_factory=Memory.free)

    @property
    def resamples(self) -> Resamples:
        """The draws of images and seeds, the same wherever they are made."""
        return Resamples(self.groups, self.seeds[0])

    def size(self, vectors: Mapping[str, Vectors]) -> Size:
        """Return how large it is, with these vectors of the encoders."""
        runs = len(self.clusterers) * len(self.spaces) * len(self.plan.ks) * len(self.seeds)
        return Size(len(self.images), [rows.shape[1] for rows in vectors.values()], runs)
