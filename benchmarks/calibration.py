"""Fit how likely each encoder is to be as good as the best, on some labelled sets, and report it.

python benchmarks/calibration.py DRAWS SETS.csv [RUNS] > table.md

DRAWS is the folder that `verdict_draws.py` writes, SETS.csv the list of `labelled_sets.py`. A run
takes 3 to 8 encoders of a draw, whose labels are hidden; there are RUNS (24) of each draw. A named
group is right if one of it is within 0.02 of the best encoder; a rule commits if it names at most
half of the encoders. The line and the spread of the belief are fitted by maximum likelihood on the
sets of seven folds of eight, and told on those of the other. Printed are the belief by number of
labels and certainty, by purpose, beside the rule that was used before, every signal alone and a
random group; by set and by kind of set; how often encoders of each probability are within 0.02 of
the best; how often signals drawn at random name one; and the coefficients and shares for
`embedbench/comparison/verdicts/belief.py`. About ten minutes on one core.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata

from calibration_fit import Known, fit
from calibration_runs import ALONE, Run, read_runs
from embedbench.comparison.verdicts.belief import Asked, Belief, Line
from embedbench.comparison.verdicts.signals import Signals, judge
from embedbench.results.schema import CERTAINTY, MARGIN
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING, SEARCH

FOLDS, PURPOSES = 8, (CLUSTERING, SEARCH, CLASSIFICATION)
CERTAINTIES = (0.6, 0.7, 0.8, 0.9)
VERDICT, SHOWN, BOTH = "the verdict", "the group, named or not", "labels and signals"
NAMED = (VERDICT, BOTH)
BINS = [0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.001]

JUDGED = (
    "Kendall's tau", "commits", "right", "named of all", "regret of the group",
    "regret of the first",
)  # fmt: skip

Array = np.ndarray
Choice = Callable[[Run], tuple[Array, Sequence[int]]]
"""Returns scores that order the encoders, and the group that is named."""


def fitted(runs: Sequence[Run], purpose: str) -> Line:
    """Return the line of maximum likelihood."""
    known = [Known(run.signals.values.T, run.truth[purpose], run.signals.alike) for run in runs]
    (retention, consensus), spread = fit(known)
    return Line(float(retention), float(consensus), spread)


def folds(runs: Sequence[Run], purpose: str) -> Iterator[tuple[Run, Line]]:
    """Return each run with the line that was fitted on the sets of the other folds."""
    names = np.random.default_rng(1).permutation(sorted({run.name for run in runs}))
    fold = {name: number % FOLDS for number, name in enumerate(names)}
    for number in range(FOLDS):
        line = fitted([run for run in runs if fold[run.name] != number], purpose)
        yield from ((run, line) for run in runs if fold[run.name] == number)


def judged(truth: Array, order: Array, group: Sequence[int]) -> dict[str, float]:
    """Return how an order of encoders and a named group do; an empty group names none."""
    commits = 0 < len(group) <= len(truth) / 2
    lost = truth.max() - truth[list(group)].max() if commits else np.nan
    return {
        "Kendall's tau": np.nan_to_num(kendalltau(order, truth).statistic),
        "commits": commits,
        "right": lost <= MARGIN if commits else np.nan,
        "named of all": len(group) / len(truth) if commits else np.nan,
        "regret of the group": lost,
        "regret of the first": truth.max() - truth[np.argmax(order)],
    }


def by_belief(runs: Sequence[Run], purpose: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how runs were judged by labels and certainty; and each encoder's probability.

    The verdict names the group only where the two signals agree; "shown" is the group itself, which
    a verdict that cannot tell shows as those among which the best may be. With labels they are one.
    """
    rows, sure = [], []
    for run, line in folds(runs, purpose):
        truth, signals = run.truth[purpose], run.signals
        retention, consensus = signals.values
        prior = Belief.by_signals(retention, consensus, signals.alike, line)
        unknown = Belief.unknown(signals.alike, line)
        asked = {"set": run.name, "kind": run.kind}
        for certainty in CERTAINTIES:
            group, doubt = judge(signals, prior, purpose, Asked(certainty))
            for what, named in ((VERDICT, [] if doubt else group), (SHOWN, group)):
                row = asked | {"labels": 0, "what": what, "certainty": certainty}
                rows.append(row | judged(truth, prior.mean, named))
        beliefs = [(0, VERDICT, prior)]
        if purpose == CLUSTERING:
            for (count, _), seen in run.labelled.items():
                both = ((BOTH, prior), ("labels alone", unknown))
                beliefs += [(count, what, start.with_scores(*seen)) for what, start in both]
        for count, what, belief in beliefs:
            is_near = truth >= truth.max() - MARGIN
            for probability, near in zip(belief.probabilities(MARGIN), is_near, strict=True):
                sure.append({"labels": count, "what": what, "p": probability, "is near": near})
            if count:
                for certainty in CERTAINTIES:
                    row = asked | {"labels": count, "what": what, "certainty": certainty}
                    rows.append(row | judged(truth, belief.mean, belief.group(Asked(certainty))))
    return pd.DataFrame(rows), pd.DataFrame(sure)


