"""Adapter from scikit-learn's clusterers to `Clusterer`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int
from sklearn.base import clone

from embedbench.clustering.clusterers import check_k
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.clustering.partitions import Partitions, Points, make_partitions
from embedbench.errors import InputError

__all__ = ["Estimator"]


@dataclass(frozen=True)
class Estimator:
    """Any object with scikit-learn's `fit_predict`.

    Each run clones it and sets `n_clusters` and `random_state`. Without `n_clusters` it does not
    run for each k; without `random_state`, not for each seed.

    Attributes:
        estimator: the object. Negative labels are noise.
        name: name in the tables.
    """

    estimator: Any
    name: str

    def run(
        self,
        points: Points,
        ks: Sequence[int],
        seeds: Sequence[int],
        limit: SampleLimit = DEFAULT_LIMIT,
    ) -> Partitions:
        """Return a partition for each k and seed that the estimator uses.

        Raises:
            InputError: a k is too low or too high, or the estimator does not return one label
                for each image.
        """
        takes_k = hasattr(self.estimator, "n_clusters")
        takes_seed = hasattr(self.estimator, "random_state")
        if takes_k:
            check_k(points, ks, seeds)
        own_ks: Sequence[int | None] = ks if takes_k else [None]
        labels, rows = [], []
        for k in own_ks:
            for seed in seeds if takes_seed else seeds[:1]:
                estimator = clone(self.estimator, safe=False)
                if takes_k:
                    estimator.n_clusters = k
                if takes_seed:
                    estimator.random_state = seed
                labels.append(self._fit_predict(estimator, points))
                rows.append((k, seed, float(getattr(estimator, "inertia_", np.nan))))
        return make_partitions(self.name, points, labels, rows)

    def _fit_predict(self, estimator: Any, points: Points) -> Int[np.ndarray, " images"]:
        labels = np.asarray(estimator.fit_predict(points))
        if labels.shape != (len(points),) or labels.dtype.kind not in "iu":
            raise InputError(
                f"clusterer '{self.name}' returned {labels.dtype} labels of shape {labels.shape}; "
                f"it must return one whole number for each of {len(points)} images"
            )
        return labels
