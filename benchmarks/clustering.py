"""Clustering of one encoder's vectors, compared with scikit-learn and hdbscan called in a loop.

python benchmarks/clustering.py [--long]

One math thread. The vectors are 20 overlapping blobs of unit length; for the silhouettes a tenth
are copies of others, a tenth near-duplicates. Long: 5,000 images, as in the goals; 20 minutes.
"""

from collections.abc import Callable

import numpy as np
from hdbscan import HDBSCAN
from sklearn.cluster import AgglomerativeClustering
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from threadpoolctl import threadpool_limits

from embedbench.clustering.clusterers import (
    Agglomerative,
    Clusterer,
    Hdbscan,
    KMeans,
    run_clusterers,
)
from embedbench.clustering.spaces import to_space
from embedbench.metrics.clustering.silhouette import silhouettes
from measure import Row, at_least, at_most, interleaved, ratio, run, told
from plain_sweep import Plain
from sweep_time import KS, blobs, sweep_seconds

DIM = 512
SIZES = (5, 10, 20, 40)
Figures = tuple[float, float, float]


def rows(short: bool) -> list[Row]:
    images, repetitions = (1000, 3) if short else (5000, 3)
    vectors, truth = blobs(images, DIM)
    points = to_space(vectors, "l2", 0)
    with threadpool_limits(1):
        return [
            *silhouette_rows(points, repetitions),
            *kmeans_rows(points, 1 if short else 3),
            agglomerative_row(points, repetitions),
            hdbscan_row(points, repetitions),
            sweep_row(vectors, truth),
        ]


def silhouette_rows(points: np.ndarray, repetitions: int) -> list[Row]:
    random = np.random.default_rng(0)
    points = points.copy()
    tenth = len(points) // 10
    points[:tenth] = points[-tenth:]
    points[tenth : 2 * tenth] = points[-tenth:]
    points[tenth : 2 * tenth] += random.normal(size=(tenth, DIM)).astype(np.float32) * 1e-6
    labels = KMeans().run(points, KS, [0]).labels
    results: dict[str, np.ndarray] = {}

    def keep(name: str, make: Callable[[], np.ndarray]) -> Callable[[], None]:
        return lambda: results.update({name: make()})

    ways = {
        "plain": keep("plain", lambda: np.stack([silhouette_samples(points, k) for k in labels])),
        "exact": keep("exact", lambda: silhouettes(points, labels)),
        "quick": keep("quick", lambda: silhouettes(points, labels, quick=True)),
    }
    seconds = interleaved(ways, repetitions)
    note = _note(points, repetitions)
    what = "all silhouettes for k = 2..20 against scikit-learn's `silhouette_samples` for each k"
    listed = []
    for way, name, goal in (("exact", "float64", 10), ("quick", "guarded float32", 20)):
        off = float(np.abs(results[way] - results["plain"]).max())
        listed += [
            at_least(f"{what}, {name}", goal, ratio(seconds["plain"], seconds[way]), note=note),
            at_most(
                f"largest difference of these silhouettes, {name}",
                1e-5, (off, off, off), "", "a tenth are copies, a tenth nearly",
            ),
        ]  # fmt: skip
    return listed


def kmeans_rows(points: np.ndarray, repetitions: int) -> list[Row]:
    plain: list[float] = []
    ours: list[float] = []

    def scikit() -> None:
        seed = len(plain) // len(KS)
        fits = [ScikitKMeans(k, n_init=10, random_state=seed).fit(points) for k in KS]
        plain.extend(float(fit.inertia_) for fit in fits)

    def embedbench() -> None:
        ours.extend(KMeans().run(points, KS, [len(ours) // len(KS)]).runs["inertia"])

    seconds = interleaved({"plain": scikit, "ours": embedbench}, repetitions)
    shares = np.array(ours) / np.array(plain)
    figures = (float(shares.mean()), float(shares.min()), float(shares.max()))
    what = "K-means for k = 2..20 against scikit-learn's with 10 starts"
    return [
        at_least(
            what, 4, ratio(seconds["plain"], seconds["ours"]), note=_note(points, repetitions)
        ),
        at_most(f"{what}: inertia, mean over k", 1.001, figures, note=_note(points, repetitions)),
    ]


def agglomerative_row(points: np.ndarray, repetitions: int) -> Row:
    results: dict[str, list[np.ndarray]] = {}

    def scikit() -> None:
        results["plain"] = [AgglomerativeClustering(k).fit_predict(points) for k in KS]

    def embedbench() -> None:
        results["ours"] = list(Agglomerative().run(points, KS, [0]).labels)

    seconds = interleaved({"plain": scikit, "ours": embedbench}, repetitions)
    same = sum(adjusted_rand_score(*two) == 1 for two in zip(*results.values(), strict=True))
    return at_least(
        "agglomerative for k = 2..20 against a fit for each k", 18,
        ratio(seconds["plain"], seconds["ours"]),
        note=f"{_note(points, repetitions)}; the same partition at {same} of {len(KS)} k",
    )  # fmt: skip


def hdbscan_row(points: np.ndarray, repetitions: int) -> Row:
    clusterers: list[Clusterer] = [Hdbscan(size, 5) for size in SIZES]
    results: dict[str, np.ndarray] = {}
    wide = points.astype(np.float64)

    def plain() -> None:
        fits = [HDBSCAN(size, 5, core_dist_n_jobs=1).fit(wide) for size in SIZES]
        results["plain"] = np.stack([fit.labels_ for fit in fits])

    def embedbench() -> None:
        results["ours"] = run_clusterers(points, clusterers, [], [0]).labels

    seconds = interleaved({"plain": plain, "ours": embedbench}, repetitions)
    same = sum(adjusted_rand_score(*two) == 1 for two in zip(*results.values(), strict=True))
    sizes = ", ".join(map(str, SIZES))
    return told(
        f"HDBSCAN for `min_cluster_size` {sizes} against a fit of the library for each",
        ratio(seconds["plain"], seconds["ours"]),
        note=f"{_note(points, repetitions)}; the same labels at {same} of {len(SIZES)}",
    )


def sweep_row(vectors: np.ndarray, truth: np.ndarray) -> Row:
    seconds, ks = sweep_seconds(vectors, truth)
    plain = Plain(to_space(vectors, "l2", 0), truth, ks, seeds=1, references=1, subsamples=2)
    times = plain.run() / seconds["in all"]
    part = "; of the plain way 1 of 10 seeds, 1 of 10 references, 2 of 10 subsamples, multiplied"
    steps = ", ".join(f"{name} {seconds[name]:.0f} of {s:.0f}" for name, s in plain.seconds.items())
    return at_least(
        "the whole sweep (3 clusterers, k = 2..20, 10 seeds, all metrics, k chosen, stability; no "
        "intervals) against the same numbers in a loop",
        10, (times, times, times),
        note=f"{_note(vectors, 1)}{part}; seconds: {steps}",
    )  # fmt: skip


def _note(points: np.ndarray, repetitions: int) -> str:
    return f"n = {len(points):,}, d = {points.shape[1]}, repetitions: {repetitions}"


if __name__ == "__main__":
    run(rows)
