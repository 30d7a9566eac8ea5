"""Simulate the coverage of the intervals, and how often equal encoders are tied.

python benchmarks/intervals.py [SETS]

Each set of images is drawn from a known distribution: a label, and for each of two encoders and
10 seeds a cluster, correct with a probability that depends on the image (some are hard for all)
and on the seed (some starts are poor). The true value is the mean of the score over twenty times
as many other sets. A second distribution clusters Gaussian classes with K-means, so that the
partition varies with the images. The table shows how often the 95 % interval contains the true
value (of each encoder, and of their difference), and how often two encoders of one distribution,
and an encoder and its copy, are tied (in the second distribution the encoders differ, and `tied`
has no meaning).
"""

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from embedbench.clustering.kmeans import fit_kmeans
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.clustering.agreement import accuracy_score, ami_score, ari_score
from embedbench.metrics.ranking import tied_with_best

SCORES: dict[str, Callable[[np.ndarray, np.ndarray], Estimate]] = {
    "ami": ami_score,
    "ari": ari_score,
    "accuracy": accuracy_score,
    "share right": lambda labels, truth: mean_estimate((labels == truth).astype(np.float64)),
}


def draw(
    random: np.random.Generator, images: int, classes: int, right: float, seeds: int = 10
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a truth, and the partitions of two encoders of the same distribution."""
    truth = random.integers(classes, size=images).astype(np.int32)
    hard = random.normal(size=images)  # for all encoders
    labels = []
    for _ in range(2):
        own = random.normal(size=images)
        poor = random.normal(size=(seeds, 1)) * 0.3
        wish = np.sqrt(0.5) * (hard + own) + poor + 0.3 * random.normal(size=(seeds, images))
        wrong = wish > np.quantile(np.random.default_rng(0).normal(size=9999) * 1.09, right)
        other = random.integers(classes, size=images)
        labels.append(np.where(wrong, other, truth).astype(np.int32))
    return truth, labels


def draw_kmeans(
    random: np.random.Generator, images: int, classes: int, apart: float, seeds: int = 10
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a truth, and K-means partitions of two encoders of the same distribution."""
    truth = random.integers(classes, size=images).astype(np.int32)
    labels = []
    for encoder in range(2):
        centres = np.random.default_rng([classes, encoder]).normal(size=(classes, 16)) * apart
        points = (centres[truth] + random.normal(size=(images, 16))).astype(np.float32)
        fits = fit_kmeans(points, [(classes, seed) for seed in range(seeds)])
        labels.append(np.array([fit.labels for fit in fits], dtype=np.int32))
    return truth, labels


def simulate(
    law: Callable[[np.random.Generator], tuple[np.ndarray, list[np.ndarray]]],
    score: Callable[[np.ndarray, np.ndarray], Estimate],
    sets: int,
    answer_sets: int,
) -> dict[str, float]:
    """Return the shares over `sets` sets of images."""
    answers = []
    for number in range(answer_sets):
        truth, labels = law(np.random.default_rng([1, number]))
        answers.append([score(row, truth).mean for row in labels])
    answer = np.mean(answers, axis=0)
    needed = 3.92 * np.std(answers, axis=0).mean()
    found = []
    for number in range(sets):
        truth, labels = law(np.random.default_rng([2, number]))
        scores = [score(row, truth) for row in labels]
        resamples = PairedBootstrap(np.arange(len(truth)), number)
        replicates = resamples.of([*scores, scores[0]])
        estimates = np.array([one.mean for one in [*scores, scores[0]]])
        ends = [interval(estimates[row], replicates[row], high=1.0) for row in range(2)]
        gap = interval(estimates[0] - estimates[1], replicates[0] - replicates[1])
        found.append(
            {
                "holds": np.mean([e[0] <= a <= e[1] for e, a in zip(ends, answer, strict=True)]),
                "width": np.mean([high - low for low, high in ends]),
                "difference holds": gap[0] <= answer[0] - answer[1] <= gap[1],
                "tied": tied_with_best(estimates[:2], replicates[:2]).all(),
                "copy tied": tied_with_best(estimates[[0, 2]], replicates[[0, 2]]).all(),
            }
        )
    means = {str(name): float(share) for name, share in pd.DataFrame(found).mean().items()}
    return {"answer": float(answer[0]), "needed width": float(needed)} | means


def main() -> None:
    """Print the table."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rows = []
    for images, classes, right in [(100, 4, 0.6), (300, 10, 0.5), (300, 10, 0.8)]:
        for name, score in SCORES.items():
            law = partial(draw, images=images, classes=classes, right=right)
            found = simulate(law, score, sets, 20 * sets)
            rows.append(
                {"law": "made", "images": images, "classes": classes, "score": name, **found}
            )
            print(f"{images} images, {name}", file=sys.stderr)
    for images, classes, apart in [(150, 5, 1.0), (300, 10, 0.8)]:
        clustered = partial(draw_kmeans, images=images, classes=classes, apart=apart)
        found = simulate(clustered, ami_score, sets // 5, sets // 2)
        rows.append(
            {"law": "K-means", "images": images, "classes": classes, "score": "ami", **found}
        )
    print(pd.DataFrame(rows).to_markdown(index=False, floatfmt=".3f"))


if __name__ == "__main__":
    main()
