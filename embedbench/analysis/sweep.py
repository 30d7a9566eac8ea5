"""One encoder in one space: cluster it in every way, score it, look into the main partition."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32, Int

from embedbench.analysis.k_selection import KSelection, select_k
from embedbench.clustering.clusterers import Clusterer, KMeans, run_clusterers
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.clustering.partitions import Partitions, Points, noise_as_singletons
from embedbench.clustering.spaces import to_space
from embedbench.clustering.subsample import sample_points
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.agreement import accuracy_score, ami_score, ari_score
from embedbench.metrics.clustering.evaluate import evaluate
from embedbench.metrics.clustering.silhouette import silhouettes_of
from embedbench.metrics.clustering.stability import stability

__all__ = ["KCandidate", "Sweep", "comparison_rows", "kmeans_labels_at", "sweep_encoder"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """All partitions of one encoder in one space, scored.

    Attributes:
        points: the images in the space.
        labels: a row a run.
        runs: a row a run: `clusterer, k, seed, inertia, seconds` and every metric but stability.
        silhouettes: of each image in each run, noise images as clusters of their own.
        choice: the ks that the criteria choose; None if they were not asked.
        sample: of many images, the rows of those that steps look at that would grow with the
            square of their number: the others have no silhouette (nan). None: all.
    """

    points: Points
    labels: Int[np.ndarray, "runs images"]
    runs: pd.DataFrame
    silhouettes: Float32[np.ndarray, "runs images"]
    choice: KSelection | None
    sample: Int[np.ndarray, " sampled"] | None = None


@dataclass(frozen=True)
class KCandidate:
    """A row of the comparison to be: a k, and where it comes from."""

    k_from: str
    k: int | None


def sweep_encoder(
    vectors: Vectors,
    space: str,
    clusterers: Sequence[Clusterer],
    ks: Sequence[int],
    seeds: Sequence[int],
    truth: Int[np.ndarray, " images"] | None,
    choose_from: Sequence[int],
    limits: SampleLimit = DEFAULT_LIMIT,
) -> Sweep:
    """Return all runs of the clusterers in the space, with their metrics.

    Args:
        vectors: what the encoder made.
        space: what the clusterers see.
        clusterers: each is run for every k and seed.
        ks: numbers of clusters, rising.
        seeds: the same for every encoder.
        truth: codes of the labels, -1 where not known; None without labels.
        choose_from: the ks of which the criteria choose one; none if they are not asked.
        limits: up to how many images everything is looked at.
    """
    points = to_space(vectors, space, seeds[0])
    sample = limits.sample(len(points), seeds[0])
    partitions = run_clusterers(points, clusterers, ks, seeds, limits)
    labels = partitions.labels
    metrics, profiles = evaluate(points, labels, truth, sample)
    runs = pd.concat([partitions.runs, metrics], axis=1)
    runs["silhouette_l2"] = (
        runs["silhouette"] if space == "l2" else _silhouette_l2(vectors, labels, seeds[0], sample)
    )
    scored = Sweep(points, labels, runs, profiles.astype(np.float32), None, sample)
    if not choose_from:
        return scored
    return replace(scored, choice=_choose(scored, choose_from, seeds))


def _silhouette_l2(
    vectors: Vectors,
    labels: Int[np.ndarray, "runs images"],
    seed: int,
    sample: Int[np.ndarray, " sampled"] | None,
) -> Float[np.ndarray, " runs"]:
    """The silhouettes of the same clusters among the vectors: a plane makes its own clusters."""
    rows = to_space(vectors, "l2", seed)
    profiles = silhouettes_of(rows, noise_as_singletons(labels), sample)
    means: Float[np.ndarray, " runs"]
    means = (profiles if sample is None else profiles[:, sample]).mean(axis=1)
    return means


def _choose(scored: Sweep, ks: Sequence[int], seeds: Sequence[int]) -> KSelection:
    """The criteria read the K-means sweep; where none was asked for, one is made for them.

    Of many images one is made of the sample, which is held against references of its own size.
    """
    runs, points = scored.runs, scored.points
    points = points if scored.sample is None else points[scored.sample]
    mine = ((runs["clusterer"] == "kmeans") & runs["k"].isin(ks)).to_numpy()
    if mine.any() and scored.sample is None:
        columns = runs.loc[mine, list(_RUN)].reset_index(drop=True)
        kmeans = Partitions(scored.labels[mine], columns)
        silhouette = runs.loc[mine, "silhouette"].to_numpy()
    else:
        kmeans = KMeans().run(points, ks, seeds[:1])
        silhouette = evaluate(points, kmeans.labels, None)[0]["silhouette"].to_numpy()
    return select_k(points, kmeans, silhouette, seeds[0])


_RUN = ("clusterer", "k", "seed", "inertia")


def comparison_rows(
    scored: Sweep,
    clusterers: Sequence[Clusterer],
    candidates: Sequence[KCandidate],
    truth: Int[np.ndarray, " images"] | None,
    resamples: PairedBootstrap | None,
    seed: int,
) -> tuple[pd.DataFrame, dict[str, dict[str, Estimate]]]:
    """Return a row for each clusterer and way of choosing k, and the scores of the first ways.

    Numbers are means over the seeds. AMI, ARI, accuracy and silhouette have an interval,
    `NAME_low` and `NAME_high`, over images and seeds, unless there are no resamples to make it
    from; stability has one over its subsamples. A clusterer that finds its own number of clusters
    has one row, `own`. A candidate without a k has a row without numbers: no clear k.

    Returns:
        The rows; by clusterer and metric the score at the first candidate, or at its own k.
    """
    points = sample_points(scored.points, scored.sample)
    rows: list[dict[str, Any]] = []
    first: dict[str, dict[str, Estimate]] = {}
    for clusterer in clusterers:
        mine = scored.runs[scored.runs["clusterer"] == clusterer.name]
        known: dict[int | None, dict[str, float]] = {}
        own = [KCandidate("own", None)] if mine["k"].isna().all() else candidates
        for candidate in own:
            row: dict[str, Any] = {
                "clusterer": clusterer.name,
                "k": candidate.k,
                "k_from": candidate.k_from,
            }
            if candidate.k is None and candidate.k_from != "own":
                rows.append(row)
                continue
            if candidate.k not in known:
                chosen = mine if candidate.k is None else mine[mine["k"] == candidate.k]
                scores = _scores(scored, chosen.index.to_numpy(), truth)
                first.setdefault(clusterer.name, scores)
                known[candidate.k] = (
                    _mean(chosen)
                    | ({} if resamples is None else _intervals(scores, resamples))
                    | _stability(points, clusterer, candidate.k, seed)
                )
            rows.append(row | known[candidate.k])
    return pd.DataFrame(rows), first


def _mean(runs: pd.DataFrame) -> dict[str, float]:
    """Return means over the seeds."""
    metrics = runs.drop(columns=[*_RUN, "seconds"])
    row = {str(name): float(value) for name, value in metrics.mean().items()}
    return row | {"seconds": float(runs["seconds"].iloc[0])}


def _scores(
    scored: Sweep, rows: Int[np.ndarray, " seeds"], truth: Int[np.ndarray, " images"] | None
) -> dict[str, Estimate]:
    """Return the scores of these runs, one a seed."""
    scores = {"silhouette": mean_estimate(scored.silhouettes[rows].astype(np.float64), low=-1.0)}
    if truth is None:
        return scores
    labels = noise_as_singletons(scored.labels[rows])
    return scores | {
        "ami": ami_score(labels, truth),
        "ari": ari_score(labels, truth),
        "accuracy": accuracy_score(labels, truth),
    }


def _intervals(scores: dict[str, Estimate], resamples: PairedBootstrap) -> dict[str, float]:
    """Return `NAME_low` and `NAME_high` of each score."""
    row: dict[str, float] = {}
    for name, (low, high) in resamples.intervals(scores).items():
        row |= {f"{name}_low": low, f"{name}_high": high}
    return row


def _stability(points: Points, clusterer: Clusterer, k: int | None, seed: int) -> dict[str, float]:
    found = stability(points, clusterer, k, seed)
    return {
        "stability": found.value,
        "stability_low": found.low,
        "stability_high": found.high,
    }


def kmeans_labels_at(
    scored: Sweep, ks: Sequence[int], seeds: Sequence[int], limits: SampleLimit = DEFAULT_LIMIT
) -> Int[np.ndarray, "ks seeds images"]:
    """Return the K-means partitions at these ks, from the sweep or, where it has none, made here.

    Args:
        scored: the sweep.
        ks: numbers of clusters.
        seeds: those of the sweep, or some of them.
        limits: up to how many images everything is looked at.
    """
    runs = scored.runs
    mine = (runs["clusterer"] == "kmeans") & runs["k"].isin(ks) & runs["seed"].isin(seeds)
    if not mine.any():
        partitions = KMeans().run(scored.points, ks, seeds, limits)
        return partitions.labels.reshape(len(ks), len(seeds), -1)
    return scored.labels[mine.to_numpy()].reshape(len(ks), len(seeds), -1)
