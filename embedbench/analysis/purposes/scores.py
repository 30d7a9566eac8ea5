"""What a purpose costs: accuracy by the number of labels, and every purpose by the bytes a vector.

Each function is one step of the analysis: one encoder in, rows of a table out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int
from sklearn.preprocessing import normalize

from embedbench.analysis.inputs import Targets
from embedbench.analysis.measurement import neighbours_and_search
from embedbench.analysis.purposes.forms import bytes_of, forms_of, to_forms
from embedbench.clustering.clusterers import max_k
from embedbench.clustering.limits import SampleLimit
from embedbench.clustering.subsample import kmeans_from_sample
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.metrics.embedding.classification import knn_depth, knn_score
from embedbench.metrics.embedding.few_shot import few_shot
from embedbench.metrics.embedding.neighbours import NEIGHBOURS
from embedbench.metrics.embedding.retrieval import Retrieval
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING, SEARCH, WORDS

__all__ = [
    "FORM_METRICS",
    "SIZE_COLUMNS",
    "few_shot_rows",
    "form_rows",
    "form_scores",
    "search_rows",
    "size_rows",
]

FORM_METRICS = {CLUSTERING: "ami", SEARCH: "retrieval_map", CLASSIFICATION: "knn_accuracy"}
"""The metric that tells what a smaller form costs each purpose."""

SIZE_COLUMNS = [
    "purpose", "metric", "form", "bytes", "value", "low", "high", "difference", "difference_low",
    "difference_high", "smallest", "reason",
]  # fmt: skip
"""Of the rows that tell what smaller forms cost."""

_WHOLE = "float32"
_SHARES = (CLASSIFICATION, WORDS)
"""Purposes whose metric is a share of images."""

_SEEDS = 3
"""K-means runs of each form."""

_SEARCH_NAMES = {"average_precision": "retrieval_map"}
"""Scores that have another name in the tables."""


def search_rows(found: Retrieval, resamples: PairedBootstrap) -> pd.DataFrame:
    """Return the scores of search: `metric, value, low, high, queries, unanswered`.

    Args:
        found: the scores of each query.
        resamples: of the images.
    """
    estimates = found.estimates()
    intervals = resamples.intervals(estimates)
    rows = [
        {
            "metric": _SEARCH_NAMES.get(name, name.replace("@", "_at_")),
            "value": estimate.mean,
            "low": intervals[name][0],
            "high": intervals[name][1],
            "queries": estimate.n_images,
            "unanswered": len(found.unanswered),
        }
        for name, estimate in estimates.items()
    ]
    return pd.DataFrame(rows)


def few_shot_rows(
    vectors: Vectors, targets: Targets, seed: int, resamples: PairedBootstrap
) -> pd.DataFrame:
    """Return the few-shot curve: `shots, value, low, high, chance, classes, reason`.

    Args:
        vectors: embeddings, one row per image.
        targets: labels and near-duplicate groups.
        seed: of the draws, which are the same for every encoder.
        resamples: of the images.
    """
    assert targets.labels is not None
    found = few_shot(vectors, targets.labels, targets.groups, seed=seed)
    intervals = resamples.intervals({str(shots): one for shots, one in found.estimates.items()})
    rows = []
    for shots, classes in found.classes.items():
        row: dict[str, Any] = {"shots": shots, "value": np.nan, "low": np.nan, "high": np.nan}
        if shots in found.estimates:
            low, high = intervals[str(shots)]
            row |= {"value": found.estimates[shots].mean, "low": low, "high": high}
        chance = 1 / classes if shots in found.estimates else np.nan
        reason = found.reasons.get(shots, "")
        rows.append(row | {"chance": chance, "classes": classes, "reason": reason})
    return pd.DataFrame(rows)


def size_rows(
    vectors: Vectors,
    targets: Targets,
    purposes: Sequence[str],
    k: int,
    seed: int,
    limit: SampleLimit,
    resamples: PairedBootstrap,
    trained_for: Sequence[int] = (),
) -> pd.DataFrame:
    """Return each purpose by form of the vectors, with the difference to the whole vectors.

    Columns: `purpose, metric, form, bytes, value, low, high, difference, difference_low,
    difference_high, smallest, reason`. `smallest` is the form of the fewest bytes whose
    difference to float32 may be 0, by its interval over images; forms of more bytes that are
    worse do not exclude it. A form that does not apply has a reason and no numbers.

    Args:
        vectors: embeddings, one row per image; forms are fitted on all of them.
        targets: labels and near-duplicate groups.
        purposes: which of them.
        k: number of clusters.
        seed: of K-means and of product quantisation.
        limit: with more images, quadratic steps use a sample.
        resamples: of the images.
        trained_for: as for `forms_of`.
    """
    dim = vectors.shape[1]
    forms, reasons = forms_of(dim, len(vectors), trained_for)
    sample = limit.sample(len(vectors), seed)
    scores = {
        form: form_scores(stored, targets, purposes, k, seed, sample)
        for form, stored in to_forms(vectors, forms, seed).items()
    }
    rows: list[dict[str, Any]] = []
    for purpose in purposes:
        own = {form: by_purpose[purpose] for form, by_purpose in scores.items()}
        rows += form_rows(purpose, FORM_METRICS[purpose], own, reasons, dim, resamples)
    return pd.DataFrame(rows, columns=SIZE_COLUMNS)


def form_scores(
    vectors: Vectors,
    targets: Targets,
    purposes: Sequence[str],
    k: int,
    seed: int,
    sample: Int[np.ndarray, " sampled"] | None,
) -> dict[str, Estimate]:
    """Return the score of each of these purposes by `FORM_METRICS`, and compute no other.

    Args:
        vectors: embeddings, one row per image.
        targets: labels and near-duplicate groups.
        purposes: which of them.
        k: number of clusters.
        seed: of K-means.
        sample: rows of the images that quadratic steps use; None for all.
    """
    labels, groups = targets.labels, targets.groups
    assert labels is not None
    scores: dict[str, Estimate] = {}
    if CLUSTERING in purposes:
        points = normalize(vectors.astype(np.float64)).astype(np.float32)
        fewer = max(1, min(k, max_k(points)))
        pairs = [(fewer, seed + number) for number in range(_SEEDS)]
        runs = np.array([fit.labels for fit in kmeans_from_sample(points, pairs, sample)])
        scores[CLUSTERING] = ami_score(runs, labels)
    if SEARCH in purposes or CLASSIFICATION in purposes:
        near, found = neighbours_and_search(
            vectors, targets, sample, knn_depth(NEIGHBOURS), ks=None
        )
        scores[SEARCH] = found.estimates()["average_precision"]
        scores[CLASSIFICATION] = knn_score(near, labels, groups, NEIGHBOURS)
    return scores


def form_rows(
    purpose: str,
    metric: str,
    scores: Mapping[str, Estimate],
    reasons: Mapping[str, str],
    dim: int,
    resamples: PairedBootstrap,
) -> list[dict[str, Any]]:
    """Return a row for each form that applies, the most bytes first, then for those that do not.

    Args:
        purpose: which purpose.
        metric: what the scores are of.
        scores: by form, that of float32 among them.
        reasons: by form, why others do not apply.
        dim: number of dimensions of the vectors.
        resamples: of the images.
    """
    moved = dict(zip(scores, resamples.of(list(scores.values())), strict=True))
    whole, rows = scores[_WHOLE], list[dict[str, Any]]()
    for form, score in scores.items():
        low, high = interval(score.mean, moved[form], score.low, 1.0)
        difference = score.mean - whole.mean
        apart = moved[form] - moved[_WHOLE]
        if purpose in _SHARES and form != _WHOLE:
            apart = apart + resamples.of([_pseudo_pairs(whole)])[0]
        ends = interval(difference, apart)
        rows.append(
            {
                "purpose": purpose,
                "metric": metric,
                "form": form,
                "bytes": bytes_of(form, dim),
                "value": score.mean,
                "low": low,
                "high": high,
                "difference": difference,
                "difference_low": ends[0],
                "difference_high": ends[1],
                "smallest": False,
                "reason": "",
            }
        )
    rows.sort(key=lambda row: (-row["bytes"], row["value"]))
    as_good = [row for row in rows if row["difference_high"] >= 0]
    if as_good:
        as_good[-1]["smallest"] = True
    return rows + [
        {"purpose": purpose, "metric": metric, "form": form, "smallest": False, "reason": why}
        for form, why in reasons.items()
    ]


def _pseudo_pairs(score: Estimate) -> Estimate:
    """Return the doubt that a difference of two shares has where hardly an image differs.

    Agresti and Min (2005) add half an image to each of the four cells of paired shares: one image
    in all on which they differ, in either direction.
    """
    return Estimate(
        np.zeros(1), np.zeros((1, score.influence.shape[1])), np.ones(1), score.n_images
    )
