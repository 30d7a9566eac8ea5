"""One encoder in one space: cluster it in every way, score it, choose k."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32, Float64, Int

from embedbench.analysis.inputs import EvaluationSettings
from embedbench.analysis.k_selection import KSelection, inertia_from_one, select_k
from embedbench.clustering.clusterers import Clusterer, KMeans, run_clusterers
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.clustering.partitions import Partitions, Points, noise_as_singletons
from embedbench.clustering.spaces import check_lengths, to_space
from embedbench.clustering.subsample import sample_points
from embedbench.encoder import Vectors
from embedbench.errors import EmbedbenchError
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.agreement import accuracy_score, ami_score, ari_score
from embedbench.metrics.clustering.evaluate import evaluate
from embedbench.metrics.clustering.silhouette import silhouettes_of
from embedbench.metrics.clustering.stability import stability

__all__ = [
    "KCandidate",
    "Sweep",
    "choose_k",
    "comparison_rows",
    "inertia_curve",
    "kmeans_assignments_at",
    "sweep_encoder",
    "try_sweep",
]

Labels = Int[np.ndarray, " images"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """All partitions of one encoder in one space, scored.

    Attributes:
        points: the images in the space.
        assignments: the cluster of each image in each run.
        runs: a row a run: `clusterer, k, seed, inertia, seconds` and every metric but stability.
        silhouettes: of each image in each run, noise images as clusters of their own.
        choice: the ks that the criteria choose; None if they were skipped.
        sample: the rows that quadratic steps use: the other images have no silhouette (nan).
            None for all.
    """

    points: Points
    assignments: Int[np.ndarray, "runs images"]
    runs: pd.DataFrame
    silhouettes: Float32[np.ndarray, "runs images"]
    choice: KSelection | None
    sample: Int[np.ndarray, " sampled"] | None = None


@dataclass(frozen=True)
class KCandidate:
    """A row of the comparison to be made: a k, and where it comes from."""

    k_from: str
    k: int | None


def sweep_encoder(
    vectors: Vectors,
    labels: Labels | None,
    settings: EvaluationSettings,
) -> Sweep:
    """Run the clusterers for every k and seed, and return all runs with their metrics.

    Args:
        vectors: embeddings, one row per image.
        labels: class code of each image, -1 where unknown; None without labels.
        settings: clusterers, space, ks, seeds and limit.

    Raises:
        InputError: a k does not fit the images, or float32 does not hold the vectors' squares.
    """
    space, seeds = settings.space, settings.seeds
    points = to_space(vectors, space, settings.seed)
    check_lengths(points, space)
    sample = settings.sample(len(points))
    partitions = run_clusterers(points, settings.clusterers, settings.ks, seeds, settings.limit)
    assignments = partitions.labels
    metrics, profiles = evaluate(points, assignments, labels, sample)
    runs = pd.concat([partitions.runs, metrics], axis=1)
    runs["silhouette_l2"] = (
        runs["silhouette"]
        if space == "l2"
        else _silhouette_l2(vectors, assignments, settings.seed, sample)
    )
    return Sweep(points, assignments, runs, profiles.astype(np.float32), None, sample)


def try_sweep(vectors: Vectors, labels: Labels | None, settings: EvaluationSettings) -> Sweep | str:
    """Return the sweep, or the reason why the vectors cannot be clustered."""
    try:
        return sweep_encoder(vectors, labels, settings)
    except EmbedbenchError as error:
        return str(error)


def _silhouette_l2(
    vectors: Vectors,
    assignments: Int[np.ndarray, "runs images"],
    seed: int,
    sample: Int[np.ndarray, " sampled"] | None,
) -> Float[np.ndarray, " runs"]:
    """Return the silhouettes of the same clusters among the vectors.

    A projection makes clusters of its own; the vectors show whether they are there.
    """
    points = to_space(vectors, "l2", seed)
    profiles = silhouettes_of(points, noise_as_singletons(assignments), sample)
    means: Float[np.ndarray, " runs"]
    means = (profiles if sample is None else profiles[:, sample]).mean(axis=1)
    return means


def choose_k(sweep: Sweep, ks: Sequence[int], seeds: Sequence[int]) -> KSelection:
    """Return the ks that the criteria choose among these, by the K-means runs."""
    points = sample_points(sweep.points, sweep.sample)
    return select_k(points, *_kmeans_runs(sweep, ks, seeds), seeds[0])


def inertia_curve(
    sweep: Sweep, ks: Sequence[int], seeds: Sequence[int]
) -> Float64[np.ndarray, " from_one"]:
    """Return the logarithm of the mean inertia of K-means at k = 1 and at each of these ks."""
    kmeans, _ = _kmeans_runs(sweep, ks, seeds)
    inertia = kmeans.runs["inertia"].astype(float).groupby(kmeans.runs["k"].astype("int64")).mean()
    return inertia_from_one(sample_points(sweep.points, sweep.sample), inertia.to_numpy())


def _kmeans_runs(
    sweep: Sweep, ks: Sequence[int], seeds: Sequence[int]
) -> tuple[Partitions, Float[np.ndarray, " runs"]]:
    """Return the K-means runs and their silhouettes; make these runs where there are none.

    Of many images they are made on the sample, to compare with references of its own size.
    """
    runs = sweep.runs
    is_kmeans = ((runs["clusterer"] == "kmeans") & runs["k"].isin(ks)).to_numpy()
    if is_kmeans.any() and sweep.sample is None:
        columns = runs.loc[is_kmeans, list(_RUN)].reset_index(drop=True)
        kmeans = Partitions(sweep.assignments[is_kmeans], columns)
        return kmeans, runs.loc[is_kmeans, "silhouette"].to_numpy()
    points = sample_points(sweep.points, sweep.sample)
    kmeans = KMeans().run(points, ks, seeds[:1])
    return kmeans, evaluate(points, kmeans.labels, None)[0]["silhouette"].to_numpy()


_RUN = ("clusterer", "k", "seed", "inertia")


def comparison_rows(
    sweep: Sweep,
    labels: Labels | None,
    settings: EvaluationSettings,
    candidates: Sequence[KCandidate],
    resamples: PairedBootstrap | None,
    known: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, dict[str, dict[str, Estimate]]]:
    """Return a row for each clusterer and candidate, and the scores of the first candidates.

    Numbers are means over the seeds. AMI, ARI, accuracy and silhouette have an interval,
    `NAME_low` and `NAME_high`, over images and seeds, where resamples are given; stability has
    one over its subsamples. A clusterer that finds its own number of clusters has one row,
    `own`. A candidate without a k has a row without numbers: no clear k.

    Args:
        sweep: one encoder in one space.
        labels: class code of each image, -1 where unknown; None without labels.
        settings: those of the sweep.
        candidates: the ks to compare at, the first one first.
        resamples: of images and seeds; None for no intervals.
        known: rows that were made before, at some of the ks.

    Returns:
        The rows; by clusterer and metric the score at the first candidate, or at its own k.
    """
    points = sample_points(sweep.points, sweep.sample)
    rows: list[dict[str, Any]] = []
    first: dict[str, dict[str, Estimate]] = {}
    for clusterer in settings.clusterers:
        runs = sweep.runs[sweep.runs["clusterer"] == clusterer.name]
        numbers = _known_numbers(known, clusterer.name)
        clusterer_candidates = [KCandidate("own", None)] if runs["k"].isna().all() else candidates
        for candidate in clusterer_candidates:
            row: dict[str, Any] = {
                "clusterer": clusterer.name,
                "k": candidate.k,
                "k_from": candidate.k_from,
            }
            if candidate.k is None and candidate.k_from != "own":
                rows.append(row)
                continue
            if candidate.k not in numbers:
                chosen = runs if candidate.k is None else runs[runs["k"] == candidate.k]
                scores = _scores(sweep, chosen.index.to_numpy(), labels)
                first.setdefault(clusterer.name, scores)
                numbers[candidate.k] = (
                    _mean(chosen)
                    | ({} if resamples is None else _intervals(scores, resamples))
                    | _stability(points, clusterer, candidate.k, settings.seed)
                )
            rows.append(row | numbers[candidate.k])
    return pd.DataFrame(rows), first


def _known_numbers(
    known: pd.DataFrame | None, clusterer: str
) -> dict[int | None, dict[str, float]]:
    """Return the numbers of a clusterer's rows by their k."""
    if known is None:
        return {}
    rows = known[known["clusterer"] == clusterer]
    numbers = rows.drop(columns=["clusterer", "k", "k_from"]).astype(float).to_dict("records")
    return {
        None if k_from == "own" else int(k): {str(name): value for name, value in row.items()}
        for k, k_from, row in zip(rows["k"], rows["k_from"], numbers, strict=True)
    }


