"""Baseline of one encoder's sweep: scikit-learn and hdbscan called in a loop.

This is straightforward code with these libraries. A part of the runs can stand for all: its time
is multiplied accordingly.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from hdbscan import HDBSCAN
from scipy.optimize import linear_sum_assignment
from sklearn import metrics
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics.cluster import contingency_matrix

from embedbench.clustering.null_reference import null_references
from sweep_time import KS, SEEDS

__all__ = ["Plain"]

REFERENCES = 10
SUBSAMPLES = 10


@dataclass
class Plain:
    """The plain sweep of some points.

    Attributes:
        points: rows of unit length.
        truth: known label of each image.
        ks: numbers of clusters for the stability.
        seeds: how many of the 10 seeds to run.
        references: how many of the 20 null references to run.
        subsamples: how many of the 10 subsamples to cluster, at least 2.
        seconds: time of each step, extrapolated to all runs.
    """

    points: np.ndarray
    truth: np.ndarray
    ks: Sequence[int]
    seeds: int = len(SEEDS)
    references: int = REFERENCES
    subsamples: int = SUBSAMPLES
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> float:
        """Return the seconds of the whole sweep."""
        self.seconds.clear()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            self._sweep()
            self._choose_k()
            self._stability()
        return sum(self.seconds.values())

    def _sweep(self) -> None:
        times = len(SEEDS) / self.seeds
        with self._step("kmeans", times):
            by_kmeans = [_kmeans(self.points, k, seed) for k in KS for seed in SEEDS[: self.seeds]]
        with self._step("agglomerative"):
            others = [_ward(self.points, k) for k in KS]
        with self._step("hdbscan"):
            others.append(_hdbscan(self.points))
        with self._step("metrics", times):
            for labels in by_kmeans:
                self._metrics(labels)
        with self._step("metrics"):
            for labels in others:
                self._metrics(_alone(labels))
                if (labels < 0).any():
                    self._metrics(labels)

    def _metrics(self, labels: np.ndarray) -> list[float]:
        inside = labels >= 0
        points, labels, truth = self.points[inside], labels[inside], self.truth[inside]
        table = contingency_matrix(truth, labels)
        matched = linear_sum_assignment(table, maximize=True)
        samples = metrics.silhouette_samples(points, labels)
        return [
            samples.mean(),
            np.mean([samples[labels == cluster].mean() for cluster in np.unique(labels)]),
            metrics.calinski_harabasz_score(points, labels),
            metrics.davies_bouldin_score(points, labels),
            metrics.adjusted_mutual_info_score(truth, labels),
            metrics.adjusted_rand_score(truth, labels),
            metrics.normalized_mutual_info_score(truth, labels),
            *metrics.homogeneity_completeness_v_measure(truth, labels),
            metrics.fowlkes_mallows_score(truth, labels),
            table[matched].sum() / table.sum(),
            table.max(axis=0).sum() / table.sum(),
        ]

    def _choose_k(self) -> None:
        with self._step("choosing k", REFERENCES / self.references):
            for reference in null_references(self.points, 0, self.references):
                for k in KS:
                    metrics.silhouette_score(reference, _kmeans(reference, k, 0))

    def _stability(self) -> None:
        count = len(self.points)
        random = np.random.default_rng(0)
        samples = [random.permutation(count)[: count * 4 // 5] for _ in range(self.subsamples)]
        ways: list[Callable[[np.ndarray], np.ndarray]] = [_hdbscan]
        for k in self.ks:
            ways += [partial(_kmeans, k=k, seed=0), partial(_ward, k=k)]
        pairs = SUBSAMPLES * (SUBSAMPLES - 1) / (self.subsamples * (self.subsamples - 1))
        for way in ways:
            assignments = np.full((self.subsamples, count), -1)
            with self._step("stability", SUBSAMPLES / self.subsamples):
                for labels, sample in zip(assignments, samples, strict=True):
                    labels[sample] = _alone(way(self.points[sample]))
            with self._step("stability", pairs):
                for one, other in combinations(assignments, 2):
                    both = (one >= 0) & (other >= 0)
                    metrics.adjusted_mutual_info_score(one[both], other[both])

    @contextmanager
    def _step(self, name: str, times: float = 1) -> Iterator[None]:
        start = time.perf_counter()
        yield
        passed = times * (time.perf_counter() - start)
        self.seconds[name] = self.seconds.get(name, 0.0) + passed


def _kmeans(points: np.ndarray, k: int, seed: int) -> Any:
    return KMeans(k, n_init=10, random_state=seed).fit(points).labels_


def _ward(points: np.ndarray, k: int) -> Any:
    return AgglomerativeClustering(k).fit(points).labels_


def _hdbscan(points: np.ndarray) -> Any:
    return HDBSCAN(core_dist_n_jobs=1).fit(points.astype(np.float64)).labels_


def _alone(labels: np.ndarray) -> np.ndarray:
    """Return the labels with each noise image as its own cluster."""
    noise = labels < 0
    return np.where(noise, labels.max() + np.cumsum(noise), labels)
