"""Time of each step of one encoder's clustering, by number of images, on one core.

python benchmarks/sweep_time.py 600 2000

The vectors are 20 blobs in 1280 dimensions; everything else is the default comparison: three
clusterers, k from 2 to 20, 10 seeds, all metrics, k chosen in three ways, stability; no intervals.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

from embedbench.analysis import sweep
from embedbench.analysis.inputs import EvaluationSettings
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.comparison.options import CLUSTERERS

__all__ = ["KS", "SEEDS", "blobs", "sweep_seconds"]

KS = range(2, 21)
SEEDS = range(10)
STEPS = {"evaluate": "metrics", "choose_k": "choosing k", "stability": "stability"}
"""Functions that `embedbench.analysis.sweep` calls in addition to clusterers, with their labels."""


def blobs(images: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors of 20 overlapping clusters, and the cluster of each."""
    random = np.random.default_rng(0)
    truth = np.arange(images) % 20
    centres = random.normal(size=(20, dim))
    vectors = centres[truth] + 3 * random.normal(size=(images, dim))
    return vectors.astype(np.float32), truth


def sweep_seconds(vectors: np.ndarray, truth: np.ndarray) -> tuple[dict[str, float], list[int]]:
    """Return the seconds of each step and of all, and the ks of the stability."""
    seconds: dict[str, float] = {}
    clusterers = [parse_clusterer(name) for name in CLUSTERERS]
    start = time.perf_counter()
    with _timed(seconds):
        settings = EvaluationSettings(clusterers, "l2", KS, SEEDS)
        scored = sweep.sweep_encoder(vectors, truth, settings)
        choice = sweep.choose_k(scored, KS, SEEDS)
        chosen = [sweep.KCandidate(*way) for way in choice.by_criterion().items()]
        candidates = [sweep.KCandidate("shared", 20), *chosen]
        sweep.comparison_rows(scored, truth, settings, candidates, None)
    whole = time.perf_counter() - start
    ks = sorted({candidate.k for candidate in candidates if candidate.k is not None})
    clustering = scored.runs.groupby("clusterer", sort=False)["seconds"].first().to_dict()
    return {str(name): float(value) for name, value in clustering.items()} | seconds | {
        "in all": whole
    }, ks


@contextmanager
def _timed(seconds: dict[str, float]) -> Iterator[None]:
    """Add up the time of each step inside the context."""

    def timed(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            start = time.perf_counter()
            result = step(*arguments)
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
            return result

        return run

    with ExitStack() as stack:
        for call, name in STEPS.items():
            stack.enter_context(patch.object(sweep, call, timed(name, getattr(sweep, call))))
        yield


def main() -> None:
    """Print a line for each number of images given."""
    for images in (int(text) for text in sys.argv[1:]):
        with threadpool_limits(1):
            seconds, _ = sweep_seconds(*blobs(images, 1280))
        print(f"{images} images:", ", ".join(f"{name} {s:.1f} s" for name, s in seconds.items()))


if __name__ == "__main__":
    main()
