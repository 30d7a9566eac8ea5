"""How well the candidate signals of `signal_candidates.py` order encoders: its tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata, zscore

from calibration import better_half
from calibration_runs import chosen, read_runs
from candidate_model import SIGNALS, Tried, judged_with
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.clustering.consensus import similar_groups
from embedbench.results.schema import MARGIN
from signal_formulas import (
    consensus_partition,
    judged_elsewhere,
    knn_recovers,
    links,
    one_factor,
    probe_recovers,
    together,
)
from verdict_draws import Arrays

KINDS = {
    "photographs": (
        "aerial", "caltech", "clothes", "fashion", "flowers", "groceries", "hands", "objects",
        "openimages", "samples", "scenes",
    ),
    "drawings, signs": (
        "charts", "clipart", "emoji", "icons", "stamps", "traffic", "units", "windows",
    ),
    "characters": ("characters", "digits", "letters", "typefaces"),
    "close-ups": ("cells", "scans", "textures"),
    "one property": ("backgrounds", "gratings", "grains", "lightings", "shapes"),
}  # fmt: skip
"""Kinds of the sets."""

KEPT = ("crop kept", "tilt kept", "light kept", "colour kept", "soft kept")
"""Clusters kept, by change."""

BY_CHANGE = (
    *KEPT, "shape kept", "light and colour kept", "all but soft kept", "least kept", "evenly kept",
    "colour less shape kept",
)  # fmt: skip
"""What is made of these; shape is crop and tilt."""

AS_RANK = (
    "stable rank", "coherence", "condition number", "alpha-ReQ", "NESum", "effective rank", "LiDAR",
)  # fmt: skip
"""Unbounded candidates of one encoder: ranks in a run, 0 to 1, take their place."""

OF_OTHERS = (
    "silhouette elsewhere", "ACE", "AMI with the consensus", "kNN on the consensus",
    "probe on the consensus", "one factor",
)  # fmt: skip
"""Candidates that depend on who else is in the run."""

CANDIDATES = (
    *BY_CHANGE, "learnability", "CLID", *OF_OTHERS, *AS_RANK, "record on other sets",
)  # fmt: skip
LESS, RESAMPLES = 0.7, 2000

Ways = Mapping[str, Sequence[str]]

IN_PLACE: Ways = {
    "crop, tilt, light, colour, soft kept and consensus": (*KEPT, "consensus"),
    "shape kept and consensus": ("shape kept", "consensus"),
    "all but soft kept and consensus": ("all but soft kept", "consensus"),
    **{f"clusters kept and {name}": ("clusters kept", name) for name in OF_OTHERS},
    "both and all candidates": (*SIGNALS, *CANDIDATES),
}
"""Models without one of the two signals, and with everything."""


def with_signals(folder: Path, count: int, names: Sequence[str]) -> list[Tried]:
    """Return the runs of `calibration_runs.read_runs`, with these arrays among their signals."""
    runs = [Tried.of(run) for run in read_runs(folder, count, {})]
    for run, (_, arrays, some) in zip(runs, chosen(folder, count), strict=True):
        assert np.array_equal(run.truth, arrays["ami"][some])
        run.signals.update({name: arrays[name][some] for name in names})
    return runs


def runs_with_candidates(folder: Path, count: int) -> list[Tried]:
    """Return the runs with all `CANDIDATES` among their signals."""
    runs, records = with_signals(folder, count, (*KEPT, "learnability")), on_other_sets(folder)
    for run, (_, arrays, some) in zip(runs, chosen(folder, count), strict=True):
        own = run.signals
        kept = np.stack([own[name] for name in KEPT])
        shape, colour = kept[:2].mean(axis=0), kept[2:4].mean(axis=0)
        own |= {"shape kept": shape, "light and colour kept": colour}
        own["all but soft kept"] = kept[:4].mean(axis=0)
        own |= {"least kept": kept.min(axis=0), "evenly kept": -np.ptp(kept, axis=0)}
        own["colour less shape kept"] = colour - shape
        own |= {name: places(arrays[name][some]) for name in AS_RANK}
        dimension = -arrays["intrinsic dimension"][some]
        own["CLID"] = np.nan_to_num(zscore([own["learnability"], dimension], axis=1)).mean(axis=0)
        own["record on other sets"] = records[run.name][arrays["names"][some]].to_numpy()
        own |= of_others(arrays, some)
    return runs


def on_other_sets(folder: Path) -> dict[str, pd.Series]:
    """Return each encoder's mean AMI on all sets but one, less the mean of all, by that set."""
    rows = []
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as arrays:
            above = arrays["ami"] - arrays["ami"].mean()
            rows.append(pd.Series(above, arrays["names"], name=file.stem.rsplit("_", 1)[0]))
    table = pd.DataFrame(rows).groupby(level=0).mean()
    return {str(name): table.drop(name).mean() for name in table.index}


def places(values: np.ndarray) -> np.ndarray:
    """Return the ranks, 0 to 1."""
    return np.asarray((rankdata(values) - 1) / (len(values) - 1))


