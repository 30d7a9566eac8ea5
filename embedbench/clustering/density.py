"""HDBSCAN with several settings on the same points: shared distances, one tree per `min_samples`.

The clusters equal those of the library hdbscan, image by image. Only where the library would
compute each distance again (Prim's algorithm, above 60 dimensions) does it get them precomputed.
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
"""With more, distances take over 2 GB; hdbscan's own way takes little memory, 10 times as long."""

_BLOCK = 64


class DensityTrees:
    """Cached single-linkage trees of HDBSCAN: a tree depends on `min_samples` only."""

    def __init__(self, points: Points) -> None:
        """Keep the points; trees are computed at first use."""
        self._points = points
        self._trees: dict[int, Any] = {}

    def labels(self, min_cluster_size: int, min_samples: int) -> Int[np.ndarray, " images"]:
        """Return the cluster of each image, -1 for noise.

        Args:
            min_cluster_size: smallest cluster; smaller groups are noise.
            min_samples: higher values mark more images as noise; 0 means `min_cluster_size`.
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
        """Return `make_tree` with a cache by `min_samples`; hdbscan calls this on its `memory`."""

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
        """Return the single-linkage tree of mutual reachability, made by hdbscan's functions."""
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
