"""Which encoder is truly best on which labelled set: the truth of the benchmark of the verdict.

python benchmarks/verdict_truth.py BANK TRUTH.csv > table.md

For each set and encoder of BANK, which `verdict_bank.py` writes, and for the degraded copies of
EfficientNet-Lite0: the AMI of K-means at the true number of classes, mean over 5 seeds; mAP; the
accuracy of 10 nearest neighbours. The table names the best of each set, and which of the simple
encoders (plain pixels, an early layer) are within 0.02 of it.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from embedbench.clustering.kmeans import fit_kmeans
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.embedding.classification import knn_correct
from embedbench.metrics.embedding.retrieval import neighbours_and_retrieval
from embedbench.results.schema import MARGIN
from verdict_draws import TRUE_SEEDS
from verdict_sets import Bank, directions

METRICS = ("AMI", "mAP", "kNN accuracy")
SIMPLE = (
    "thumbnail", "mean and spread of colour", "pixels", "colours", "edges", "early",
    "mobilenet early",
)  # fmt: skip


def truth_of(file: Path) -> pd.DataFrame:
    """Return one row per encoder of a set, with the metrics."""
    bank = Bank.read(file).with_degraded()
    groups, classes = np.arange(len(bank.truth)), len(np.unique(bank.truth))
    rows = []
    for name, views in bank.views.items():
        fits = fit_kmeans(directions(views.images), [(classes, seed) for seed in range(TRUE_SEEDS)])
        partitions = np.array([fit.labels for fit in fits], dtype=np.int32)
        near, ranked = neighbours_and_retrieval(views.images, bank.truth, groups)
        values = (
            pairwise_ami(partitions, bank.truth[None]).mean(),
            np.nanmean(ranked.average_precision),
            np.nanmean(knn_correct(near, bank.truth, groups)),
        )
        rows.append({"set": file.stem, "encoder": name, **dict(zip(METRICS, values, strict=True))})
    return pd.DataFrame(rows)


def best_by_set(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return for each set the best by a metric, all within 0.02 of it, and the best simple one."""
    rows = []
    for name, one in table.groupby("set", sort=False):
        values = one.set_index("encoder")[metric].sort_values(ascending=False, kind="stable")
        near = values.index[values >= values.max() - MARGIN]
        simple = values[values.index.isin(SIMPLE)]
        rows.append(
            {
                "set": name,
                "best": values.index[0],
                metric: values.iloc[0],
                "within 0.02": ", ".join(near[1:]),
                "best simple one": simple.index[0],
                "its value": simple.iloc[0],
                "simple ones within 0.02": ", ".join(near[near.isin(SIMPLE)]),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables."""
    files = sorted(Path(sys.argv[1]).glob("*.safetensors"))
    with ProcessPoolExecutor(2) as pool:
        table = pd.concat(pool.map(truth_of, files), ignore_index=True)
    table.to_csv(sys.argv[2], index=False)
    for metric in METRICS:
        best = best_by_set(table, metric)
        count = (best["simple ones within 0.02"] != "").sum()
        print(
            f"## {metric}: the best of each set; in {count} of {len(best)} a simple one is near\n"
        )
        print(best.to_markdown(index=False, floatfmt=".2f"), end="\n\n")
    means = table.pivot_table(index="encoder", values=list(METRICS), sort=False).sort_values("AMI")
    print(f"## Mean over {table['set'].nunique()} sets\n")
    print(means[::-1].to_markdown(floatfmt=".2f"))


if __name__ == "__main__":
    main()