def before(run: Run) -> tuple[Array, Sequence[int]]:
    """Name the better half by mean rank, if it is first by each signal: the rule before."""
    places = rankdata(-run.signals.values, axis=1)
    mean, worst, count = places.mean(axis=0), places.max(axis=0), len(run.signals.names)
    half = np.lexsort((worst, mean))[: count // 2]
    if (places[:, mean == mean.min()] > count // 2).any():
        return -mean, []
    return -mean, [int(row) for row in half if worst[row] < count]


def better_half(values: Array) -> list[int]:
    """Return the half of the encoders with the highest values."""
    return [int(row) for row in np.argsort(-values, kind="stable")[: len(values) // 2]]


def alone(name: str) -> Choice:
    """Return the rule that names the better half by one signal."""

    def choose(run: Run) -> tuple[Array, Sequence[int]]:
        values = run.alone[name]
        return values, better_half(values)

    return choose


def at_random(run: Run) -> tuple[Array, Sequence[int]]:
    """Name a random half."""
    values = np.random.default_rng(int(1e6 * abs(run.signals.values.sum()))).random(
        len(run.signals.names)
    )
    return values, better_half(values)


def luck(draws: int = 1000) -> pd.DataFrame:
    """Return how often signals drawn at random, independent of each other, name an encoder."""
    rows = []
    for count in (2, 3, 4, 5, 6, 8, 10, 12):
        random, named = np.random.default_rng(count), 0
        for _ in range(draws):
            values = random.random((2, count))
            signals = Signals(
                tuple("abcdefghijkl"[:count]), values, values, values * 0, np.eye(count), 100
            )
            named += not judge(signals, signals.belief(CLUSTERING), CLUSTERING, Asked())[1]
        rows.append({"encoders": count, "named": named / draws})
    return pd.DataFrame(rows)


def means(table: pd.DataFrame, keys: list[str], order: str = "") -> str:
    """Return the means of a table by keys, in markdown.

    Args:
        table: rows of `judged`, with what they are of.
        keys: columns to group by.
        order: number to sort by, the highest first; by the keys if there is none.
    """
    numbers = table[[*keys, *JUDGED]].astype(dict.fromkeys(JUDGED, float))
    found = numbers.groupby(keys).mean()
    if order:
        found = found.sort_values(order, ascending=False)
    return str(found.reset_index().to_markdown(index=False, floatfmt=".2f"))


def main() -> None:
    """Print the tables, and on stderr the numbers for `belief.py`."""
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 24
    sets = pd.read_csv(sys.argv[2])
    kinds = dict(zip(sets["set"].astype(str), sets["kind"].astype(str), strict=True))
    runs = read_runs(Path(sys.argv[1]), count, kinds)
    tables = {purpose: by_belief(runs, purpose) for purpose in PURPOSES}
    table, sure = tables[CLUSTERING]
    is_usual = table["certainty"] == CERTAINTY
    print(
        f"### {len(runs)} runs on {len({run.name for run in runs})} sets, certainty {CERTAINTY}\n"
    )
    print(means(table[is_usual], ["labels", "what"]))
    print("\n### By certainty\n")
    print(means(table[table["what"].isin(NAMED)], ["labels", "what", "certainty"]))
    rules: dict[str, Choice] = {"the rule before": before, "a random half": at_random}
    rules |= {f"better half by {name}": alone(name) for name in ALONE}
    for purpose in PURPOSES:
        print(f"\n### Without labels, for {purpose}\n")
        rows: list[dict[str, Any]] = [
            {"what": name} | judged(run.truth[purpose], *choose(run))
            for name, choose in rules.items()
            for run in runs
        ]
        some = tables[purpose][0]
        some = some[(some["labels"] == 0) & (some["certainty"] == CERTAINTY)]
        print(means(pd.concat([some[[*rows[0]]], pd.DataFrame(rows)]), ["what"], "Kendall's tau"))
    for key in ("set", "kind"):
        print(f"\n### The group without labels, named or not, by {key}\n")
        print(means(table[(table["what"] == SHOWN) & is_usual], [key]))
    print(f"\n### Of encoders with this probability, the share within {MARGIN} of the best\n")
    sure = sure[sure["what"].isin(NAMED)]
    found = sure.groupby(["labels", pd.cut(sure["p"], BINS, right=False)], observed=True)
    shares = found.agg(mean=("p", "mean"), share=("is near", "mean"), encoders=("p", "size"))
    print(shares.reset_index().to_markdown(index=False, floatfmt=".2f"))
    print("\n### Signals drawn at random\n")
    print(luck().to_markdown(index=False, floatfmt=".3f"))
    for purpose in PURPOSES:
        print(purpose, fitted(runs, purpose), file=sys.stderr)
        named = tables[purpose][0]
        named = named[named["what"].isin(NAMED)].astype({"right": float})
        of_100 = named.groupby(["labels", "certainty"])["right"].mean().round(2).unstack()
        print(of_100.to_dict("index"), file=sys.stderr)


if __name__ == "__main__":
    main()
