"""Clusterers: partition points for many numbers of clusters and seeds in one call."""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from jaxtyping import Int
from scipy.cluster.hierarchy import linkage, ward
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform
from sklearn.metrics.pairwise import cosine_distances

from embedbench.clustering.density import DensityTrees
from embedbench.clustering.distances import Distances
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.clustering.partitions import (
    Partitions,
    Points,
    distinct_rows,
    make_partitions,
)
from embedbench.clustering.subsample import assign_to_nearest, kmeans_from_sample, reduce_dimensions
from embedbench.errors import InputError
from embedbench.utils.spec import parse_fields, read_spec

__all__ = [
    "Agglomerative",
    "Clusterer",
    "Hdbscan",
    "KMeans",
    "check_k",
    "max_k",
    "parse_clusterer",
    "run_clusterers",
]


@runtime_checkable
class Clusterer(Protocol):
    """An algorithm that partitions points; with many images it may use a sample."""

    @property
    def name(self) -> str:
        """Name in the tables."""

    def run(
        self,
        points: Points,
        ks: Sequence[int],
        seeds: Sequence[int],
        limit: SampleLimit = DEFAULT_LIMIT,
    ) -> Partitions:
        """Return a partition for each k and seed that the algorithm uses."""


@dataclass(frozen=True)
class KMeans:
    """K-means, the best of many starts for each k and seed; see `embedbench.clustering.kmeans`."""

    @property
    def name(self) -> str:
        """Name in the tables."""
        return _name("kmeans", self)

    def run(
        self,
        points: Points,
        ks: Sequence[int],
        seeds: Sequence[int],
        limit: SampleLimit = DEFAULT_LIMIT,
    ) -> Partitions:
        """Return a partition for each k and seed.

        Raises:
            InputError: a k is too low or too high for the points.
        """
        check_k(points, ks, seeds)
        pairs = [(k, seed) for k in ks for seed in seeds]
        fits = kmeans_from_sample(points, pairs, limit.sample(len(points), seeds[0]))
        rows = [(k, seed, fit.inertia) for (k, seed), fit in zip(pairs, fits, strict=True)]
        return make_partitions(self.name, points, [fit.labels for fit in fits], rows)


@dataclass(frozen=True)
class Agglomerative:
    """Agglomerative clustering: one tree, cut at every k.

    Attributes:
        linkage: `ward` (Ward's, on Euclidean distance) or `average` (on cosine distance).
    """

    linkage: str = "ward"

    def __post_init__(self) -> None:
        if self.linkage not in ("average", "ward"):
            raise InputError(f"`linkage` must be one of average, ward; not '{self.linkage}'")

    @property
    def name(self) -> str:
        """Name in the tables."""
        return _name("agglomerative", self)

    def run(
        self,
        points: Points,
        ks: Sequence[int],
        seeds: Sequence[int],
        limit: SampleLimit = DEFAULT_LIMIT,
    ) -> Partitions:
        """Return a partition for each k.

        Raises:
            InputError: a k is too low or too high for the points.
        """
        check_k(points, ks, seeds)
        rows = [(k, seeds[0], np.nan) for k in ks]
        sample = limit.sample(len(points), seeds[0])
        if sample is not None:
            sampled = self.run(points[sample], ks, seeds).labels
            labels = [
                assign_to_nearest(points, sample, row, self.linkage == "average") for row in sampled
            ]
            return make_partitions(self.name, points, labels, rows)
        if self.linkage == "ward":
            tree = ward(Distances(points).condensed())
        else:
            distances = cosine_distances(points.astype(np.float64))
            tree = linkage(squareform(distances, checks=False), method="average")
        return make_partitions(self.name, points, [_cut(tree, k) for k in ks], rows)


@dataclass(frozen=True)
class Hdbscan:
    """HDBSCAN of the library hdbscan, on Euclidean distance; it finds the number of clusters.

    Attributes:
        min_cluster_size: smallest cluster; smaller groups are noise.
        min_samples: higher values mark more images as noise; 0 means `min_cluster_size`.
    """

    min_cluster_size: int = 5
    min_samples: int = 0

    def __post_init__(self) -> None:
        if self.min_cluster_size < 2:
            raise InputError(f"`min_cluster_size` must be at least 2; not {self.min_cluster_size}")
        if self.min_samples < 0:
            raise InputError(f"`min_samples` must be at least 0; not {self.min_samples}")

    @property
    def name(self) -> str:
        """Name in the tables."""
        return _name("hdbscan", self)

    def run(
        self,
        points: Points,
        ks: Sequence[int],
        seeds: Sequence[int],
        limit: SampleLimit = DEFAULT_LIMIT,
    ) -> Partitions:
        """Return one partition; HDBSCAN takes neither k nor seed."""
        return self.cut(DensityTrees(reduce_dimensions(points, limit)), points, seeds)

    def cut(self, trees: DensityTrees, points: Points, seeds: Sequence[int]) -> Partitions:
        """Return the partition of the points, from their trees."""
        labels = trees.labels(self.min_cluster_size, self.min_samples)
        return make_partitions(self.name, points, [labels], [(None, seeds[0], np.nan)])


