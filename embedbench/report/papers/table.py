"""The comparison as a table in LaTeX: one row an encoder, the numbers that decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from embedbench.report.papers.latex import escape_latex, with_commands
from embedbench.results.formats import short_number
from embedbench.results.purposes import metric_heading
from embedbench.results.results import Results
from embedbench.results.schema import LIKELY, MARGIN, NAMING, SIGNALS
from embedbench.results.views import headline_rows, ranked
from embedbench.utils.text import pluralise

__all__ = ["latex_table"]

_MARKS = {"tied": r"$^{\dagger}$", LIKELY: r"$^{\ddagger}$"}
"""The signs behind the numbers of encoders that a verdict names, by its answer."""


@dataclass(frozen=True)
class _Column:
    """A column of the table.

    Attributes:
        group: the heading above the heading; empty for none.
        heading: what the numbers are.
        cells: by encoder, in LaTeX.
    """

    group: str
    heading: str
    cells: dict[str, str]


def latex_table(results: Results) -> str:
    r"""Return a floating table in LaTeX, which needs the package booktabs.

    With labels it has for each purpose the metric that it is judged by, without labels the
    probability that an encoder is as good as the best, and the two signals that this rests on; of
    a single encoder its clusters. Each number stands with its 95 % interval, the best is bold,
    and marks say what is tied or likely.

    Args:
        results: the comparison.
    """
    names = ranked(results)
    columns = [*_purposes(results, names)]
    if len(names) > 1 and not results.has_truth:
        columns += _signals(results, names)
    columns = columns or _alone(results, names)
    has_groups = len({column.group for column in columns} - {""}) > 1
    lines = [
        r"\begin{table}[htbp]",
        r"  \centering",
        rf"  \caption{{{_caption(results, names, columns)}}}",
        r"  \label{tab:encoders}",
        rf"  \begin{{tabular}}{{l{'l' * len(columns)}}}",
        r"    \toprule",
        *([_row(["", *(escape_latex(column.group) for column in columns)])] if has_groups else []),
        _row(["encoder", *(escape_latex(column.heading) for column in columns)]),
        r"    \midrule",
        *(_row([escape_latex(name), *(one.cells[name] for one in columns)]) for name in names),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return with_commands("% Needs \\usepackage{booktabs}.\n" + "\n".join(lines) + "\n")


def _row(cells: Sequence[str]) -> str:
    return rf"    {' & '.join(cells)} \\".replace("     &", "    &")


def _purposes(results: Results, names: list[str]) -> list[_Column]:
    """Return a column for each purpose that has numbers, or probabilities instead."""
    columns = []
    for purpose, rows in results.purposes.groupby("purpose", sort=False):
        rows = rows.set_index("encoder").reindex(names)
        verdict = _verdicts(results).get(str(purpose), {})
        if rows["value"].notna().any():
            heading = metric_heading(str(rows["metric"].dropna().iloc[0]))
            columns.append(_Column(str(purpose), heading, _cells(rows, verdict)))
        elif "probability" in rows and rows["probability"].notna().any():
            rows = rows.assign(value=rows["probability"])
            columns.append(_Column(str(purpose), "probability", _cells(rows, verdict)))
    return columns


def _verdicts(results: Results) -> dict[str, Any]:
    return dict(results.run.get("verdicts") or {})


def _signals(results: Results, names: list[str]) -> list[_Column]:
    columns = []
    for signal in SIGNALS:
        rows = results.label_free[results.label_free["criterion"] == signal]
        cells = _cells(rows.set_index("encoder").reindex(names))
        columns.append(_Column("", signal.replace("_", " "), cells))
    return columns


def _alone(results: Results, names: list[str]) -> list[_Column]:
    """Return what is known of the clusters of one encoder."""
    first = headline_rows(results).drop_duplicates("encoder").set_index("encoder").reindex(names)
    columns = []
    for metric in ("ami", "silhouette", "stability"):
        if metric in first:
            own = {"value": metric, "low": f"{metric}_low", "high": f"{metric}_high"}
            rows = first.reindex(columns=list(own.values())).set_axis(list(own), axis=1)
            heading = "AMI" if metric == "ami" else metric
            columns.append(_Column("", heading, _cells(rows)))
    return columns


def _cells(rows: pd.DataFrame, verdict: Mapping[str, Any] = MappingProxyType({})) -> dict[str, str]:
    """Return the values of the encoders with their intervals, marked by a verdict.

    The best is bold if the verdict names any; of likely ones the likeliest, which is named first.
    """
    answer = verdict.get("answer")
    group = list(verdict["group"]) if answer in NAMING else []
    values = rows["value"].astype(float)
    best = values.reindex(group).max()
    ends = rows.reindex(columns=["low", "high"]).astype(float)
    cells = {}
    for name, value, low, high in zip(rows.index, values, ends["low"], ends["high"], strict=True):
        cell = _number(value) or "--"
        if name in group:
            is_best = name == group[0] if answer == LIKELY else value == best
            cell = rf"\textbf{{{cell}}}" if is_best else cell
            cell += _MARKS.get(str(answer), "") if len(group) > 1 or answer == LIKELY else ""
        if not pd.isna(low):
            cell += rf" {{\small [{_number(low)}, {_number(high)}]}}"
        cells[str(name)] = cell
    return cells


def _number(value: float) -> str:
    return short_number(value).replace("-", "$-$")


def _caption(results: Results, names: list[str], columns: Sequence[_Column]) -> str:
    """Return what the numbers, the bold ones and the marks mean."""
    classes = results.run["dataset"].get("classes")
    of_classes = f" of {pluralise(classes, 'class')}" if classes else ""
    parts = [
        f"{pluralise(len(names), 'image encoder')} on "
        f"{pluralise(len(results.images), 'image')}{of_classes}, with 95\\,\\% intervals."
    ]
    if any(column.heading == "probability" for column in columns):
        margin = results.run.get("margin", MARGIN)
        parts.append(
            f"Probability: how likely the encoder is within {margin:g} of the best, by the two "
            "signals that need no labels: cluster retention and consensus."
        )
    cells = "".join(cell for column in columns for cell in column.cells.values())
    if r"\textbf" in cells:
        parts.append("Bold: the best.")
    if _MARKS["tied"] in cells:
        parts.append(
            f"{_MARKS['tied']}~tied: other images of the same kind could reverse the order."
        )
    if _MARKS[LIKELY] in cells:
        parts.append(f"{_MARKS[LIKELY]}~likely the best, or one of those that may be.")
    shown = {column.group for column in columns}
    for purpose, verdict in _verdicts(results).items():
        if purpose in shown and verdict["answer"] not in NAMING:
            parts.append(escape_latex(f"{purpose.capitalize()}: {verdict['answer']}."))
    return " ".join(parts)
