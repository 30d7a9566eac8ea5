"""Accuracy of the verdict without labels, on labelled sets whose labels are hidden.

python benchmarks/verdict.py BANK TRIALS TRIALS.csv > table.md

BANK is the folder that `verdict_bank.py` writes; TRIALS is the number of trials per set, which are
saved to the CSV file. A trial draws some or all classes of a set, 70 % of the images or more with
their changed copies, and 3 to 8 encoders, including noisy and PCA-truncated copies of
EfficientNet-Lite0. The truth is the AMI of K-means at the true number of classes, mean of 5 seeds.
A named group is right if its best member is within 0.02 of the best encoder; it commits if it names
at most half of the encoders. About an hour on two cores for 30 trials of 29 sets. Further tables:
rules chosen on one half of the sets and tested on the other, and the number of labels that do as
well.
"""

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata

from embedbench.analysis.pairwise import disagreement
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.comparison.verdicts.signals import verdict_without_labels
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.clustering.consensus import consensus_scores, similar_groups
from embedbench.metrics.clustering.silhouette import silhouettes
from embedbench.metrics.embedding.consistency import cluster_retention, consistency
from embedbench.metrics.embedding.geometry import (
    anisotropy,
    effective_rank,
    hubness,
    intrinsic_dimension,
)
from embedbench.metrics.embedding.neighbours import neighbourhood, overlap
from embedbench.metrics.embedding.similarity import linear_cka
from embedbench.metrics.ranking import tied_with_best
from embedbench.results.schema import CANNOT_TELL
from verdict_sets import Bank, Vectors, directions

KS, SEEDS, TRUE_SEEDS, RIGHT = (4, 8, 12, 20), 3, 5, 0.02
LABELS, DRAWS = (20, 40, 60, 100), 4
HALVES = ("caltech", "digits", "emoji", "stamps"), ("clipart", "fashion", "openimages", "samples")
CRITERIA = (
    "clusters kept", "neighbours kept", "copies found", "consensus", "neighbour consensus",
    "stability", "own-space silhouette", "hubness", "anisotropy", "effective rank",
    "intrinsic dimension",
)  # fmt: skip


