"""Try further signals for the choice of an encoder without labels, beside the two that are used.

python benchmarks/signal_candidates.py BANK OUT [DRAWS]

BANK is the folder that `verdict_bank.py` writes. The draws (1 of each set), their classes and
images are those of `verdict_draws.py`; OUT/SET_NUMBER.npz has what candidates are made of, and
draws that are there are not made again. Then the runs of `calibration.py`, 3 to 8 encoders each,
are judged by each candidate alone, and by the calibrated model with the candidate added to its two
signals. About half a minute a draw on one core, and a minute a candidate for 30 draws.
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from candidate_report import (
    CANDIDATES,
    IN_PLACE,
    report,
    report_without_one,
    runs_with_candidates,
)
from embedbench.data.images.augmentations import AUGMENTATIONS
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.clustering.silhouette import silhouettes
from embedbench.metrics.embedding.consistency import cluster_retention
from embedbench.metrics.embedding.linear_probe import rotated
from embedbench.metrics.embedding.similarity import linear_cka
from signal_formulas import learnability, lidar, spectral
from verdict_draws import KS, Arrays, drawn_bank, look
from verdict_sets import Bank, Views, directions

RUNS = 12


def shared(bank: Bank) -> Arrays:
    """Return the arrays that `calibration.py` reads, by encoder in the order of `names`.

    And `ks`, `labels` (encoders, ks, seeds, images) and two more scores of `verdict_draws.look`.
    """
    names, truth = sorted(bank.views), np.unique(bank.truth, return_inverse=True)[1]
    ks = [k for k in KS if k < len(truth) // 3]
    looked = [look(bank.views[name], truth, bank.rows, ks) for name in names]
    labels = np.array([own["partitions"] for own in looked])
    images = [
        rotated(bank.views[name].images.astype(np.float64)).astype(np.float32) for name in names
    ]
    agreed, alike = np.eye(len(names)), np.eye(len(names))
    for one, other in combinations(range(len(names)), 2):
        pairs = [pairwise_ami(labels[one, k], labels[other, k]) for k in range(len(ks))]
        agreed[one, other] = agreed[other, one] = np.mean(pairs)
        alike[one, other] = alike[other, one] = linear_cka(images[one], images[other])
    found: Arrays = {"names": np.array(names), "partitions": agreed, "cka": alike}
    for name in ("ami", "clusters kept", "effective rank", "intrinsic dimension"):
        found[name] = np.array([own["scores"][name] for own in looked])
    return found | {"ks": np.array(ks), "labels": labels.astype(np.int8)}


def candidates(bank: Bank) -> Arrays:
    """Return the arrays of a draw: those of `shared`, and more.

    `similar`, the cosines of the images by each encoder; `elsewhere`, the silhouette of each one's
    partitions (row) in the space of each (column); and the candidates of one encoder, by name.
    """
    found, count = shared(bank), len(bank.views)
    labels = found["labels"].astype(np.int32)
    views = [bank.views[name] for name in found["names"].tolist()]
    units = [directions(own.images) for own in views]
    first = labels[:, :, 0].reshape(-1, labels.shape[-1])
    elsewhere = np.array([silhouettes(rows, first).mean(axis=1) for rows in units])
    found["elsewhere"] = elsewhere.reshape(count, count, -1).mean(axis=2).T
    found["similar"] = np.array([rows @ rows.T for rows in units])
    alone = [
        of_one(own, bank.rows, labels[place], found["similar"][place])
        for place, own in enumerate(views)
    ]
    return found | {name: np.array([own[name] for own in alone]) for name in alone[0]}


def of_one(
    views: Views, rows: np.ndarray, labels: np.ndarray, similar: np.ndarray
) -> dict[str, float]:
    """Return the candidates that one encoder has without the others."""
    kept = {
        f"{change} kept": cluster_retention(views.images, labels, views.copies[[place]], rows).mean
        for place, change in enumerate(AUGMENTATIONS)
    }
    return {
        **kept,
        "learnability": float(np.mean([learnability(similar, own[0]) for own in labels])),
        **spectral(views.images),
        "LiDAR": lidar(np.concatenate([views.images[rows][None], views.copies])),
    }


def main() -> None:
    """Make the draws that are not there, and print the tables."""
    bank, out = Path(sys.argv[1]), Path(sys.argv[2])
    draws = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    out.mkdir(parents=True, exist_ok=True)
    for number in range(draws):
        for file in sorted(bank.glob("*.safetensors")):
            made = out / f"{file.stem}_{number}.npz"
            if not made.exists():
                with threadpool_limits(1):
                    np.savez(made, allow_pickle=False, **candidates(drawn_bank(file, number)))
                print(made.stem, file=sys.stderr, flush=True)
    runs = runs_with_candidates(out, RUNS)
    report(runs, CANDIDATES, IN_PLACE)
    report_without_one(runs)


if __name__ == "__main__":
    main()