def _mean(runs: pd.DataFrame) -> dict[str, float]:
    """Return means over the seeds."""
    metrics = runs.drop(columns=[*_RUN, "seconds"])
    row = {str(name): float(value) for name, value in metrics.mean().items()}
    return row | {"seconds": float(runs["seconds"].iloc[0])}


def _scores(
    sweep: Sweep, rows: Int[np.ndarray, " seeds"], labels: Labels | None
) -> dict[str, Estimate]:
    """Return the scores of these runs, one a seed."""
    scores = {"silhouette": mean_estimate(sweep.silhouettes[rows].astype(np.float64), low=-1.0)}
    if labels is None:
        return scores
    assignments = noise_as_singletons(sweep.assignments[rows])
    return scores | {
        "ami": ami_score(assignments, labels),
        "ari": ari_score(assignments, labels),
        "accuracy": accuracy_score(assignments, labels),
    }


def _intervals(scores: dict[str, Estimate], resamples: PairedBootstrap) -> dict[str, float]:
    """Return `NAME_low` and `NAME_high` of each score."""
    row: dict[str, float] = {}
    for name, (low, high) in resamples.intervals(scores).items():
        row |= {f"{name}_low": low, f"{name}_high": high}
    return row


def _stability(points: Points, clusterer: Clusterer, k: int | None, seed: int) -> dict[str, float]:
    estimate = stability(points, clusterer, k, seed)
    return {
        "stability": estimate.value,
        "stability_low": estimate.low,
        "stability_high": estimate.high,
    }


def kmeans_assignments_at(
    sweep: Sweep, ks: Sequence[int], seeds: Sequence[int], limit: SampleLimit = DEFAULT_LIMIT
) -> Int[np.ndarray, "ks seeds images"]:
    """Return the K-means partitions at these ks: from the sweep, or made here if it has none.

    Args:
        sweep: one encoder in one space.
        ks: numbers of clusters.
        seeds: those of the sweep, or some of them.
        limit: with more images, quadratic steps use a sample.
    """
    runs = sweep.runs
    wanted = (runs["clusterer"] == "kmeans") & runs["k"].isin(ks) & runs["seed"].isin(seeds)
    if not wanted.any():
        partitions = KMeans().run(sweep.points, ks, seeds, limit)
        return partitions.labels.reshape(len(ks), len(seeds), -1)
    return sweep.assignments[wanted.to_numpy()].reshape(len(ks), len(seeds), -1)