def trial(bank: Bank, seed: list[int]) -> list[dict[str, Any]]:
    """Return one row per encoder: its truth, its criteria and the verdict."""
    random, truth = np.random.default_rng(seed), bank.truth
    classes = np.unique(truth)
    some = random.integers(max(4, len(classes) // 2), len(classes) + 1)
    rows = np.flatnonzero(np.isin(truth, random.choice(classes, some, replace=False)))
    rows = np.sort(random.choice(rows, int(len(rows) * random.uniform(0.7, 1)), replace=False))
    drawn = bank.take(rows).with_degraded()
    names = sorted(random.choice(list(drawn.views), random.integers(3, 9), replace=False))
    labels, groups = drawn.truth, np.arange(len(rows))
    ks = [k for k in KS if k < len(rows) // 3]
    looked = [look(drawn, name, ks) for name in names]
    alike = np.eye(len(names))
    for one, other in combinations(range(len(names)), 2):
        cka = linear_cka(*(drawn.views[names[place]].images for place in (one, other)))
        alike[one, other] = alike[other, one] = cka
    family = similar_groups(alike)
    consensus = consensus_scores([found["partitions"] for found in looked], family)
    resamples = PairedBootstrap(groups, 0, 200)
    kept = [found["kept"] for found in looked]
    ranks, verdict = verdict_without_labels(
        names,
        {
            "retention": [score.mean for score in kept],
            "consensus": [score.mean for score in consensus],
        },
        {"retention": resamples.of(kept), "consensus": resamples.of(consensus)},
        {"retention": [0.0] * len(names), "consensus": [0.0] * len(names)},  # AMI by chance
        family.tolist(),
        len(rows),
    )
    few = few_labels(
        labels,
        [found["at truth"] for found in looked],
        disagreement([found["near"] for found in looked]),
        seed,
    )
    result = []
    for number, (name, found) in enumerate(zip(names, looked, strict=True)):
        shared = [
            overlap(found["near"], other["near"], 10)
            for other in looked
            if other["near"] is not found["near"]
        ]
        row = {"encoder": name, **found["row"], "consensus": consensus[number].mean}
        row |= {"neighbour consensus": np.mean(shared), "rank": ranks["rank"].get(name)}
        row |= {"named": name in verdict.group, "answer": verdict.answer}
        row |= {key: values[number] for key, values in few.items()}
        result.append(row)
    return result


def look(bank: Bank, name: str, ks: list[int]) -> dict[str, Any]:
    """Return the criteria and partitions of one encoder."""
    images, copies, truth = bank.views[name].images, bank.views[name].copies, bank.truth
    unit, groups = directions(images), np.arange(len(truth))
    pairs = [(len(np.unique(truth)), seed) for seed in range(TRUE_SEEDS)]
    pairs += [(k, seed) for k in ks for seed in range(SEEDS)]
    fits = np.array([fit.labels for fit in fit_kmeans(unit, pairs)], dtype=np.int32)
    at_truth, spread = fits[:TRUE_SEEDS], fits[TRUE_SEEDS:]
    partitions = spread.reshape(len(ks), SEEDS, -1)
    near = neighbourhood(images, None, groups, 10)
    found = consistency(images, copies, bank.rows, groups)
    kept = cluster_retention(images, partitions, copies, bank.rows)
    row = {
        "truth": float(pairwise_ami(at_truth, truth[None]).mean()),
        "clusters kept": kept.mean,
        "neighbours kept": float(np.nanmean(found.kept)),
        "copies found": float(np.nanmean(found.found)),
        "stability": stable(unit, ks),
        "own-space silhouette": float(np.nanmean(silhouettes(unit, spread))),
        "hubness": -hubness(near, 10),
        "anisotropy": -anisotropy(images),
        "effective rank": effective_rank(images),
        "intrinsic dimension": -intrinsic_dimension(images),
    }
    return {"row": row, "kept": kept, "near": near, "partitions": partitions, "at truth": at_truth}


def stable(unit: Vectors, ks: list[int], samples: int = 4) -> float:
    """Return the mean AMI between clusterings of 80 % of the images."""
    labels = np.full((samples, len(ks), len(unit)), -1, dtype=np.int32)
    for number in range(samples):
        rows = np.random.default_rng(number).permutation(len(unit))[: int(0.8 * len(unit))]
        fits = fit_kmeans(unit[rows], [(k, number) for k in ks])
        labels[number][:, rows] = [fit.labels for fit in fits]
    found = []
    for one, other in combinations(range(samples), 2):
        both = (labels[one, 0] >= 0) & (labels[other, 0] >= 0)
        found += [
            pairwise_ami(labels[one, k][None, both], labels[other, k][None, both])[0, 0]
            for k in range(len(ks))
        ]
    return float(np.mean(found))


def few_labels(
    truth: np.ndarray, partitions: list[np.ndarray], disputed: np.ndarray, seed: list[int]
) -> dict[str, list[Any]]:
    """Return the columns of the verdict with few labels.

    The labels are of random images, or half of random images and half of the images whose
    neighbours the encoders disagree about most.
    """
    columns: dict[str, list[Any]] = {}
    for count, draw in product(LABELS, range(DRAWS)):
        random = np.random.default_rng([*seed, count, draw]).permutation(len(truth))
        most = random[np.argsort(-disputed[random], kind="stable")]
        both = list(dict.fromkeys([*random[: count // 2], *most]))
        for way, chosen in (("random", random[:count]), ("half disputed", both[:count])):
            known = np.full(len(truth), -1)
            known[chosen] = truth[chosen]
            if count > len(truth) or len(np.unique(truth[chosen])) < 2:
                continue
            scores = [ami_score(labels, known) for labels in partitions]
            estimates = np.array([score.mean for score in scores])
            moved = PairedBootstrap(np.arange(len(truth)), draw, 200).of(scores)
            columns[f"{count} {way} {draw} AMI"] = list(estimates)
            columns[f"{count} {way} {draw} tied"] = list(tied_with_best(estimates, moved))
    return columns


def one_set(file: Path, trials: int) -> pd.DataFrame:
    """Return the rows of all trials on a set."""
    bank = Bank.read(file)
    name = sum(map(ord, file.stem))
    rows = [
        {"set": file.stem, "trial": number, **row}
        for number in range(trials)
        for row in trial(bank, [name, number])
    ]
    return pd.DataFrame(rows)


Choice = Callable[[pd.DataFrame], tuple[np.ndarray, np.ndarray]]


def judged(table: pd.DataFrame, choose: Choice) -> pd.Series:
    """Return the mean results of a way of choosing over all trials of a table.

    Args:
        table: rows of trials.
        choose: function from a trial to the order (higher is better) and the named group, empty
            if it cannot tell.
    """
    rows = []
    for _, one in table.groupby(["set", "trial"]):
        order, group = choose(one)
        truth = one["truth"].to_numpy()
        commits = 0 < group.sum() <= len(one) / 2
        rows.append(
            {
                "Kendall's tau": np.nan_to_num(kendalltau(order, truth).statistic),
                "commits": commits,
                "right": truth.max() - truth[group].max() <= RIGHT if commits else np.nan,
                "named of all": group.mean() if commits else np.nan,
                "regret of the group": truth.max() - truth[group].max() if commits else np.nan,
                "regret of the first": truth.max() - truth[np.argmax(order)],
            }
        )
    return pd.DataFrame(rows).astype(float).mean()


def by_verdict(one: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the verdict of the program."""
    group = one["named"].to_numpy(bool) & (one["answer"] != CANNOT_TELL).to_numpy()
    return -one["rank"].fillna(len(one)).to_numpy(float), group


def better_half(order: np.ndarray) -> np.ndarray:
    """Return the better half of an order."""
    return np.argsort(np.argsort(-order, kind="stable")) < max(1, len(order) // 2)


def by_criterion(name: str) -> Choice:
    """Return a rule that names the better half by one criterion."""

    def choose(one: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        order = one[name].fillna(-np.inf).to_numpy(float)
        return order, better_half(order)

    return choose


def at_random(one: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Name a random half of the encoders."""
    order = np.random.default_rng(int(one["trial"].iloc[0])).permutation(len(one)).astype(float)
    return order, better_half(order)


def by_signs(names: Iterable[str]) -> Choice:
    """The verdict's rule with these signals in place of its two."""
    names = list(names)

    def choose(one: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        values = one[names].fillna(-np.inf).to_numpy(float)
        places = rankdata(-values, axis=0)
        mean, worst, half = places.mean(axis=1), places.max(axis=1), len(one) // 2
        order = -mean - worst / 1000
        group = better_half(order) & (worst < len(one))
        return -mean, group & bool((places[mean == mean.min()] <= half).all())

    return choose


def on_the_other_half(table: pd.DataFrame) -> pd.DataFrame:
    """Choose one or two signals on one half of the sets, and evaluate them on the other."""
    rules = [names for count in (1, 2) for names in combinations(CRITERIA, count)]
    rows = []
    for chosen_on, told_on in (HALVES, HALVES[::-1]):
        mine, other = (table[table["set"].isin(half)] for half in (chosen_on, told_on))
        found = {names: judged(mine, by_signs(names)) for names in rules}
        fits = {n: one for n, one in found.items() if one["right"] >= 0.9 and one["commits"] >= 0.6}
        best = max(fits or found, key=lambda names: found[names]["Kendall's tau"])
        for what, choose in (
            (f"chosen there: {' + '.join(best)}", by_signs(best)),
            ("the verdict", by_verdict),
        ):
            row = judged(other, choose).to_dict()
            rows.append({"chosen on": ", ".join(chosen_on), "rule": what, **row})
    return pd.DataFrame(rows)


def by_labels(value: str, tied: str) -> Choice:
    """Return the rule of the verdict with a few labels, from its columns."""

    def choose(one: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return one[value].to_numpy(float), one[tied].to_numpy(bool)

    return choose


def labels_needed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the results of the verdict by number of labels."""
    rows = []
    for count, way in product(LABELS, ("random", "half disputed")):
        found = []
        for draw in range(DRAWS):
            value, tied = (f"{count} {way} {draw} {what}" for what in ("AMI", "tied"))
            if value in table:
                found.append(judged(table.dropna(subset=[value]), by_labels(value, tied)))
        rows.append({"labels": count, "images": way, **pd.DataFrame(found).mean().to_dict()})
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables."""
    files = sorted(Path(sys.argv[1]).glob("*.safetensors"))
    trials = int(sys.argv[2])
    with ProcessPoolExecutor(2) as pool:
        table = pd.concat(pool.map(one_set, files, [trials] * len(files)), ignore_index=True)
    table.to_csv(sys.argv[3], index=False)
    ways: dict[str, Choice] = {"the verdict": by_verdict, "a random half": at_random}
    ways |= {f"better half by {name}": by_criterion(name) for name in CRITERIA}
    rows = pd.DataFrame({name: judged(table, choose) for name, choose in ways.items()}).T
    rows = rows.sort_values("Kendall's tau", ascending=False)
    sets = {name: judged(one, by_verdict) for name, one in table.groupby("set")}
    print(f"## {table.groupby(['set', 'trial']).ngroups} trials on {table['set'].nunique()} sets\n")
    print(rows.to_markdown(floatfmt=".2f"))
    print("\n## The verdict by set\n")
    print(pd.DataFrame(sets).T.to_markdown(floatfmt=".2f"))
    print("\n## Chosen on half of the sets, tested on the other half\n")
    print(on_the_other_half(table).to_markdown(index=False, floatfmt=".2f"))
    print("\n## With a few labels instead\n")
    print(labels_needed(table).to_markdown(index=False, floatfmt=".2f"))


if __name__ == "__main__":
    main()
