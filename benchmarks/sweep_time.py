"""How long one encoder's clustering takes, by the number of images, on one core.

python benchmarks/sweep_time.py 600 2000

The vectors are 20 blobs in 1280 dimensions; everything else is the default comparison: three
clusterers, k from 2 to 20, 10 seeds, all metrics, k chosen in three ways.
"""

import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from embedbench.cluster import parse_clusterer
from embedbench.comparison import CLUSTERERS
from embedbench.sweep import sweep_space


def main() -> None:
    """Print a line for each number of images given."""
    clusterers = [parse_clusterer(name) for name in CLUSTERERS]
    for images in (int(text) for text in sys.argv[1:]):
        random = np.random.default_rng(0)
        truth = np.arange(images) % 20
        centres = random.normal(size=(20, 1280))
        vectors = (centres[truth] + 3 * random.normal(size=(images, 1280))).astype(np.float32)
        ks = range(2, 21)
        with threadpool_limits(1):
            start = time.perf_counter()
            scored = sweep_space(vectors, "l2", clusterers, ks, range(10), truth, ks)
            seconds = time.perf_counter() - start
        by_clusterer = scored.runs.groupby("clusterer")["seconds"].first().to_dict()
        print(f"{images} images: {seconds:.0f} s in all; clustering alone: {by_clusterer}")


if __name__ == "__main__":
    main()
