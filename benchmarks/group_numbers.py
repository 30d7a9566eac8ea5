"""Ways to choose one number of groups for all encoders without labels, judged by the classes.

python benchmarks/group_numbers.py BANK [TRIALS] [--keep FOLDER]

BANK is the folder of `verdict_bank.py`. Each of its sets has TRIALS (3) trials, see
`group_curves.py`; with --keep their curves are written to FOLDER, and read again. Each way chooses
from k = 2..10, 2..20 and 2..60, as far as there are three images a group. It is judged by the AMI
of K-means with the classes at its k, the mean over the encoders. The last table chooses the way
itself: the best on the sets of the other four folds is judged on those of the fifth.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from embedbench.analysis.k_selection import knee_position
from group_curves import trial

RANGES, FOLDS = (10, 20, 60), 5
BEFORE, TAKEN = "silhouette, median", "elbow of the mean curve"

Array = np.ndarray


def numbers(curves: dict[str, Array], largest: int) -> dict[str, float]:
    """Return the number of groups by each way, from 2 to `largest`."""
    ks = curves["ks"][curves["ks"] <= largest]
    kept = len(ks)
    of = {name: values[..., :kept] for name, values in curves.items() if values.ndim}
    silhouette, inertia = of["silhouette"], curves["log_inertia"][:, : kept + 1]
    every, null = np.array([1, *ks]), curves["null_inertia"][..., : kept + 1]
    depth = _depth(every, inertia)
    gap = (null - inertia).mean(axis=0)
    agreed, above = of["agreement"], of["agreement"] - of["null_agreement"]
    high = {
        "silhouette": silhouette,
        "Davies-Bouldin": -of["davies_bouldin"],
        "Calinski-Harabasz": of["calinski_harabasz"],
        "gap": gap[:, 1:],
        "stability": of["stability"],
    }
    found: dict[str, float] = {"k = 10": 10, "root of half the images": _root(curves)}
    for name, values in high.items():
        found[f"{name}, median"] = float(np.median(ks[values.argmax(axis=1)]))
        found[f"{name}, sum"] = ks[_standard(values).mean(axis=0).argmax()]
    near = gap >= gap.max(axis=1, keepdims=True) - 0.05 * np.ptp(gap, axis=1)[:, None]
    found["gap, first near the largest, median"] = float(np.median(every[near.argmax(axis=1)]))
    middle = float(np.sqrt(2 * ks[-1]))
    knees = [_of_knee(every, row, middle) for row in inertia]
    found["elbow, median"] = float(np.median(knees))
    found[TAKEN] = _of_knee(every, inertia.mean(axis=0), middle)
    deepest = _depth(every, inertia.mean(axis=0)).argmax()
    found["elbow of the mean curve, deepest"] = float(every[deepest])
    logs = np.log(every)
    found["elbow in log k, median"] = float(np.median(every[_depth(logs, inertia).argmax(axis=1)]))
    beyond = _depth(every, inertia) - _depth(every, null.mean(axis=0))
    found["elbow beyond chance, sum"] = every[_standard(beyond).mean(axis=0).argmax()]
    found["agreement"] = ks[agreed.argmax()]
    found["agreement beyond chance"] = ks[above.argmax()]
    found["agreement, first near the largest"] = ks[(agreed >= 0.95 * agreed.max()).argmax()]
    own = {name: _standard(values).mean(axis=0) for name, values in high.items()}
    own |= {"elbow": _standard(depth[:, 1:]).mean(axis=0)}
    own |= {"agreement": _standard(agreed), "agreement beyond": _standard(above)}
    for parts in (
        ("elbow", "agreement"),
        ("elbow", "silhouette"),
        ("elbow", "stability"),
        ("elbow", "agreement beyond"),
        ("gap", "agreement"),
        ("silhouette", "agreement"),
        ("stability", "agreement"),
        ("elbow", "silhouette", "agreement"),
        ("elbow", "stability", "agreement"),
        ("elbow", "silhouette", "stability", "agreement"),
    ):
        found[f"sum: {' + '.join(parts)}"] = ks[
            np.sum([own[one] for one in parts], axis=0).argmax()
        ]
    elbow, silhouettes = found["elbow, median"], found[BEFORE]
    found["geometric mean: elbow, agreement"] = float(np.sqrt(elbow * found["agreement"]))
    found["geometric mean: elbow, silhouette"] = float(np.sqrt(elbow * silhouettes))
    found["geometric mean: elbow, silhouette, agreement"] = float(
        np.cbrt(elbow * silhouettes * found["agreement"])
    )
    found["median: elbow, silhouette, agreement"] = float(
        np.median([elbow, silhouettes, found["agreement"]])
    )
    return {name: int(np.clip(k, 2, ks[-1])) for name, k in found.items()}


def _of_knee(every: Array, log_inertia: Array, middle: float) -> float:
    """Return the k of the knee, or the middle of the range where there is none."""
    position = knee_position(every, log_inertia)
    return middle if position is None else float(every[position])


def _depth(ks: Array, curves: Array) -> Array:
    """Return how far each curve lies below the straight line between its ends."""
    share = (ks - ks[0]) / (ks[-1] - ks[0])
    return np.asarray(curves[..., :1] + (curves[..., -1:] - curves[..., :1]) * share - curves)


def _root(curves: dict[str, Array]) -> float:
    return float(np.sqrt(3 * (curves["ks"][-1] + 1) / 2))


def _standard(curves: Array) -> Array:
    """Return curves of mean 0 and standard deviation 1."""
    spread = np.maximum(curves.std(axis=-1, keepdims=True), 1e-12)
    return np.asarray((curves - curves.mean(axis=-1, keepdims=True)) / spread)


def judged(name: str, curves: dict[str, Array]) -> list[dict[str, object]]:
    """Return a row for each range and way of a trial."""
    ks, ami, true = curves["ks"], curves["ami"].mean(axis=0), float(curves["classes"])
    rows = []
    for largest in RANGES:
        last = min(largest, int(ks[-1]))
        best = ami[ks <= last].max()
        found = numbers(curves, last) | {"(true k)": 0, "(best k)": int(ks[ami.argmax()])}
        for way, k in found.items():
            at = best if way == "(best k)" else curves["ami_true"].mean() if not k else ami[k - 2]
            far = abs(np.log((k or true) / true))
            ends = k in (2, last)
            rows.append(
                {"set": name, "range": f"2..{largest}", "way": way, "AMI": at, "k": k}
                | {"regret": best - at, "at an end": ends, "error in log k": far}
            )
    return rows


def nested(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each fold of sets the way that is best on the others, and its rows on the fold."""
    sets = np.random.default_rng(0).permutation(sorted(table["set"].unique()))
    told = []
    for fold in range(FOLDS):
        own = table["set"].isin(sets[fold::FOLDS])
        way = by_set(table[~own & ~table["way"].str.startswith("(")]).mean().idxmax()
        told.append(table[own & (table["way"] == way)].assign(chosen=str(way), fold=fold))
    return pd.concat(told)