def of_others(arrays: Arrays, some: np.ndarray) -> dict[str, np.ndarray]:
    """Return the candidates that depend on the others of a run."""
    square = np.ix_(some, some)
    family, scores = similar_groups(arrays["cka"][square]), arrays["elsewhere"][square]
    others = family[:, None] != family
    found = {
        "silhouette elsewhere": judged_elsewhere(scores, family, np.ones(len(some))),
        "ACE": judged_elsewhere(scores, family, links(scores, others)),
        "one factor": one_factor(arrays["partitions"][square], family),
    }
    labels, similar = arrays["labels"][some], arrays["similar"][some].astype(np.float64)
    told = np.zeros((3, len(some), len(arrays["ks"])))
    for number, k in enumerate(arrays["ks"]):
        pairs = np.array([together(own[number]) for own in labels])
        voices = {name: pairs[family == name].mean(axis=0) for name in np.unique(family)}
        for name in voices:
            heard = [voice for other, voice in voices.items() if other != name]
            target = consensus_partition(heard or [voices[name]], int(k))
            for place in np.flatnonzero(family == name):
                own = labels[place, number].astype(np.int32)
                ami = pairwise_ami(own, target[None].astype(np.int32)).mean()
                shown = knn_recovers(similar[place], target), probe_recovers(similar[place], target)
                told[:, place, number] = ami, *shown
    names = ("AMI with the consensus", "kNN on the consensus", "probe on the consensus")
    return found | dict(zip(names, told.mean(axis=2), strict=True))


def judged_alone(runs: Sequence[Tried], name: str) -> pd.DataFrame:
    """Return how the order by one signal was judged in each run."""
    rows = []
    for run in runs:
        order, truth = np.nan_to_num(run.signals[name], nan=-np.inf), run.truth
        lost = truth.max() - truth[better_half(order)].max()
        rows.append(
            {
                "set": run.name,
                "Kendall's tau": np.nan_to_num(kendalltau(order, truth).statistic),
                "regret of the first": truth.max() - truth[np.argmax(order)],
                "better half right": float(lost <= MARGIN),
            }
        )
    return pd.DataFrame(rows)


def over_sets(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each column, and its error by drawing the sets again."""
    sets = rows.groupby("set").mean().to_numpy()
    random = np.random.default_rng(0).integers(len(sets), size=(RESAMPLES, len(sets)))
    moved = np.nanmean(sets[random], axis=1)
    columns = rows.columns.drop("set")
    return pd.DataFrame({"mean": np.nanmean(sets, axis=0), "error": moved.std(axis=0)}, columns)


def cells(rows: pd.DataFrame, sign: str = "") -> dict[str, str]:
    """Return each column as its mean and error over sets."""
    return {
        str(name): f"{one['mean']:{sign}.3f} ± {one['error']:.3f}"
        for name, one in over_sets(rows).iterrows()
    }


def difference(rows: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Return the means by set, subtracted; of `right`, each by the runs in which it commits."""
    assert rows["set"].equals(base["set"])
    return (rows.groupby("set").mean() - base.groupby("set").mean()).reset_index()


def report(runs: Sequence[Tried], names: Sequence[str], more: Ways | None = None) -> None:
    """Print the tables.

    Args:
        runs: with the candidates among their signals.
        names: the candidates.
        more: signals of further models, by name.
    """
    sets = sorted({run.name for run in runs})
    print(f"## {len(runs)} runs on {len(sets)} sets\n\nSets: {', '.join(sets)}.\n")
    alone = {name: judged_alone(runs, name) for name in (*SIGNALS, *names)}
    base = judged_with(runs, SIGNALS)
    shared = ["set", "Kendall's tau", "regret of the first"]
    table = [{"signal": "both, in the model"} | cells(base[shared])]
    for name, rows in alone.items():
        table.append({"signal": name} | cells(rows))
    print("### Each alone\n\n" + pd.DataFrame(table).fillna("").to_markdown(index=False))
    kinds = {name: kind for kind, those in KINDS.items() for name in those}
    several = Counter(kinds[name] for name in sets)
    by = {}
    for name, rows in {"both, in the model": base, **alone}.items():
        tau = rows.groupby("set")["Kendall's tau"].mean()
        found = tau.groupby([kinds[one] for one in tau.index]).mean()
        by[name] = {f"{kind} ({count})": found[kind] for kind, count in several.most_common()}
    print("\n### Kendall's tau by kind of set (sets)\n")
    print(pd.DataFrame(by).T.to_markdown(floatfmt=".2f"))
    print("\n### In the model, on sets that it was not fitted on: change from both\n", flush=True)
    ways = {f"and {name}": (*SIGNALS, name) for name in names} | dict(more or {})
    table = [{"signals": "both"} | cells(base)]
    bold = difference(judged_with(runs, SIGNALS, LESS), base)
    table.append({"signals": f"both, asked to be {LESS} certain"} | cells(bold, "+"))
    for name, signals in ways.items():
        rows = judged_with(runs, signals)
        table.append({"signals": name} | cells(difference(rows, base), "+"))
    print(pd.DataFrame(table).to_markdown(index=False))


def report_without_one(runs: Sequence[Tried]) -> None:
    """Print how clusters kept, and its mean rank with consensus, order without one change."""
    for run in runs:
        for name in KEPT:
            rest = np.mean([run.signals[one] for one in KEPT if one != name], axis=0)
            run.signals[f"without {name}"] = rest
        for name in ("clusters kept", *(f"without {name}" for name in KEPT)):
            ranks = rankdata(run.signals[name]) + rankdata(run.signals["consensus"])
            run.signals[f"{name}, rank"] = ranks
    table = []
    for end in ("", ", rank"):
        base = judged_alone(runs, f"clusters kept{end}")
        table.append({"signal": f"clusters kept{end}"} | cells(base))
        for name in KEPT:
            rows = judged_alone(runs, f"without {name}{end}")
            told = cells(difference(rows, base), "+")
            table.append({"signal": f"without {name}{end}"} | told)
    print("\n### Clusters kept without one of the changes, alone and in mean rank with consensus\n")
    print(pd.DataFrame(table).to_markdown(index=False))
