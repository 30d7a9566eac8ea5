"""Limit of the steps that are quadratic in the number of images, and what they do above it.

Some steps compare every image with every other. Above `SampleLimit.images` they use a seeded
sample, the same for every encoder, and the run says so (`remarks`). `docs/explanation/growth.md`
has the measurements behind the limit, and what each approximation costs in fidelity.

| step | above the limit |
|---|---|
| silhouettes | of the sample, each against all images |
| neighbours, retrieval, kNN accuracy, hubness, intrinsic dimension | the same |
| K-means | all starts on the sample, the best refined on all images |
| agglomerative | tree of the sample; each other image joins the nearest cluster |
| HDBSCAN | all images, on their first 20 principal components |
| choice of k, its curves | sample only |
| stability | sample only, on the first 20 principal components |
| maps | sample only |

The limit does not depend on the machine, so the tables are the same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

__all__ = ["DEFAULT_LIMIT", "Rows", "SampleLimit", "remarks"]

Rows = Int[np.ndarray, " sampled"]


@dataclass(frozen=True)
class SampleLimit:
    """The largest number of images for quadratic steps.

    Attributes:
        images: with more images, quadratic steps use a sample of this size. At 5,000 the whole
            comparison of one encoder takes minutes on one core, and a silhouette's standard error
            is below 0.005; ten times as many images would take a hundred times as long.
    """

    images: int = 5000

    def sample(self, images: int, seed: int) -> Rows | None:
        """Return the rows of the sample, rising; None where all images are used.

        Args:
            images: number of images.
            seed: of the sample.
        """
        if images <= self.images:
            return None
        random = np.random.default_rng(seed)
        return np.sort(random.choice(images, self.images, replace=False, shuffle=False))


DEFAULT_LIMIT = SampleLimit()


def remarks(
    images: int, clusterers: Sequence[str], limit: SampleLimit = DEFAULT_LIMIT
) -> list[str]:
    """Return remarks on numbers that are not of all images; none where all are.

    Args:
        images: number of images compared.
        clusterers: their names in the tables.
        limit: with more images, quadratic steps use a sample.
    """
    if images <= limit.images:
        return []
    some, every = f"{limit.images:,}", f"{images:,}"
    forms = {
        "kmeans": f"all starts on {some} images, the best refined on all",
        "agglomerative": f"tree of {some} images, the others assigned to the nearest cluster",
        "hdbscan": "on the first 20 principal components, where clusters differ from those in the "
        "full space",
    }
    return [
        f"silhouettes: of {some} of the {every} images, each against all; the intervals include "
        "the variation between samples",
        f"neighbours, retrieval, kNN accuracy, hubness, intrinsic dimension and disagreement: of "
        f"{some} of the {every} images, each against all",
        *(
            f"{name}: {forms[name.partition(',')[0]]}"
            for name in clusterers
            if name.partition(",")[0] in forms
        ),
        f"the choice of k and its curves: from {some} of the {every} images",
        f"stability: of {some} of the {every} images, on the first 20 principal components",
        f"maps: {some} of the {every} images",
    ]
