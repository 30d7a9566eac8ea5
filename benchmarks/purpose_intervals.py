"""Simulate the coverage of the intervals of the numbers of purposes.

python benchmarks/purpose_intervals.py [SETS]

Each set of images is drawn from a known distribution: Gaussian classes, an image's text beside it,
and the classes' names beside their centres. Every number of `search.csv`, `few_shot.csv`,
`words.csv` and of classification is computed as a run does, and the differences of `sizes.csv`.
The true value is the mean over twice as many other sets, at least 400. The table shows how
often the 95 % interval contains it, in each population.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from embedbench.analysis.inputs import Targets
from embedbench.analysis.purposes.scores import size_rows
from embedbench.clustering.limits import DEFAULT_LIMIT
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import RESAMPLES, PairedBootstrap
from embedbench.metrics.embedding.classification import knn_score
from embedbench.metrics.embedding.few_shot import few_shot
from embedbench.metrics.embedding.linear_probe import probe_score
from embedbench.metrics.embedding.neighbours import NEIGHBOURS
from embedbench.metrics.embedding.retrieval import neighbours_and_retrieval
from embedbench.metrics.embedding.words import class_vectors, text_to_image, zero_shot_correct

DIM = 16
FORMS = ("int8", "binary", "pca:8")
SIZES = ("search", "classification")

Found = dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Population:
    """Gaussian classes, each image of any of them with the same chance.

    Attributes:
        images: number of images of a set.
        classes: number of classes.
        apart: standard deviation of the centres; that of the images around them is 1.
        only_search: whether classes are too small for the other numbers.
    """

    images: int
    classes: int
    apart: float
    only_search: bool = False

    def __str__(self) -> str:
        return f"{self.images} images, {self.classes} classes, {self.apart}"


POPULATIONS = (
    Population(100, 3, 0.3),
    Population(100, 3, 0.7),
    Population(300, 8, 0.3),
    Population(300, 8, 0.6),
    Population(100, 25, 0.8, only_search=True),
    Population(300, 75, 1.3, only_search=True),
)


def drawn(population: Population, key: tuple[int, int], count: int = RESAMPLES) -> Found:
    """Return each number of one set of images, with the ends of its interval."""
    random, known = np.random.default_rng(key), np.random.default_rng(population.classes)
    images, shape = population.images, (population.classes, DIM)
    centres = known.normal(size=shape) * population.apart
    names = (centres + 0.5 * known.normal(size=shape)).astype(np.float32)
    truth = random.integers(population.classes, size=images)
    vectors = (centres[truth] + random.normal(size=(images, DIM))).astype(np.float32)
    texts = (vectors + random.normal(size=(images, DIM))).astype(np.float32)
    alone, seed = np.arange(images), key[1]
    near, search = neighbours_and_retrieval(vectors, truth, alone)
    scores = search.estimates()
    found: Found = {}
    resamples = PairedBootstrap(alone, seed, count)
    if not population.only_search:
        right = {
            "zero-shot accuracy": zero_shot_correct(vectors, class_vectors(names, 1), truth),
            **text_to_image(vectors, texts, np.stack([alone, alone], axis=1), alone),
        }
        shots = few_shot(vectors, truth, alone, seed=seed).estimates
        scores |= {f"few-shot accuracy at {shot}": score for shot, score in shots.items()}
        scores["linear probe"] = probe_score(vectors, truth, alone, seed)
        scores["kNN accuracy"] = knn_score(near, truth, alone, NEIGHBOURS)
        scores |= {name: mean_estimate(values[None]) for name, values in right.items()}
        found |= dict(differences(vectors, truth, resamples))
    return found | with_intervals(scores, resamples)


def _drawn_on_one_core(population: Population, key: tuple[int, int], count: int) -> Found:
    with threadpool_limits(1):
        return drawn(population, key, count)


def with_intervals(scores: dict[str, Estimate], resamples: PairedBootstrap) -> Found:
    ends = resamples.intervals(scores)
    return {name: (score.mean, *ends[name]) for name, score in scores.items()}


def differences(
    vectors: np.ndarray, truth: np.ndarray, resamples: PairedBootstrap
) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Yield what some forms of the vectors change, with the ends of its interval."""
    targets = Targets(truth, [str(label) for label in np.unique(truth)], resamples.groups)
    k = len(targets.classes)
    rows = size_rows(vectors, targets, SIZES, k, resamples.seed, DEFAULT_LIMIT, resamples)
    columns = ["difference", "difference_low", "difference_high"]
    for row in rows[rows["form"].isin(FORMS)].to_dict("records"):
        value, low, high = (float(row[column]) for column in columns)
        yield f"{row['metric']}, {row['form']} less float32", (value, low, high)


def simulate(population: Population, sets: int, answer_sets: int) -> pd.DataFrame:
    """Return how often the intervals of `sets` sets hold the true value, a row a number.

    Columns: `answer`, the true value; `needed width` of an interval that knew the spread;
    `width`, that of the intervals on average; `holds`, the share that contains the answer.
    """
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        keys = [(1, number) for number in range(answer_sets)]
        keys += [(2, number) for number in range(sets)]
        counts = [1] * answer_sets + [RESAMPLES] * sets  # the true values need no interval
        found = list(pool.map(_drawn_on_one_core, repeat(population), keys, counts, chunksize=10))
    rows = []
    for name in found[0]:
        answers = np.array([one[name][0] for one in found[:answer_sets] if name in one])
        ends = np.array([one[name][1:] for one in found[answer_sets:] if name in one])
        answer = answers.mean()
        rows.append(
            {
                "score": name,
                "answer": answer,
                "needed width": 3.92 * answers.std(),
                "width": (ends[:, 1] - ends[:, 0]).mean(),
                "holds": ((ends[:, 0] <= answer) & (answer <= ends[:, 1])).mean(),
            }
        )
    return pd.DataFrame(rows).set_index("score")


def main() -> None:
    """Print the shares that hold, a row a number and a column a population."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    columns = {}
    for population in POPULATIONS:
        found = simulate(population, sets, max(400, 2 * sets))
        columns[str(population)] = found["holds"]
        print(f"{population}\n{found.round(4).to_markdown()}", file=sys.stderr)
    table = pd.DataFrame(columns).reindex(columns[str(POPULATIONS[0])].index)
    print(table.to_markdown(floatfmt=".3f").replace("nan", "   "))


if __name__ == "__main__":
    main()
