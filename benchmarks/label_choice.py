"""Compare labels of random images with labels of images about which the encoders disagree.

python benchmarks/label_choice.py BANK [RUNS]

BANK is the folder that `verdict_bank.py` writes. A run takes 3 to 8 encoders of a set; there are
RUNS (10) of each. Labelled are 20 or 40 random images, or half of them random and half those whose
neighbours the encoders disagree about most. Encoders are ordered by the AMI of their clusters with
these labels, K-means at k = 4, 8, 12 and 20; the truth is the AMI with all labels at the true k.
Half a minute a set on one core.
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import kendalltau
from threadpoolctl import threadpool_limits

from embedbench.analysis.pairwise import disagreement
from embedbench.metrics.clustering.agreement import ami_score
from verdict_draws import KS, look
from verdict_sets import Bank

COUNTS = (20, 40)


def orders(bank: Bank, runs: int, seed: int) -> list[dict[str, object]]:
    """Return how labels of each kind order the encoders of some runs.

    Args:
        bank: a set.
        runs: their number.
        seed: of the runs.
    """
    names, truth = sorted(bank.views), np.unique(bank.truth, return_inverse=True)[1]
    looked = [look(bank.views[name], truth, bank.rows, list(KS)) for name in names]
    rows: list[dict[str, object]] = []
    for number, count in product(range(runs), COUNTS):
        random = np.random.default_rng([seed, number])
        some = random.choice(len(names), random.integers(3, 9), replace=False)
        disputed = disagreement([looked[row]["near"] for row in some])
        drawn = random.permutation(len(truth))
        most = drawn[np.argsort(-disputed[drawn], kind="stable")]
        mixed = np.array(list(dict.fromkeys([*drawn[: count // 2], *most])))
        best = np.array([looked[row]["scores"]["ami"] for row in some])
        for way, chosen in (("random", drawn), ("half of them disputed", mixed)):
            labelled = np.sort(chosen[:count])
            scores = [
                ami_score(
                    looked[row]["partitions"].reshape(-1, len(truth))[:, labelled], truth[labelled]
                ).mean
                for row in some
            ]
            tau = np.nan_to_num(kendalltau(scores, best).statistic)
            lost = best.max() - best[int(np.argmax(scores))]
            rows.append({"labels": count, "images": way, "tau": tau, "regret": lost})
    return rows


def main() -> None:
    """Print the table."""
    runs, rows = int(sys.argv[2]) if len(sys.argv) > 2 else 10, []
    with threadpool_limits(1):
        for number, file in enumerate(sorted(Path(sys.argv[1]).glob("*.safetensors"))):
            found = pd.DataFrame(orders(Bank.read(file), runs, number))
            rows.append(found.groupby(["labels", "images"]).mean())
            print(file.stem, file=sys.stderr, flush=True)
    sets = pd.concat(rows).groupby(level=[0, 1])
    table = sets.mean().join(sets.sem(), rsuffix=", error over sets")
    print(table.reset_index().to_markdown(index=False, floatfmt=".3f"))


if __name__ == "__main__":
    main()
