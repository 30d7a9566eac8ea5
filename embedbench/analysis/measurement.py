"""All metrics of one set of images by one encoder: its clusters and its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.sweep import KCandidate, comparison_rows, sweep_encoder
from embedbench.clustering.clusterers import max_k
from embedbench.clustering.limits import DEFAULT_LIMIT, Rows, SampleLimit
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate
from embedbench.metrics.embedding.classification import knn_score
from embedbench.metrics.embedding.geometry import (
    anisotropy,
    effective_rank,
    hubness,
    intrinsic_dimension,
)
from embedbench.metrics.embedding.linear_probe import probe_score
from embedbench.metrics.embedding.neighbours import (
    NEIGHBOURS,
    Neighbourhood,
    neighbourhood,
)
from embedbench.metrics.embedding.retrieval import (
    KS,
    Retrieval,
    neighbours_and_retrieval,
    retrieval,
)
from embedbench.results.schema import ENCODER_ALONE

__all__ = ["Evaluation", "evaluate_clusters", "evaluate_vectors", "neighbours_and_search"]

_NO_METRIC = {"clusterer", "k", "k_from", "seconds"}
_NO_MEAN = ("_clustered", "_low", "_high", "_l2")

Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All metrics of one set of images, by clusterer and metric.

    Attributes:
        values: means over the seeds; nan where a number is not defined. Metrics are those of
            `embedbench.metrics`; those of the vectors alone stand under `ENCODER_ALONE`.
        scores: of those metrics for which each image's influence is known.
        k: the number of clusters given to the clusterers.
    """

    values: dict[Key, float]
    scores: dict[Key, Estimate]
    k: int


def evaluate_clusters(
    vectors: Vectors, targets: Targets, settings: EvaluationSettings
) -> Evaluation:
    """Return every metric of the images, clustered on their own.

    Args:
        vectors: embeddings, one row per image.
        targets: labels and near-duplicate groups of these images.
        settings: clusterers, space, k, seeds and limit.

    Raises:
        InputError: the images are too few or too much alike to be clustered.
    """
    k = max(2, min(settings.k, max_k(vectors)))
    settings = replace(settings, ks=(k,))
    sweep = sweep_encoder(vectors, targets.labels, settings)
    rows, by_clusterer = comparison_rows(
        sweep, targets.labels, settings, [KCandidate("given", k)], None
    )
    values: dict[Key, float] = {
        (str(row["clusterer"]), str(name)): float(row[name])
        for row in rows.to_dict("records")
        for name in row
        if not (name in _NO_METRIC or str(name).endswith(_NO_MEAN))
    }
    scores = {
        (clusterer, metric): score
        for clusterer, by_metric in by_clusterer.items()
        for metric, score in by_metric.items()
    }
    _, _, alone, numbers = evaluate_vectors(vectors, targets, settings.seed, settings.limit)
    scores |= {(ENCODER_ALONE, name): score for name, score in alone.items()}
    values |= {(ENCODER_ALONE, name): score.mean for name, score in alone.items()}
    values |= {(ENCODER_ALONE, name): value for name, value in numbers.items()}
    return Evaluation(values, scores, k)


def evaluate_vectors(
    vectors: Vectors, targets: Targets, seed: int, limit: SampleLimit = DEFAULT_LIMIT
) -> tuple[Neighbourhood, Retrieval | None, dict[str, Estimate], dict[str, float]]:
    """Return neighbours, retrieval, the scores with labels, and the numbers without.

    Args:
        vectors: embeddings, one row per image.
        targets: near-duplicate groups, and labels: without them there are no scores, and
            retrieval is None.
        seed: of the folds of the linear probe, and of the sample of many images.
        limit: with more images, quadratic steps use a sample.
    """
    sample = limit.sample(len(vectors), seed)
    labels, groups = targets.labels, targets.groups
    found = None
    if labels is None:
        neighbours = neighbourhood(vectors, None, groups, asked=sample)
    else:
        neighbours, found = neighbours_and_search(vectors, targets, sample)
    numbers = {
        "hubness": hubness(neighbours, NEIGHBOURS),
        "anisotropy": anisotropy(vectors),
        "effective_rank": effective_rank(vectors),
        "intrinsic_dimension": intrinsic_dimension(vectors, asked=sample),
    }
    if labels is None or found is None:
        return neighbours, None, {}, numbers
    retrieved = found.estimates()
    scores = {
        "knn_accuracy": knn_score(neighbours, labels, groups, NEIGHBOURS),
        "retrieval_map": retrieved["average_precision"],
        "r_precision": retrieved["r_precision"],
        "linear_probe": probe_score(vectors, labels, groups, seed),
    }
    return neighbours, found, scores, numbers


def neighbours_and_search(
    vectors: Vectors,
    targets: Targets,
    sample: Rows | None,
    most: int = 50,
    ks: Sequence[int] | None = KS,
) -> tuple[Neighbourhood, Retrieval]:
    """Return the neighbours of the images, and how well queries find images of their label.

    Args:
        vectors: embeddings, one row per image.
        targets: labels, near-duplicate groups, and which images are queries.
        sample: sorted rows of the images to ask; None for all.
        most: number of neighbours to keep for each image.
        ks: as for `retrieval`.

    Raises:
        ValueError: there are no labels.
    """
    labels, groups, is_query = targets.labels, targets.groups, targets.is_query
    if labels is None:
        raise ValueError("`targets` has no labels")
    if is_query is None and not targets.keeps_duplicates:
        return neighbours_and_retrieval(vectors, labels, groups, most, sample, ks)
    asked, gallery = sample, None
    if is_query is not None:
        queries, gallery = np.flatnonzero(is_query), np.flatnonzero(~is_query)
        asked = queries if sample is None else np.intersect1d(queries, sample)
    return (
        neighbourhood(vectors, labels, groups, most, asked=sample),
        retrieval(vectors, labels, targets.search_groups, asked, gallery, ks),
    )
