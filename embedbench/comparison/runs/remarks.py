"""What differs between runs that are merged, and what was made of it."""

from collections.abc import Sequence

import pandas as pd

from embedbench.comparison.runs.common import Run
from embedbench.comparison.runs.difference import shown_option
from embedbench.comparison.stages.encoding import EncodedDataset
from embedbench.results.schema import FAILURE_COLUMNS
from embedbench.utils.text import agreeing, join_names, pluralise

__all__ = ["differences", "left_out", "not_in_every_run"]

_RECORDED = (
    "clusterers", "spaces", "k", "seeds", "metric", "keep_duplicates", "pairs", "at_least",
    "at_most", "certainty", "margin", "corrupt", "corrupted", "mix", "projections",
    "copies",
)  # fmt: skip
"""Options that numbers depend on, beside the images."""


def differences(parts: Sequence[Run], common: Sequence[EncodedDataset]) -> list[str]:
    """Return what differs between the first run and the others, and what was made of it."""
    first, remarks = parts[0], list[str]()
    kept = len(common[0].images.dataset)
    for part in parts:
        lost = len(part.encoded.images.dataset) - kept
        if lost:
            remarks.append(
                f"{pluralise(lost, 'image')} of {part.name} {agreeing(lost, 'are')} left out: not "
                f"every run has {'it' if lost == 1 else 'them'}"
            )
    tables = [run.images.dataset.table for run in common]
    for column in dict.fromkeys(str(name) for table in tables for name in table):
        for part, table in zip(parts[1:], tables[1:], strict=True):
            count = _unequal(tables[0], table, column)
            if count and column == "truth" and column not in tables[0]:
                remarks.append(
                    f"{first.name} has no labels, so those of {part.name} are not used: name it "
                    "first to use them"
                )
            elif count and column == "truth" and column not in table:
                remarks.append(f"{part.name} has no labels: those of {first.name} count")
            elif count:
                what = "label" if column == "truth" else f"value of '{column}'"
                remarks.append(
                    f"{pluralise(count, 'image')} {agreeing(count, 'have')} another {what} in "
                    f"{part.name}: that of {first.name} counts"
                )
    run = first.results.run
    for part in parts[1:]:
        other = part.results.run
        for key in _RECORDED:
            one, another = (shown_option(record.get(key)) for record in (run, other))
            if one != another:
                remarks.append(
                    f"`{key}` is {one} in {first.name} and {another} in {part.name}: that of "
                    f"{first.name} counts"
                )
        versions = run["versions"], other["versions"]
        changed = [
            f"{name} {versions[0][name]} and {versions[1][name]}"
            for name in versions[0]
            if versions[1].get(name, versions[0][name]) != versions[0][name]
        ]
        if changed:
            remarks.append(f"versions in {first.name} and {part.name}: {join_names(changed)}")
        if run["hardware"] != other["hardware"]:
            remarks.append(
                f"{join_names([first.name, part.name])} come from different machines: their images "
                "per second cannot be compared"
            )
    return remarks


def not_in_every_run(parts: Sequence[Run], common: Sequence[EncodedDataset]) -> pd.DataFrame:
    """Return a row of `Results.failures` for each image that is left out."""
    kept = set(common[0].images.dataset.names)
    rows = [
        ("image", name, f"merge: {part.name}", "not every run has it, with the same bytes")
        for part in parts
        for name in part.encoded.images.dataset.names
        if name not in kept
    ]
    return pd.DataFrame(rows, columns=FAILURE_COLUMNS)


def _unequal(one: pd.DataFrame, other: pd.DataFrame, column: str) -> int:
    """Return how many rows of two tables differ in a column; all if one lacks it."""
    if column not in one or column not in other:
        return len(one)
    texts = [
        table[column].astype(object).where(table[column].notna(), "").astype(str).to_numpy()
        for table in (one, other)
    ]
    return int((texts[0] != texts[1]).sum())


def left_out(runs: Sequence[EncodedDataset], merged: EncodedDataset) -> list[str]:
    """Return remarks on extra images that are not there for all encoders."""
    having = [run for run in runs if not run.extra.is_empty]
    found = {block for run in having for block, place in run.extra.blocks.items() if len(place)}
    kinds = sorted({block[0] for block in found - set(merged.extra.blocks)})
    lacking = [name for run in runs if run not in having for name in run.encoded.embeddings]
    remarks = []
    if kinds:
        remarks.append(f"not every run has the same {join_names(kinds)} images: some are left out")
    if lacking and having:
        have = agreeing(len(lacking), "have")
        remarks.append(f"{join_names(lacking)} {have} no vectors of changed images")
    return remarks
