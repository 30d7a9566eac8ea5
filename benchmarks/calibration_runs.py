"""Runs of the benchmark of the verdict: some encoders of a draw, with their truth and signals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embedbench.comparison.verdicts.signals import Signals
from embedbench.metrics.clustering.consensus import similar_groups
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING, SEARCH

ALONE = (
    "clusters kept", "consensus", "neighbours kept", "neighbour consensus", "copies found",
    "silhouette", "stability", "hubness", "anisotropy", "effective rank", "intrinsic dimension",
)  # fmt: skip
TRUTH = {CLUSTERING: "ami", SEARCH: "map", CLASSIFICATION: "knn"}
IMAGES = 100

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """A comparison whose truth is known.

    Attributes:
        name: of the set.
        kind: of the set.
        truth: by purpose, true score of each encoder.
        signals: of each encoder.
        alone: of each encoder, by name: what could be a signal by itself.
        labelled: by number of labels and draw, scores by labels and these in resamples.
    """

    name: str
    kind: str
    truth: dict[str, Array]
    signals: Signals
    alone: dict[str, Array]
    labelled: dict[tuple[int, int], tuple[Array, Array]]


def read_runs(folder: Path, count: int, kinds: Mapping[str, str]) -> list[Run]:
    """Return this number of runs of each draw.

    Args:
        folder: of the draws.
        count: number of runs.
        kinds: of the sets, where they are known.
    """
    return [
        run_of(name, kinds.get(name, ""), arrays, some)
        for name, arrays, some in chosen(folder, count)
    ]


def chosen(folder: Path, count: int) -> Iterator[tuple[str, dict[str, Array], Array]]:
    """Yield the set, the arrays of its draw and the encoders of each run."""
    for file in sorted(folder.glob("*.npz")):
        arrays = dict(np.load(file, allow_pickle=False))
        name, number = file.stem.rsplit("_", 1)
        random = np.random.default_rng([sum(map(ord, name)), int(number)])
        for _ in range(count):
            size = random.integers(3, 9)
            yield name, arrays, np.sort(random.choice(len(arrays["names"]), size, replace=False))


def run_of(name: str, kind: str, arrays: dict[str, Array], some: Array) -> Run:
    """Return the run of these encoders of a draw."""
    square = np.ix_(some, some)
    alike = arrays["cka"][square]
    alone = {name: arrays[name][some] for name in ALONE if name in arrays}
    for what, signal in {"partitions": "consensus", "neighbours": "neighbour consensus"}.items():
        if what in arrays:
            alone[signal] = consensus(arrays[what][square], alike)
    values = np.stack([alone["clusters kept"], alone["consensus"]])
    names = tuple(arrays["names"][some].tolist())
    labelled = {
        (int(key.split()[0]), int(key.split()[2])): (values[some], arrays[f"{key} resampled"][some])
        for key, values in arrays.items()
        if " labels " in key and not key.endswith("resampled")
    }
    return Run(
        name,
        kind,
        {purpose: arrays[key][some] for purpose, key in TRUTH.items() if key in arrays},
        Signals(names, values, values, np.zeros_like(values), alike, IMAGES),
        alone,
        {key: (scores, moved.astype(np.float64)) for key, (scores, moved) in labelled.items()},
    )


def consensus(agreed: Array, alike: Array) -> Array:
    """Return how far each encoder agrees with the other families, each of which has one voice."""
    family, found = similar_groups(alike), []
    for row, own in enumerate(agreed):
        others = [own[family == name].mean() for name in np.unique(family) if name != family[row]]
        found.append(np.mean(others) if others else own.mean())
    return np.array(found)
