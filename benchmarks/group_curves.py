"""Curves over the number of groups, of sets whose classes are known: for `group_numbers.py`.

A trial draws some or all classes of a set, 70 % of the images or more, and 3 to 8 encoders, and
groups the images by K-means for every k. References without groups are the images turned at random
about their mean, in the same way for all encoders: how the encoders go together stays, groups do
not. References and subsamples are grouped at some ks, and their curves drawn through these.
"""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score
from threadpoolctl import threadpool_limits

from embedbench.analysis.pairwise import agreement_by_k
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.clustering.consensus import similar_groups
from embedbench.metrics.clustering.silhouette import silhouettes
from embedbench.metrics.embedding.linear_probe import rotated
from embedbench.metrics.embedding.similarity import linear_cka
from verdict_sets import Bank, directions

LARGEST, LEAST_IMAGES = 60, 30
SOME = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60)
REFERENCES, SUBSAMPLES, STARTS = 2, 2, 2
ARTIFICIAL = ("untrained", "untrained18", "mean and spread of colour", "thumbnail")

Array = np.ndarray


def trial(file: Path, number: int) -> dict[str, Array]:
    """Return the curves of a trial.

    Returns:
        `ks`; `classes`, their number; by encoder and k `ami` with the classes, `silhouette`,
        `davies_bouldin`, `calinski_harabasz`, `stability`; `ami_true` by encoder at the number of
        classes; `log_inertia` from k = 1 on, and that of references, `null_inertia`; by k
        `agreement` between the families of encoders, and that in references, `null_agreement`.
    """
    random = np.random.default_rng([sum(map(ord, file.stem)), number])
    bank, rows = Bank.read(file), np.zeros(0, int)
    classes = np.unique(bank.truth)
    while len(rows) < LEAST_IMAGES:
        count = round(np.exp(random.uniform(np.log(2), np.log(len(classes)))))
        some = random.choice(classes, count, replace=False)
        rows = np.flatnonzero(np.isin(bank.truth, some))
        rows = np.sort(random.choice(rows, int(len(rows) * random.uniform(0.7, 1)), replace=False))
    truth = np.unique(bank.truth[rows], return_inverse=True)[1]
    pool = sorted(set(bank.views) - set(ARTIFICIAL))
    names = random.choice(pool, random.integers(3, 9), replace=False)
    spaces = [directions(bank.views[name].images[rows]) for name in names]
    alike = np.eye(len(names))
    for one, other in combinations(range(len(names)), 2):
        alike[one, other] = alike[other, one] = linear_cka(spaces[one], spaces[other])
    with threadpool_limits(1):
        return curves(spaces, truth, similar_groups(alike), random)


