"""The answer in sentences, for terminal and page: the verdict, or the groups of one encoder."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from embedbench.results.results import Answer, Results
from embedbench.results.schema import (
    CANNOT_TELL,
    K_CRITERIA,
    LIKELY,
    NONE_BETTER,
    ONE_ENCODER,
    TOO_FEW,
)
from embedbench.results.tables.purposes import CLUSTERING
from embedbench.results.views import (
    chosen_k,
    fastest,
    fastest_of,
    headline_rows,
    members_of,
    timings_of,
)
from embedbench.utils.text import join_names, pluralise

__all__ = [
    "NAMED",
    "answer_sentences",
    "answers",
    "budget_sentences",
    "list_names",
    "verdict_sentences",
]

NAMED = 6
"""If there are more encoders than this, the sentence counts the others."""


_GROUPS = 5
"""Number of the largest groups that are named."""

_MEANING = {
    "truth": "as many as classes",
    "given": "as asked",
    "shared": "where the inertia bends",
    "own": "found by the clusterer",
}


def answers(results: Results) -> dict[str, Answer]:
    """Return the verdict for each purpose, the leading one first."""
    lead = results.run["verdict"]
    verdicts = {lead.get("purpose", CLUSTERING): lead} | (results.run.get("verdicts") or {})
    rows = results.purposes[results.purposes["recommended"].eq(True)]
    recommended = dict(zip(rows["purpose"].astype(str), rows["encoder"].astype(str), strict=True))
    speeds = timings_of(results, "images_per_second")
    found = {}
    for purpose, verdict in verdicts.items():
        told = verdict_sentences(verdict, fastest_of(verdict["group"], speeds))
        if verdict is lead:
            told = answer_sentences(results)
        found[purpose] = Answer(
            purpose,
            verdict.get("metric", ""),
            verdict["basis"],
            verdict["answer"],
            tuple(verdict["group"]),
            recommended.get(purpose),
            tuple(told),
        )
    return found


def answer_sentences(
    results: Results, text: Callable[[str], str] = str, strong: Callable[[str], str] = str
) -> list[str]:
    """Return the verdict in sentences; of one encoder, its groups and how sure they are.

    What a budget says stands apart, in `budget_sentences`.

    Args:
        results: the comparison.
        text: as of `verdict_sentences`.
        strong: as of `verdict_sentences`.
    """
    verdict = results.run["verdict"]
    if verdict["basis"] != ONE_ENCODER:
        return verdict_sentences(verdict | {"budget": None}, fastest(results), text, strong)
    row = headline_rows(results).iloc[0]
    members = members_of(results, str(row["encoder"]))
    members = members[members["clusterer"] == row["clusterer"]]
    count = int(members.loc[members["cluster"] >= 0, "cluster"].nunique())
    sentences = [
        text("{} puts these {} into {}, {}.").format(
            strong(str(row["encoder"])),
            pluralise(len(members), "picture"),
            strong(pluralise(count, "group")),
            _MEANING.get(str(row["k_from"]), str(row["k_from"])),
        ),
        _largest_groups(results, row, text),
        _clear_numbers(results.elbow, text),
        _how_sure(row, text),
    ]
    between = int((members["silhouette"] < 0).sum())
    if between:
        lie = "lies" if between == 1 else "lie"
        form = text("{} {} nearer to another group than to {} own.")
        its = "its" if between == 1 else "their"
        sentences.append(form.format(pluralise(between, "picture"), lie, its))
    sentences += [text("{}").format(reason) for reason in verdict["reasons"]]
    return [sentence for sentence in sentences if sentence]


def _largest_groups(results: Results, row: pd.Series, text: Callable[[str], str]) -> str:
    table = results.clusters[results.clusters["space"] == row["space"]]
    table = table[(table["encoder"] == row["encoder"]) & (table["clusterer"] == row["clusterer"])]
    table = table[table["cluster"] >= 0].sort_values("size", ascending=False, kind="stable")
    if table.empty:
        return ""
    has_name = table["name"].notna() & (table["name"] != "")
    names = table["name"].where(has_name, "cluster " + table["cluster"].astype(str))
    parts = [
        text("{} ({})").format(name, int(size))
        for name, size in zip(names.iloc[:_GROUPS], table["size"], strict=False)
    ]
    said = "The largest" if len(table) > _GROUPS else "The groups"
    return text(said + ": " + ", ".join(["{}"] * len(parts)) + ".").format(*parts)


def _clear_numbers(elbow: pd.DataFrame, text: Callable[[str], str]) -> str:
    """Say which numbers of groups stand out against data without clusters, if that was asked."""
    if "inertia_null_low" not in elbow or not elbow["inertia_null_low"].notna().any():
        return ""
    last = int(elbow["k"].max())
    found = {name: chosen_k(elbow, name) for name in K_CRITERIA}
    clear = [f"{k}{' or more' if k == last else ''} by {name}" for name, k in found.items() if k]
    unclear = [name for name, k in found.items() if not k]
    if not clear:
        return text(
            "Neither elbow nor silhouette nor gap finds a clear number of groups: they may be a "
            "matter of degree."
        )
    none = f"; none by {join_names(unclear)}" if unclear else ""
    return text("Numbers of groups that stand out: {}{}.").format(join_names(clear), none)


def _how_sure(row: pd.Series, text: Callable[[str], str]) -> str:
    told = []
    for column, form in (
        ("stability", "random subsamples give the same groups with AMI {}"),
        ("ami", "the labels agree with them with AMI {}"),
    ):
        if pd.notna(row.get(column)):
            low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
            ends = f" (95 % interval {low:.2f} to {high:.2f})" if pd.notna(low) else ""
            told.append(form.format(f"{row[column]:.2f}{ends}"))
    if not told:
        return ""
    said = join_names(told)
    return text("{}, where 1 is the same and 0 is chance.").format(said[0].upper() + said[1:])


def verdict_sentences(
    verdict: Mapping[str, Any],
    fastest: str | None,
    text: Callable[[str], str] = str,
    strong: Callable[[str], str] = str,
) -> list[str]:
    """Return which encoder is best, then the reasons, and which is recommended within a budget.

    Args:
        verdict: as in `run.json`.
        fastest: the fastest of the encoders that it names; None where it is not known.
        text: makes the string whose `format` joins the parts: `str`, or `Markup`, which escapes
            them.
        strong: marks a name or a word that must be seen.
    """
    group = verdict["group"]
    by = "by the labels" if verdict["basis"] == "labels" else "without labels"
    purpose = verdict.get("purpose", CLUSTERING)
    here = "here" if purpose == CLUSTERING else f"for {purpose} here"
    if verdict["basis"] == ONE_ENCODER:
        first = text("There is {}, so nothing is compared.").format(strong("one encoder"))
    elif verdict["basis"] == "nothing":
        first = text("There is {}.").format(strong("no verdict"))
    elif verdict["answer"] == CANNOT_TELL:
        form = text("{}, we {} which encoder is best " + here + ".")
        first = form.format(by.capitalize(), strong("cannot tell"))
    elif verdict["answer"] == NONE_BETTER and purpose != CLUSTERING:
        first = text("{} of them is better than chance {}.").format(strong("None"), here)
    elif verdict["answer"] == NONE_BETTER:
        form = text("{} of them groups these pictures better than chance.")
        first = form.format(strong("None"))
    elif verdict["answer"] == TOO_FEW:
        form = text("There are {} to tell which encoder is best here.")
        first = form.format(strong("too few pictures"))
    elif verdict["answer"] == LIKELY:
        form = text(
            "{} is {} the best {}, {}." if len(group) == 1 else "One of {} is {} the best {}, {}."
        )
        first = form.format(list_names(group, text, strong), strong(LIKELY), here, by)
    elif len(group) == 1:
        first = text("{} is the {} {}, {}.").format(strong(group[0]), strong("best"), here, by)
    else:
        cheapest = _cheapest(verdict["smallest"], fastest, text, strong)
        names = list_names(group, text, strong)
        form = text("{} are {} as best {}, {}{}.")
        first = form.format(names, strong("tied"), here, by, cheapest)
    reasons = [text("{}").format(reason) for reason in verdict["reasons"]]
    return [first, *reasons, *budget_sentences(verdict, text)]


def budget_sentences(verdict: Mapping[str, Any], text: Callable[[str], str] = str) -> list[str]:
    """Return what is recommended within the budget, and what is beyond it; none without one.

    Args:
        verdict: as in `run.json`.
        text: as of `verdict_sentences`.
    """
    budget = verdict.get("budget") or {}
    return [text("{}").format(sentence) for sentence in budget.get("sentences", ())]


def list_names(
    names: Sequence[str],
    text: Callable[[str], str] = str,
    strong: Callable[[str], str] = str,
) -> str:
    """Return the first names joined as in a sentence, and the number of the others."""
    shown = [strong(name) for name in names[:NAMED]]
    if len(names) > NAMED:
        shown.append(f"{len(names) - NAMED} more")
    pattern = join_names(["{}"] * len(shown))
    return text(pattern).format(*shown)


def _cheapest(
    smallest: str | None,
    fastest: str | None,
    text: Callable[[str], str],
    strong: Callable[[str], str],
) -> str:
    if smallest is None:
        form = text("; the fastest of them is {}")
        return "" if fastest is None else form.format(strong(fastest))
    if fastest is None:
        return text("; the smallest model of them is {}").format(strong(smallest))
    if smallest == fastest:
        return text("; the smallest and fastest model of them is {}").format(strong(smallest))
    form = text("; the smallest model of them is {}, the fastest {}")
    return form.format(strong(smallest), strong(fastest))
