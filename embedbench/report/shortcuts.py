"""What should not matter and yet decides clusters: a table, and warnings in words."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from embedbench.analysis.shortcuts import Shortcut, shortcut_warning
from embedbench.report.tables import NOTHING, Cell, Row
from embedbench.results.results import Results
from embedbench.results.views import headline_rows, ranked
from embedbench.utils.text import two_decimals

__all__ = ["ShortcutWarning", "shortcut_table", "shortcut_warnings"]


@dataclass(frozen=True)
class ShortcutWarning:
    """A warning on an encoder.

    Attributes:
        encoder: its name.
        sentence: in HTML, every foreign word escaped.
        by_folder: whether it groups by folder, which may be the subject itself.
    """

    encoder: str
    sentence: Markup
    by_folder: bool


def shortcut_table(results: Results) -> tuple[list[str], list[Row]]:
    """Return the attributes, and a row for each encoder: AMI, and what it stays below by chance."""
    table = results.shortcuts
    if table.empty:
        return [], []
    attributes = [str(name) for name in table["attribute"].unique()]
    cells = {
        (str(row["encoder"]), str(row["attribute"])): Cell(
            two_decimals(row["ami"]),
            chance="" if pd.isna(row["null"]) else two_decimals(row["null"]),
        )
        for _, row in table.iterrows()
    }
    rows = [
        Row(encoder, [cells.get((encoder, name), Cell(NOTHING)) for name in attributes])
        for encoder in ranked(results)
    ]
    return attributes, rows


def shortcut_warnings(results: Results) -> list[ShortcutWarning]:
    """Return a warning for each encoder that groups by a shortcut, the best-ranked first."""
    if results.shortcuts.empty:
        return []
    agreements, consensus = _agreements(results), _consensus(results)
    warnings = []
    for encoder in ranked(results):
        rows = results.shortcuts[results.shortcuts["encoder"] == encoder]
        shortcuts = [
            Shortcut(str(row["attribute"]), float(row["ami"]), float(row["null"]), float(row["p"]))
            for _, row in rows.iterrows()
        ]
        text = shortcut_warning(encoder, shortcuts, agreements.get(encoder), consensus.get(encoder))
        if text is not None:
            rest = text.removeprefix(encoder)
            sentence = Markup("<strong>{}</strong>{}.").format(encoder, rest)
            warnings.append(
                ShortcutWarning(encoder, sentence, rest.startswith(" groups by folder "))
            )
    return warnings


def _agreements(results: Results) -> dict[str, float]:
    """Return each encoder's AMI with the labels, of K-means, which is probed, if it was run."""
    if not results.has_truth:
        return {}
    rows = headline_rows(results)
    probed = rows[rows["clusterer"] == "kmeans"]
    rows = (probed if len(probed) else rows).drop_duplicates("encoder")
    return dict(zip(rows["encoder"].astype(str), rows["ami"].astype(float), strict=True))


def _consensus(results: Results) -> dict[str, float]:
    if results.label_free.empty:
        return {}
    rows = results.label_free[results.label_free["criterion"] == "consensus"]
    return dict(zip(rows["encoder"].astype(str), rows["value"].astype(float), strict=True))
