"""The answer by purpose: which encoder for what, as a sentence."""

from collections.abc import Callable

import pandas as pd

from embedbench.results.results import Results
from embedbench.results.schema import CANNOT_TELL, LIKELY, NAMING
from embedbench.results.tables.purposes import PURPOSES
from embedbench.results.views import timings_of
from embedbench.utils.text import join_names, two_decimals

__all__ = [
    "budget_sentence",
    "leading_rows",
    "metric_heading",
    "purpose_sentence",
    "quality_and_speed",
]

_CLEARLY_FASTER = 1.5

_NEAR = 0.1
"""An encoder whose number is lower by more than this is no alternative, however fast."""


def leading_rows(results: Results) -> pd.DataFrame:
    """Return the rows of the table `purposes` of the purpose that leads, by encoder."""
    rows = results.purposes
    lead = rows["purpose"].iloc[0] if len(rows) else ""
    return rows[rows["purpose"] == lead].set_index("encoder")


def quality_and_speed(results: Results) -> pd.DataFrame:
    """Return the numbers of the purpose that leads beside speed, of encoders that have both.

    Columns: `encoder, value, low, high, speed`, the last in images a second.
    """
    speeds = pd.Series(timings_of(results, "images_per_second"), dtype=float)
    points = leading_rows(results)[["value", "low", "high"]].astype(float)
    return points.assign(speed=speeds).dropna().reset_index()


def metric_heading(metric: str) -> str:
    """Return the heading of a metric that a purpose is judged by."""
    headings = {name: heading for metrics in PURPOSES.values() for name, heading in metrics.items()}
    return headings.get(metric, metric)


def purpose_sentence(
    results: Results, text: Callable[[str], str] = str, strong: Callable[[str], str] = str
) -> str:
    """Return one sentence on which encoder for which purpose; empty with a single purpose.

    Args:
        results: the comparison.
        text: makes the string whose `format` joins the parts: `str`, or `Markup`, which escapes
            them.
        strong: marks a name that must be seen.
    """
    verdicts = results.run.get("verdicts") or {}
    purposes = [str(name) for name in results.purposes["purpose"].unique() if name in verdicts]
    if len(purposes) < 2:
        return ""
    answers: dict[frozenset[str], list[str]] = {}
    for purpose in purposes:
        verdict = verdicts[purpose]
        group = verdict["group"] if verdict["answer"] in NAMING else [verdict["answer"]]
        answers.setdefault(frozenset(group), []).append(purpose)
    parts = []
    for group, of_purposes in answers.items():
        verdict = verdicts[of_purposes[0]]
        named = [name for name in verdict["group"] if name in group] or list(group)
        is_told = verdict["answer"] in NAMING
        shown = [strong(name) for name in named] if is_told else named
        if named == [CANNOT_TELL]:
            shown = ["the best cannot be told"]
        if verdict["answer"] == LIKELY:
            who = "likely " + join_names(["{}"] * len(shown), "or")
        else:
            who = join_names(["{}"] * len(shown)) + (" are tied" if len(named) > 1 else "")
        form = text("for {} " + who)
        parts.append(form.format(join_names(of_purposes), *shown))
    sentence = text("; ").join(parts)
    sentence = sentence[:1].upper() + sentence[1:]
    cheaper = _cheaper(results, text, strong)
    return sentence + (text("; {}").format(cheaper) if cheaper else "") + "."


def budget_sentence(results: Results) -> str:
    """Return which encoder is recommended for which purpose; empty without a budget, or purposes.

    Args:
        results: the comparison.
    """
    verdicts = results.run.get("verdicts") or {}
    found: dict[str, list[str]] = {}
    for purpose in results.purposes["purpose"].unique():
        if budget := verdicts.get(purpose, {}).get("budget"):
            found.setdefault(budget["recommended"] or "none", []).append(str(purpose))
    if sum(map(len, found.values())) < 2:
        return ""
    return "; ".join(f"{name} for {join_names(purposes)}" for name, purposes in found.items())


def _cheaper(results: Results, text: Callable[[str], str], strong: Callable[[str], str]) -> str:
    """Say which encoder outside the leading group is much faster, and how far it is behind."""
    if results.run["verdict"].get("budget"):  # which says what is recommended for its speed
        return ""
    rows, speeds = leading_rows(results), timings_of(results, "images_per_second")
    best = rows[rows["recommended"].astype(bool)]
    if best.empty or best.index[0] not in speeds or pd.isna(best["value"].iloc[0]):
        return ""
    chosen, value = str(best.index[0]), float(best["value"].iloc[0])
    others = rows[~rows.index.isin(results.run["verdict"]["group"])]
    others = others[others["value"].astype(float) >= value - _NEAR]
    faster = {
        str(name): speeds[str(name)] / speeds[chosen]
        for name in others.index
        if speeds.get(str(name), 0) > _CLEARLY_FASTER * speeds[chosen]
    }
    if not faster:
        return ""
    name = max(faster, key=lambda one: float(others["value"][one]))
    behind = two_decimals(value - float(others["value"][name]))
    heading = metric_heading(str(others["metric"][name]))
    form = text("{} is {} times as fast as {}, and its {} is {} lower")
    return form.format(strong(name), f"{faster[name]:.2g}", strong(chosen), heading, behind)
