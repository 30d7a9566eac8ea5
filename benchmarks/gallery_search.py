"""Time and memory of search in large galleries: the exact ranking, and faiss's nearest images.

python benchmarks/gallery_search.py [IMAGES ...]

The vectors are made up: 100 classes in 40 of 384 dimensions, noise in all. As in a comparison, a
sample of 5,000 images is asked, each among all; one thread. faiss (`faiss-cpu`) makes its index
and finds the 50 nearest; recall is the share of those of its exact index.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import faiss
import numpy as np
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from embedbench.clustering.limits import DEFAULT_LIMIT
from embedbench.metrics.embedding.neighbours import distance_blocks, neighbourhood
from embedbench.metrics.embedding.retrieval import neighbours_and_retrieval

DIM, RANK, CLASSES, NEAREST, MEMORY = 384, 40, 100, 50, 256
T = TypeVar("T")


def made(images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors, and the class of each image."""
    random = np.random.default_rng(0)
    labels = random.integers(CLASSES, size=images)
    axes = np.linalg.qr(random.normal(size=(DIM, RANK)))[0].T
    spread = 1 / np.sqrt(1 + np.arange(RANK))
    rows = random.normal(size=(CLASSES, RANK))[labels] + 0.7 * random.normal(size=(images, RANK))
    vectors = (rows * spread) @ axes + 0.02 * random.normal(size=(images, DIM))
    return vectors.astype(np.float32), labels


def timed(images: int, step: str, call: Callable[[], T], exact: np.ndarray | None = None) -> T:
    """Return what a call returns, and print its CPU seconds, its peak of memory and its recall."""
    Path("/proc/self/clear_refs").write_text("5")
    start = time.process_time()
    found = call()
    seconds = time.process_time() - start
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
    recall = ""
    if exact is not None:
        pairs = zip(np.asarray(found), exact, strict=True)
        recall = f"{np.mean([np.isin(own, right).mean() for own, right in pairs]):.3f}"
    print(f"| {images:,} | {step} | {seconds:.0f} | {peak:,.0f} | {recall} |", flush=True)
    return found


def measure(images: int) -> None:
    """Print the rows of a gallery of this size."""
    vectors, labels = made(images)
    rows, asked = np.arange(images), DEFAULT_LIMIT.sample(images, 0)
    queries = rows if asked is None else asked
    blocks = lambda: sum(1 for _ in distance_blocks(vectors, rows, queries, rows, MEMORY))  # noqa: E731
    timed(images, "distances alone", blocks)
    nearest = lambda: neighbourhood(vectors, None, rows, NEAREST, asked=asked)  # noqa: E731
    timed(images, "the 50 nearest", nearest)
    whole = lambda: neighbours_and_retrieval(vectors, labels, rows, NEAREST, asked)  # noqa: E731
    timed(images, "the 50 nearest, and the scores of the whole ranking", whole)
    unit = normalize(vectors)

    def searched(index: faiss.Index) -> np.ndarray:
        if not index.is_trained:
            index.train(unit)
        index.add(unit)
        found: np.ndarray = index.search(unit[queries], NEAREST + 1)[1]
        return found

    exact = timed(images, "faiss, exact", lambda: searched(faiss.IndexFlatIP(DIM)))
    cells = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(DIM), DIM, int(4 * images**0.5), faiss.METRIC_INNER_PRODUCT
    )
    cells.nprobe = 32
    timed(images, "faiss, IVF, 32 cells", lambda: searched(cells), exact)
    graph = faiss.IndexHNSWFlat(DIM, 32, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efSearch = 128
    timed(images, "faiss, HNSW", lambda: searched(graph), exact)


def main() -> None:
    """Print the table."""
    faiss.omp_set_num_threads(1)
    print("| images | step | CPU seconds | peak MB | recall |")
    print("|---|---|---|---|---|")
    with threadpool_limits(1):
        for images in [int(count) for count in sys.argv[1:]] or [50_000, 200_000]:
            measure(images)


if __name__ == "__main__":
    main()
