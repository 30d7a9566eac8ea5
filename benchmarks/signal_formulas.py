"""Formulas of the candidate signals that `signal_candidates.py` tries, each on one encoder or run.

`similar` is the matrix of cosines of an encoder's images. Unless said otherwise a higher value is
expected of a better encoder.
"""

from collections.abc import Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.special import entr
from scipy.stats import spearmanr

from embedbench.metrics.embedding.geometry import centred_directions
from embedbench.metrics.embedding.linear_probe import rotated
from verdict_sets import directions

Array = np.ndarray

NEIGHBOURS, DIRECTIONS, LINKED = 5, 16, 0.85
"""Voters of a kNN; directions of the coherence; damping of the link analysis."""


def learnability(similar: Array, partition: Array, seed: int = 0) -> float:
    """Return how well clusters are learnt: accuracy of the nearest neighbour among those before.

    The images come in random order, and each is told its cluster by the nearest of those that came
    before it (cluster learnability, Lu et al. 2023).
    """
    order = np.random.default_rng(seed).permutation(len(partition))
    seen = np.tril(np.ones(similar.shape, dtype=bool), -1)
    nearest = np.where(seen, similar[np.ix_(order, order)], -np.inf)[1:].argmax(axis=1)
    labels = partition[order]
    return float((labels[nearest] == labels[1:]).mean())


def spectral(vectors: Array) -> dict[str, float]:
    """Return scores of the singular values of the rows at unit length (Tsitsulin et al. 2023).

    Condition number, coherence and the distance of alpha from 1 are negated, for less is better.
    Coherence is that of the first directions, because with fewer images than dimensions that of
    all is 1 for every encoder.
    """
    left, values, _ = np.linalg.svd(
        rotated(directions(vectors).astype(np.float64)), full_matrices=False
    )
    left, values = left[:, values > values[0] * 1e-6], values[values > values[0] * 1e-6]
    rows = centred_directions(vectors)
    assert rows is not None
    spread = np.linalg.svd(rotated(rows), compute_uv=False) ** 2
    spread = spread[spread > spread[0] * 1e-10]
    first = left[:, :DIRECTIONS]
    slope = np.polyfit(np.log(np.arange(1, len(spread) + 1)), np.log(spread), 1)[0]
    return {
        "stable rank": float((values**2).sum() / values[0] ** 2),
        "coherence": -float((first**2).sum(axis=1).max() * len(first) / first.shape[1]),
        "condition number": -float(values[0] / values[-1]),
        "alpha-ReQ": -abs(float(-slope) - 1),
        "NESum": float(spread.sum() / spread[0]),
    }


def lidar(views: Array, ridge: float = 1e-4) -> float:
    """Return the effective rank of the LDA matrix of images, each a class of its views (LiDAR).

    Args:
        views: (views, images, dim).
        ridge: added to the variance within images in every direction.
    """
    count, images, dim = views.shape
    rows = rotated(directions(views.reshape(-1, dim)).astype(np.float64))
    rows = rows.reshape(count, images, -1)
    means = rows.mean(axis=0)
    inner = (rows - means).reshape(count * images, -1)
    within = inner.T @ inner / (images * (count - 1)) + ridge * np.eye(rows.shape[-1])
    centred = means - means.mean(axis=0)
    root = np.linalg.cholesky(within)
    moved = np.linalg.solve(root, centred.T)
    values = np.linalg.svd(moved, compute_uv=False) ** 2 / (images - 1)
    return float(np.exp(entr(values / values.sum()).sum()))


def one_factor(agreed: Array, family: Array, rounds: int = 500) -> Array:
    """Return the v of the best fit of v v' to how far encoders agree (spectral meta-learner).

    Agreement with oneself and within a family is left out, and a family has one voice.
    """
    sizes = np.bincount(family, minlength=family.max() + 1)[family]
    weights = (family[:, None] != family) / np.outer(sizes, sizes)
    if not weights.any():
        return np.zeros(len(agreed))
    agreed = agreed.clip(1e-3)
    factor = np.full(len(agreed), np.sqrt((weights * agreed).sum() / weights.sum()))
    for _ in range(rounds):
        fitted = (weights * agreed) @ factor / (weights @ factor**2)
        factor = np.sqrt(factor * fitted)
    return factor