def curves(
    spaces: Sequence[Array], truth: Array, family: Array, random: np.random.Generator
) -> dict[str, Array]:
    """Return the curves of the points of several encoders, as `trial`."""
    spaces = [rotated(points.astype(np.float64)).astype(np.float32) for points in spaces]
    images, classes = len(truth), int(truth.max()) + 1
    ks = np.arange(2, min(LARGEST, images // 3) + 1)
    few = np.array([k for k in SOME if k <= ks[-1]])
    found: dict[str, list[Array]] = {}
    partitions = []
    for points in spaces:
        fits = fit_kmeans(points, [(k, 0) for k in (*ks.tolist(), classes)])
        labels = np.array([fit.labels for fit in fits], dtype=np.int32)
        amis = pairwise_ami(labels, truth[None].astype(np.int32))[:, 0]
        labels = labels[:-1]
        partitions.append(labels)
        one = {
            "ami": amis[:-1],
            "ami_true": amis[-1],
            "silhouette": silhouettes(points, labels, quick=True).mean(axis=1),
            "davies_bouldin": np.array([davies_bouldin_score(points, row) for row in labels]),
            "calinski_harabasz": np.array([calinski_harabasz_score(points, row) for row in labels]),
            "log_inertia": log_inertia(points, labels),
            "stability": drawn_through(ks, few, stability(points, labels, ks, few, random)),
        }
        for name, values in one.items():
            found.setdefault(name, []).append(values)
    turned = [turn(spaces, random) for _ in range(REFERENCES)]
    null_partitions = [[quick(points, few) for points in spaces] for spaces in turned]
    null_inertia = [
        [
            drawn_through(np.array([1, *ks]), np.array([1, *few]), log_inertia(points, labels))
            for points, labels in zip(spaces, own, strict=True)
        ]
        for spaces, own in zip(turned, null_partitions, strict=True)
    ]
    null_agreement = [drawn_through(ks, few, agreement(own, family)) for own in null_partitions]
    return {name: np.array(values) for name, values in found.items()} | {
        "ks": ks,
        "classes": np.array(classes),
        "agreement": agreement(partitions, family),
        "null_agreement": np.mean(null_agreement, axis=0),
        "null_inertia": np.array(null_inertia),
    }


def quick(points: Array, ks: Array) -> Array:
    """Return partitions by K-means of few starts."""
    fits = [KMeans(int(k), n_init=STARTS, random_state=0).fit(points) for k in ks]
    return np.array([fit.labels_ for fit in fits], dtype=np.int32)


def log_inertia(points: Array, partitions: Array) -> Array:
    """Return the logarithm of the inertia, at k = 1 first."""
    found = [points.var(axis=0).sum() * len(points)]
    for labels in partitions:
        members = np.eye(labels.max() + 1)[labels]
        sums = members.T @ points
        sizes = np.maximum(members.sum(axis=0), 1)
        found.append((points**2).sum() - ((sums**2).sum(axis=1) / sizes).sum())
    return np.asarray(np.log(np.maximum(found, 1e-12 * found[0])))


def agreement(partitions: Sequence[Array], family: Array) -> Array:
    """Return the mean AMI of partitions of two families of encoders, at each k."""
    count = len(partitions)
    amis = np.ones((count, count, len(partitions[0])))
    for one, other in combinations(range(count), 2):
        amis[one, other] = amis[other, one] = agreement_by_k(partitions[one], partitions[other])
    members = [np.flatnonzero(family == name) for name in np.unique(family)]
    means = [amis[np.ix_(*pair)].mean(axis=(0, 1)) for pair in combinations(members, 2)]
    return np.asarray(np.mean(means, axis=0)) if means else np.zeros(len(partitions[0]))


def stability(
    points: Array, labels: Array, ks: Array, few: Array, random: np.random.Generator
) -> Array:
    """Return the AMI of partitions of 80 % of the images with those of all."""
    own, found = labels[np.isin(ks, few)], []
    for _ in range(SUBSAMPLES):
        rows = np.sort(random.permutation(len(points))[: round(0.8 * len(points))])
        sampled = quick(points[rows], few)
        found.append(
            [
                pairwise_ami(row[None], other[None, rows])[0, 0]
                for row, other in zip(sampled, own, strict=True)
            ]
        )
    return np.asarray(np.mean(found, axis=0))


def turn(spaces: Sequence[Array], random: np.random.Generator) -> list[Array]:
    """Return the points of all encoders, mixed by one random rotation of the images."""
    images = len(spaces[0])
    ones = np.full((images, 1), images**-0.5)
    basis = np.linalg.qr(np.hstack([ones, random.normal(size=(images, images - 1))]))[0][:, 1:]
    mix = basis @ np.linalg.qr(random.normal(size=(images - 1, images - 1)))[0] @ basis.T
    mixed = [mix @ (points - points.mean(axis=0)) + points.mean(axis=0) for points in spaces]
    return [directions(points) for points in mixed]


def drawn_through(ks: Array, some: Array, values: Array) -> Array:
    """Return the values at all ks, straight lines in log k between those at some."""
    return np.asarray(np.interp(np.log(ks), np.log(some), values))
