"""Limit of the number of images for quadratic steps, and the forms that replace them above it.

Some steps take time or memory that grows with the square of the number of images: every image
against every other. Above `SampleLimit.images` they use a seeded sample instead, the same for
every encoder, and the run says so (`remarks`). `docs/growth.md` has the measurements behind the
number, and the loss of precision of each of these forms.

| step | above the limit |
|---|---|
| silhouettes | of the sample, each against all images |
| neighbours, retrieval, kNN accuracy, hubness, intrinsic dimension | the same |
| K-means | ten starts on the sample, the best one moved on with all images |
| agglomerative | the tree of the sample; the other images join the nearest cluster |
| HDBSCAN | all images, on their first 20 principal components |
| choice of k, its curves | the sample alone |
| stability | the sample alone, on the first 20 principal components |
| maps | the sample alone |
| duplicates by vector | each image against those of the cells near to it |

The limit does not depend on the machine, so that the tables are the same on every one.
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
        "kmeans": f"ten starts on {some} images, the best one moved on with all",
        "agglomerative": f"tree of {some} images, the others to the nearest cluster",
        "hdbscan": "on the first 20 principal components, which finds other clusters than in the "
        "full space",
    }
    return [
        f"silhouettes: of {some} of the {every} images, each against all; the intervals hold what "
        "other samples would give",
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
        "duplicates: each image held against those of the cells near to it, not against all",
    ]
