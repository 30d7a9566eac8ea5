"""How often the verdict names an encoder where there is nothing to find.

python benchmarks/nothing_to_find.py DRAWS > table.md

Every encoder's partitions are drawn at random, as are the clusters of the changed images and the
labels: 2 to 5 classes and clusters of unequal sizes, 2 partitions for each of 2 numbers of
clusters. The columns are the shares named with labels and without, each with the upper end of its
95 % interval (Wilson 1927). About 2 minutes for 100 draws on one core.
"""

import sys

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from embedbench.comparison.verdicts.belief import Asked
from embedbench.comparison.verdicts.labels import Verdict, verdict_with_labels
from embedbench.comparison.verdicts.signals import Signals, verdict_without_labels
from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.metrics.clustering.consensus import consensus_scores
from embedbench.results.schema import NAMING
from embedbench.results.tables.purposes import CLUSTERING

ENCODERS, IMAGES = (2, 3, 4, 6, 8, 12), (4, 6, 10, 30, 100, 1000)
RESAMPLES = 200


def drawn(random: np.random.Generator, clusters: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return labels of clusters of unequal sizes."""
    shares = random.dirichlet(np.full(clusters, 3.0))
    return random.choice(clusters, size=shape, p=shares).astype(np.int32)


def with_labels(random: np.random.Generator, encoders: int, images: int) -> Verdict:
    """Return the verdict on partitions drawn at random, with labels drawn at random."""
    classes = int(random.integers(2, max(3, min(6, images // 2))))
    labels = drawn(random, classes, (images,))
    runs = {f"e{row}": drawn(random, classes, (2, images)) for row in range(encoders)}
    scores = [ami_score(run, labels) for run in runs.values()]
    bootstrap = PairedBootstrap(np.arange(images), int(random.integers(2**31)), RESAMPLES)
    return verdict_with_labels(runs, scores, labels, bootstrap)[1]


def without_labels(random: np.random.Generator, encoders: int, images: int) -> Verdict:
    """Return the verdict on partitions and changed images drawn at random."""
    ks = [k for k in (3, 6) if k < images]
    runs = [
        np.stack([drawn(random, k, (2, images)) for k in ks]).reshape(len(ks), 2, images)
        for _ in range(encoders)
    ]
    consensus = consensus_scores(runs, np.arange(encoders))
    kept = [kept_clusters(random, own, ks) for own in runs]
    bootstrap = PairedBootstrap(np.arange(images), int(random.integers(2**31)), RESAMPLES)
    scores = (kept, consensus)
    signals = Signals(
        tuple(f"e{row}" for row in range(encoders)),
        np.array([[score.mean for score in own] for own in scores]),
        np.array([[bootstrap.intervals({"": score})[""][0] for score in own] for own in scores]),
        np.zeros((2, encoders)),
        np.eye(encoders),
        images,
    )
    return verdict_without_labels(signals, CLUSTERING, Asked())[1]


def kept_clusters(random: np.random.Generator, own: np.ndarray, ks: list[int]) -> Estimate:
    """Return the AMI of the partitions with clusters of changed images drawn at random."""
    found = [
        ami_score(drawn(random, k, (5, own.shape[-1])), runs[0].astype(np.int64))
        for k, runs in zip(ks, own, strict=True)
    ]
    return Estimate(
        np.mean([one.estimates[:2] for one in found], axis=0),
        np.mean([np.stack([one.influence.mean(axis=0)] * 2) for one in found], axis=0),
        np.mean([one.smoothing_error[:2] for one in found], axis=0),
        found[0].n_images,
    )


def main() -> None:
    """Print the table."""
    draws, rows = int(sys.argv[1]), []
    for encoders in ENCODERS:
        for images in IMAGES:
            row: dict[str, object] = {"encoders": encoders, "images": images}
            for name, judge in (("labels", with_labels), ("no labels", without_labels)):
                random = np.random.default_rng([encoders, images])
                named = sum(judge(random, encoders, images).answer in NAMING for _ in range(draws))
                high = binomtest(named, draws).proportion_ci(method="wilson").high
                row |= {name: named / draws, f"{name}: at most": high}
            rows.append(row)
            print(row, file=sys.stderr)
    print(pd.DataFrame(rows).to_markdown(index=False, floatfmt=".3f"))


if __name__ == "__main__":
    main()