def links(scores: Array, others: Array) -> Array:
    """Return the weight of each space by PageRank, linked where they rank partitions alike.

    Args:
        scores: of each partition (row) in each space (column).
        others: whether partition and space are of different families.
    """
    count = len(scores)
    linked = np.zeros((count, count))
    for one in range(count):
        for other in range(one):
            both = others[:, one] & others[:, other]
            if both.sum() > 2 and np.ptp(scores[both, one]) and np.ptp(scores[both, other]):
                found = spearmanr(scores[both, one], scores[both, other]).statistic
                linked[one, other] = linked[other, one] = max(0.0, found)
    sums = linked.sum(axis=0)
    share = np.divide(linked, sums, out=np.full_like(linked, 1 / count), where=sums > 0)
    weights = np.linalg.solve(np.eye(count) - LINKED * share, np.full(count, (1 - LINKED) / count))
    return np.asarray(weights)


def judged_elsewhere(scores: Array, family: Array, weights: Array) -> Array:
    """Return the mean score of each partition in the spaces of the other families.

    Scores of a space are taken less their mean, and in units of their spread, over the partitions
    of other families, because silhouettes of two spaces cannot be compared.
    """
    others = family[:, None] != family
    known = np.where(others, scores, np.nan)
    found = np.zeros(len(scores))
    total = np.zeros(len(scores))
    for space, column in enumerate(known.T):
        if np.isfinite(column).sum() > 1 and np.nanstd(column) > 0:
            place = (column - np.nanmean(column)) / np.nanstd(column)
            found += np.nan_to_num(place) * weights[space]
            total += np.isfinite(column) * weights[space]
    return np.divide(found, total, out=np.zeros_like(found), where=total > 0)


def together(partitions: Array) -> Array:
    """Return the share of the partitions (seeds, images) in which two images are together."""
    return np.asarray((partitions[:, :, None] == partitions[:, None]).mean(axis=0))


def consensus_partition(voices: Sequence[Array], k: int) -> Array:
    """Return the k clusters, by average linkage, of images that the voices put together."""
    apart = 1 - np.mean(voices, axis=0)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "average")
    return np.asarray(fcluster(tree, k, "maxclust") - 1)


def balanced(correct: Array, target: Array) -> float:
    """Return the mean over the clusters of two images or more of the share that is correct."""
    labels, sizes = np.unique(target, return_counts=True)
    return float(np.mean([correct[target == label].mean() for label in labels[sizes > 1]]))


def knn_recovers(similar: Array, target: Array) -> float:
    """Return the balanced accuracy of kNN, each image by the others; the nearest decides ties."""
    alone = similar - 4 * np.eye(len(similar))
    nearest = np.argsort(-alone, axis=1, kind="stable")[:, :NEIGHBOURS]
    votes = np.zeros((len(target), target.max() + 1))
    for place, column in enumerate(nearest.T):
        votes[np.arange(len(target)), target[column]] += 1 - place / 1000
    return balanced(votes.argmax(axis=1) == target, target)


def probe_recovers(similar: Array, target: Array) -> float:
    """Return the balanced accuracy of ridge regression on the clusters, each image left out once.

    The ridge is the mean eigenvalue of the centred matrix.
    """
    count = len(target)
    centre = np.eye(count) - 1 / count
    inner = centre @ similar @ centre
    ridge = np.trace(inner) / count
    hat = 1 / count + inner @ np.linalg.inv(inner + ridge * np.eye(count))
    wanted = 2.0 * (target[:, None] == np.arange(target.max() + 1)) - 1
    told = wanted - (wanted - hat @ wanted) / (1 - np.diag(hat))[:, None]
    return balanced(told.argmax(axis=1) == target, target)