def by_set(table: pd.DataFrame) -> pd.DataFrame:
    """Return the mean AMI of each way (columns) on each set (rows), over ranges and trials."""
    return table.pivot_table(index="set", columns="way", values="AMI")


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each way AMI by range, the gain and what is behind the best, with errors."""
    sets = by_set(table)
    less = sets.sub(sets[BEFORE], axis=0)
    best = sets.drop(columns=["(best k)", "(true k)"], errors="ignore").mean().idxmax()
    behind = sets.sub(sets[best], axis=0)
    ranges = table.pivot_table(index="way", columns="range", values="AMI")
    means = table.groupby("way")[["at an end", "error in log k"]].mean()
    found = ranges[[f"2..{last}" for last in RANGES]].assign(
        mean=sets.mean(),
        gain=less.mean(),
        error=less.std() / np.sqrt(len(sets)),
        behind=behind.mean(),
        **{"error ": behind.std() / np.sqrt(len(sets))},
    )
    return found.join(means).sort_values("mean", ascending=False)


def _curves(file: Path, number: int, keep: Path | None) -> dict[str, Array]:
    kept = keep and keep / f"{file.stem}_{number}.npz"
    if kept and kept.exists():
        return dict(np.load(kept, allow_pickle=False))
    found = trial(file, number)
    if kept:
        np.savez(kept, allow_pickle=False, **found)
    return found


def _of_trial(asked: tuple[Path, int, Path | None]) -> list[dict[str, object]]:
    return judged(asked[0].stem, _curves(*asked))


def main(arguments: Sequence[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bank", type=Path)
    parser.add_argument("trials", type=int, nargs="?", default=3)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args(arguments)
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    files = sorted(asked.bank.glob("*.safetensors"))
    jobs = [(file, number, asked.keep) for file in files for number in range(asked.trials)]
    with ProcessPoolExecutor(1) as pool:
        table = pd.DataFrame([row for rows in pool.map(_of_trial, jobs) for row in rows])
    print(f"{len(files)} sets, {len(jobs)} trials\n")
    print(summary(table).to_markdown(floatfmt=".3f"), end="\n\n")
    chosen = nested(table)
    print("Chosen on the other sets:", ", ".join(chosen.groupby("fold")["chosen"].first()))
    print(summary(pd.concat([table, chosen.assign(way="nested choice")])).loc["nested choice"])
    print()
    shown = [BEFORE, TAKEN, "agreement", *chosen["chosen"].unique()]
    shown += ["(true k)", "(best k)"]
    print(by_set(table)[list(dict.fromkeys(shown))].to_markdown(floatfmt=".2f"))


if __name__ == "__main__":
    main(sys.argv[1:])
