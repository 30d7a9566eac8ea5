"""One set of images by one encoder, measured in every way: its clusters and its neighbours."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from embedbench.analysis.inputs import EvaluationSettings
from embedbench.analysis.sweep import KCandidate, comparison_rows, sweep_encoder
from embedbench.clustering.clusterers import max_k
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.embedding.geometry import (
    anisotropy,
    effective_rank,
    hubness,
    intrinsic_dimension,
)
from embedbench.metrics.embedding.linear_probe import probe_correct
from embedbench.metrics.embedding.neighbours import (
    NEIGHBOURS,
    Neighbourhood,
    knn_correct,
    neighbourhood,
)
from embedbench.results.schema import ENCODER_ALONE

__all__ = ["Evaluation", "evaluate_clusters", "evaluate_vectors"]

_NO_METRIC = {"clusterer", "k", "k_from", "seconds"}
_NO_MEAN = ("_clustered", "_low", "_high", "_l2")

Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was found, by clusterer and metric.

    Attributes:
        values: means over the seeds; nan where a number is not defined. Metrics are those of
            `embedbench.metrics`; those of the vectors alone stand under `ENCODER_ALONE`.
        scores: of those metrics of which each image's influence is known.
        k: the number of clusters asked of the clusterers.
    """

    values: dict[Key, float]
    scores: dict[Key, Estimate]
    k: int


def evaluate_clusters(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    how: EvaluationSettings,
) -> Evaluation:
    """Return every metric of the images, clustered on their own.

    Args:
        vectors: what the encoder made of these images.
        truth: codes of the labels, -1 where not known; None without labels.
        groups: images of the same number are copies of one another.
        how: clusterers, space, k and seeds.

    Raises:
        InputError: the images are too few or too much alike to be clustered.
    """
    groups = np.unique(groups, return_inverse=True)[1]
    k = max(2, min(how.k, max_k(vectors)))
    sweep = sweep_encoder(vectors, how.space, how.clusterers, [k], how.seeds, truth, (), how.limits)
    rows, by_clusterer = comparison_rows(
        sweep, how.clusterers, [KCandidate("given", k)], truth, None, how.seeds[0]
    )
    values: dict[Key, float] = {
        (str(row["clusterer"]), str(name)): float(row[name])
        for row in rows.to_dict("records")
        for name in row
        if not (name in _NO_METRIC or str(name).endswith(_NO_MEAN))
    }
    scores = {
        (clusterer, metric): score
        for clusterer, found in by_clusterer.items()
        for metric, score in found.items()
    }
    _, alone, numbers = evaluate_vectors(vectors, truth, groups, how.seeds[0], how.limits)
    scores |= {(ENCODER_ALONE, name): score for name, score in alone.items()}
    values |= {(ENCODER_ALONE, name): score.mean for name, score in alone.items()}
    values |= {(ENCODER_ALONE, name): value for name, value in numbers.items()}
    return Evaluation(values, scores, k)


def evaluate_vectors(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    seed: int,
    limits: SampleLimit = DEFAULT_LIMIT,
) -> tuple[Neighbourhood, dict[str, Estimate], dict[str, float]]:
    """Return the neighbours of the images, the scores with labels, the numbers without.

    Args:
        vectors: what an encoder made.
        truth: codes of the labels, -1 where not known; None without labels: no scores.
        groups: images of the same number are copies of one another.
        seed: of the folds of the linear probe, and of the sample of many images.
        limits: up to how many images everything is looked at.
    """
    asked = limits.sample(len(vectors), seed)
    found = neighbourhood(vectors, truth, groups, asked=asked)
    numbers = {
        "hubness": hubness(found, NEIGHBOURS),
        "anisotropy": anisotropy(vectors),
        "effective_rank": effective_rank(vectors),
        "intrinsic_dimension": intrinsic_dimension(vectors, asked=asked),
    }
    if truth is None:
        return found, {}, numbers
    assert found.average_precision is not None and found.r_precision is not None
    per_image = {
        "knn_accuracy": (knn_correct(found, truth, NEIGHBOURS), None),
        "retrieval_map": (found.average_precision, found.precision_influence),
        "r_precision": (found.r_precision, found.r_precision_influence),
        "linear_probe": (probe_correct(vectors, truth, groups, seed), None),
    }
    # Of a sample every labelled image can be found, also those that were not asked.
    moving = None if asked is None else truth >= 0
    scores = {
        name: mean_estimate(values[None], moves=moves, moving=moving)
        for name, (values, moves) in per_image.items()
    }
    return found, scores, numbers