_CLUSTERERS: dict[str, Any] = {"agglomerative": Agglomerative, "hdbscan": Hdbscan, "kmeans": KMeans}


def parse_clusterer(text: str) -> Clusterer:
    """Return the clusterer that `NAME[,field=value ...]` describes, such as `kmeans`.

    Raises:
        InputError: unknown clusterer or field, or an invalid value.
    """
    spec = read_spec(text)
    if spec.name not in _CLUSTERERS or spec.model is not None:
        raise InputError(f"unknown clusterer '{text}'; clusterers: {', '.join(_CLUSTERERS)}")
    cls = _CLUSTERERS[spec.name]
    clusterer: Clusterer = cls(**parse_fields(f"clusterer '{spec.name}'", cls, spec.fields))
    return clusterer


def run_clusterers(
    points: Points,
    clusterers: Sequence[Clusterer],
    ks: Sequence[int],
    seeds: Sequence[int],
    limit: SampleLimit = DEFAULT_LIMIT,
) -> Partitions:
    """Return the partitions of all clusterers, stacked.

    The runs have the extra column `seconds`: the time that the clusterer took for all its runs.

    Args:
        points: points to cluster, one row per image.
        clusterers: clusterers to run.
        ks: numbers of clusters, for clusterers that take one.
        seeds: seeds, for clusterers that take one; at least one.
        limit: with more images, quadratic steps use a sample.

    Raises:
        InputError: a k is too low or too high for the points, or there are no seeds.
    """
    if not seeds or not clusterers:
        raise InputError("at least one clusterer and one seed are needed")
    labels, runs = [], []
    trees = DensityTrees(reduce_dimensions(points, limit))
    for clusterer in clusterers:
        start = time.perf_counter()
        if isinstance(clusterer, Hdbscan):
            part = clusterer.cut(trees, points, seeds)
        else:
            part = clusterer.run(points, ks, seeds, limit)
        labels.append(part.labels)
        runs.append(part.runs.assign(seconds=round(time.perf_counter() - start, 3)))
    return Partitions(np.concatenate(labels), pd.concat(runs, ignore_index=True))


def max_k(points: Points) -> int:
    """Return the highest number of clusters that the points allow.

    It is the smaller of the number of images minus 1 and the number of distinct rows.
    """
    return min(len(points) - 1, distinct_rows(points))


def check_k(points: Points, ks: Sequence[int], seeds: Sequence[int]) -> None:
    """Raise InputError unless there is a seed, and each k fits the points."""
    if not seeds:
        raise InputError("at least one seed is needed")
    highest = max_k(points)
    for k in ks:
        if not 2 <= k <= highest:
            different = "" if highest == len(points) - 1 else f", {highest} of them different"
            raise InputError(
                f"`k` must be between 2 and {highest} for {len(points)} images{different}; not {k}"
                if highest >= 2
                else f"{len(points)} images{different} are too few to cluster"
            )


def _cut(tree: np.ndarray, k: int) -> Int[np.ndarray, " images"]:
    """Return the labels after cutting a linkage tree into k clusters."""
    images = len(tree) + 1
    merges = images - k
    parents = np.repeat(np.arange(images, images + merges), 2)
    children = tree[:merges, :2].astype(np.int64).ravel()
    edges = coo_array((np.ones(2 * merges), (parents, children)), shape=(2 * images, 2 * images))
    _, components = connected_components(edges, directed=False)
    labels: Int[np.ndarray, " images"] = components[:images]
    return labels


def _name(name: str, clusterer: Any) -> str:
    """Return the text from which `parse_clusterer` makes this clusterer."""
    changed = [
        f"{field.name}={getattr(clusterer, field.name)}"
        for field in dataclasses.fields(clusterer)
        if getattr(clusterer, field.name) != field.default
    ]
    return ",".join([name, *changed])
