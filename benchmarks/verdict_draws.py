"""Draw sets of images for the benchmark of the verdict, with truth and signals of every encoder.

python benchmarks/verdict_draws.py BANK OUT DRAWS

BANK is the folder that `verdict_bank.py` writes. A draw takes some or all classes of a set and
70 % of the images or more, and writes OUT/SET_NUMBER.npz: the truth of each encoder (AMI of K-means
at the true k, mAP, kNN accuracy), its signals, how far every two encoders agree (AMI of their
partitions, shared neighbours, linear CKA), and its AMI with the labels of 10 to 100 images, in
100 resamples too. `calibration.py` reads them. About a minute a draw on one core; draws that are
there are not made again.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations, product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from embedbench.clustering.kmeans import fit_kmeans
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.clustering.silhouette import silhouettes
from embedbench.metrics.embedding.classification import knn_correct
from embedbench.metrics.embedding.consistency import cluster_retention, consistency
from embedbench.metrics.embedding.geometry import (
    anisotropy,
    effective_rank,
    hubness,
    intrinsic_dimension,
)
from embedbench.metrics.embedding.linear_probe import rotated
from embedbench.metrics.embedding.neighbours import neighbourhood, overlap
from embedbench.metrics.embedding.retrieval import retrieval
from embedbench.metrics.embedding.similarity import linear_cka
from verdict_sets import Bank, Views, directions

KS, SEEDS, TRUE_SEEDS = (4, 8, 12, 20), 2, 5
LABELS, LABEL_DRAWS, RESAMPLES = (10, 20, 40, 100), 2, 100

Arrays = dict[str, np.ndarray]


def drawn_bank(file: Path, number: int) -> Bank:
    """Return the classes and images of a set that a draw takes, with the degraded encoders."""
    bank, random = Bank.read(file), np.random.default_rng([sum(map(ord, file.stem)), number])
    classes = np.unique(bank.truth)
    least = min(len(classes), max(4, len(classes) // 2))
    some = random.choice(classes, random.integers(least, len(classes) + 1), replace=False)
    rows = np.flatnonzero(np.isin(bank.truth, some))
    rows = np.sort(random.choice(rows, int(len(rows) * random.uniform(0.7, 1)), replace=False))
    return bank.take(rows).with_degraded()


def drawn(file: Path, number: int) -> Arrays:
    """Return one draw of a set; arrays are by encoder, in the order of `names`."""
    bank = drawn_bank(file, number)
    names, truth = sorted(bank.views), np.unique(bank.truth, return_inverse=True)[1]
    ks = [k for k in KS if k < len(truth) // 3]
    looked = [look(bank.views[name], truth, bank.rows, ks) for name in names]
    agreed = {"partitions": np.eye(len(names)), "neighbours": np.eye(len(names))}
    agreed["cka"] = np.eye(len(names))
    for one, other in combinations(range(len(names)), 2):
        pair, both = [looked[one], looked[other]], [(one, other), (other, one)]
        found = {
            "partitions": np.mean(
                [pairwise_ami(*(own["partitions"][k] for own in pair)) for k in range(len(ks))]
            ),
            "neighbours": overlap(pair[0]["near"], pair[1]["near"], 10),
            "cka": linear_cka(bank.views[names[one]].images, bank.views[names[other]].images),
        }
        for (what, value), (row, column) in product(found.items(), both):
            agreed[what][row, column] = value
    scores = looked[0]["scores"]
    arrays: Arrays = {"names": np.array(names), **agreed}
    arrays |= {name: np.array([own["scores"][name] for own in looked]) for name in scores}
    partitions = [own["partitions"].reshape(-1, len(truth)) for own in looked]
    return arrays | few_labels(partitions, truth, number)


def look(views: Views, truth: np.ndarray, rows: np.ndarray, ks: list[int]) -> dict[str, Any]:
    """Return the truth, the signals and the partitions of one encoder."""
    images, copies, groups = views.images, views.copies, np.arange(len(truth))
    points = rotated(directions(images).astype(np.float64)).astype(np.float32)
    pairs = [(len(np.unique(truth)), seed) for seed in range(TRUE_SEEDS)]
    pairs += [(k, seed) for k in ks for seed in range(SEEDS)]
    fits = np.array([fit.labels for fit in fit_kmeans(points, pairs)], dtype=np.int32)
    partitions = fits[TRUE_SEEDS:].reshape(len(ks), SEEDS, -1)
    near = neighbourhood(images, truth, groups, 30)
    found = consistency(images, copies, rows, groups)
    labels = truth[None].astype(np.int32)
    scores = {
        "ami": float(pairwise_ami(fits[:TRUE_SEEDS], labels).mean()),
        "map": float(np.nanmean(retrieval(images, truth, groups, ks=None).average_precision)),
        "knn": float(np.nanmean(knn_correct(near, truth, groups))),
        "clusters kept": cluster_retention(images, partitions, copies, rows).mean,
        "neighbours kept": float(np.nanmean(found.kept)),
        "copies found": float(np.nanmean(found.found)),
        "silhouette": float(np.nanmean(silhouettes(points, fits[TRUE_SEEDS:]))),
        "stability": stability(points, ks),
        "hubness": -hubness(near, 10),
        "anisotropy": -anisotropy(images),
        "effective rank": effective_rank(images),
        "intrinsic dimension": -intrinsic_dimension(images),
    }
    return {"scores": scores, "near": near, "partitions": partitions}


def stability(points: np.ndarray, ks: list[int]) -> float:
    """Return the mean AMI between clusterings of two samples of 80 % of the images."""
    labels = np.full((2, len(ks), len(points)), -1, dtype=np.int32)
    for number in range(2):
        rows = np.random.default_rng(number).permutation(len(points))[: int(0.8 * len(points))]
        labels[number][:, rows] = [
            fit.labels for fit in fit_kmeans(points[rows], [(k, number) for k in ks])
        ]
    both = (labels[:, 0] >= 0).all(axis=0)
    one, other = labels[:, :, both]
    return float(np.mean([pairwise_ami(one[[k]], other[[k]])[0, 0] for k in range(len(ks))]))


def few_labels(partitions: list[np.ndarray], truth: np.ndarray, number: int) -> Arrays:
    """Return each encoder's AMI with the labels of some images, and the same in resamples.

    Args:
        partitions: of each encoder, at all ks and seeds.
        truth: the class of each image.
        number: of the draw.
    """
    found: Arrays = {}
    for count, draw in product(LABELS, range(LABEL_DRAWS)):
        random = np.random.default_rng([number, count, draw])
        chosen = np.sort(random.permutation(len(truth))[:count])
        labels = np.unique(truth[chosen], return_inverse=True)[1]
        if count > len(truth) or labels.max() < 1:
            continue
        scores = [ami_score(own[:, chosen], labels) for own in partitions]
        moved = PairedBootstrap(np.arange(count), 0, RESAMPLES).of(scores)
        found[f"{count} labels {draw}"] = np.array([score.mean for score in scores])
        found[f"{count} labels {draw} resampled"] = moved.astype(np.float32)
    return found


def _written(file: Path, number: int, out: Path) -> str:
    with threadpool_limits(1):
        np.savez(out / f"{file.stem}_{number}.npz", allow_pickle=False, **drawn(file, number))
    return f"{file.stem} {number}"


def main() -> None:
    """Make the draws that are not there."""
    bank, out, draws = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    asked = [
        (file, number)
        for number in range(draws)
        for file in sorted(bank.glob("*.safetensors"))
        if not (out / f"{file.stem}_{number}.npz").exists()
    ]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for done in pool.map(_written, *zip(*asked, strict=True), [out] * len(asked)):
            print(done, flush=True)


if __name__ == "__main__":
    main()
