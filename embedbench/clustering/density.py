"""HDBSCAN of the same points in several ways: their distances once, a tree for each `min_samples`.

The clusters are those of the library hdbscan, image by image. Only where it would measure each
distance anew (Prim's algorithm, above 60 dimensions) does it get them ready-made.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from embedbench.clustering.distances import Distances
from embedbench.clustering.partitions import Points

__all__ = ["DensityTrees"]

_MOST_IMAGES = 10_000
"""More take 2 GB; hdbscan's own way takes little memory, and 10 times as long."""

_BLOCK = 64


class DensityTrees:
    """The trees that HDBSCAN cuts its clusters from: a tree depends on `min_samples` only."""

    def __init__(self, points: Points) -> None:
        """Prepare for the points; nothing is computed before it is asked for."""
        self._points = points
        self._trees: dict[int, Any] = {}

    def labels(self, min_cluster_size: int, min_samples: int) -> Int[np.ndarray, " images"]:
        """Return the cluster of each image, -1 for noise.

        Args:
            min_cluster_size: fewer images than this are noise, not a cluster.
            min_samples: the higher, the more images are noise; 0 is as `min_cluster_size`.
        """
        from hdbscan import HDBSCAN  # takes a second to import

        clusterer = HDBSCAN(
            min_cluster_size=min_cluster_size,
            min_samples=min_samples or None,
            core_dist_n_jobs=1,
            memory=self,
        )
        labels: Int[np.ndarray, " images"] = clusterer.fit_predict(self._points.astype(np.float64))
        return labels

    def cache(self, make_tree: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that makes a tree, or has it already: hdbscan asks its `memory`."""

        def tree(points: Any, min_samples: int, *options: Any, **more: Any) -> Any:
            if min_samples not in self._trees:
                by_prim = make_tree.__name__ == "_hdbscan_prims_kdtree"
                if by_prim and len(points) <= _MOST_IMAGES:
                    self._trees[min_samples] = self._by_prim(min_samples), None
                else:
                    self._trees[min_samples] = make_tree(points, min_samples, *options, **more)
            return self._trees[min_samples]

        return tree

    @cached_property
    def _distances(self) -> Float64[np.ndarray, "images images"]:
        return Distances(self._points).square()

    def _by_prim(self, min_samples: int) -> Float64[np.ndarray, "merges 4"]:
        """Return the single-linkage tree of the mutual reachability, by hdbscan's functions."""
        from hdbscan._hdbscan_linkage import label, mst_linkage_core

        distances = self._distances
        core = np.empty(len(distances))
        for start in range(0, len(distances), _BLOCK):
            rows = slice(start, start + _BLOCK)
            core[rows] = np.partition(distances[rows], min_samples, axis=1)[:, min_samples]
        reachability = np.maximum(distances, core)
        np.maximum(reachability, core[:, None], out=reachability)
        edges = mst_linkage_core(reachability)
        merges: Float64[np.ndarray, "merges 4"] = label(edges[np.argsort(edges[:, 2])])
        return merges
