"""What moved between two run folders, and whether by more than chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from embedbench.errors import InputError
from embedbench.results.results import Results
from embedbench.results.schema import SIGNALS
from embedbench.utils.text import agreeing, join_names, pluralise

__all__ = ["Difference", "difference", "shown_option"]

_KEYS = ["encoder", "purpose", "metric"]

_CONSENSUS = SIGNALS[1]

_OF_THE_RUN = ("seeds", "k", "clusterers", "spaces", "copies", "margin", "certainty")
"""Options that change numbers."""


@dataclass(frozen=True, eq=False)
class Difference:
    """Two runs compared.

    Attributes:
        remarks: what else differs between the runs, and what can still be said.
        table: a row for each number that both have: `encoder, purpose, metric, before, after,
            change, low, high, moved`; the last says whether the 95 % interval of the change leaves
            out 0.
    """

    remarks: tuple[str, ...]
    table: pd.DataFrame


def difference(before: Results, after: Results) -> Difference:
    """Return what moved from one run to another.

    The interval of a change takes the two runs for independent. On the same images they are not,
    and it is wider than it need be: a change that it calls real is.

    Args:
        before: a run.
        after: another one.

    Raises:
        InputError: no encoder has a number in both.
    """
    both = _numbers(before).merge(_numbers(after), on=_KEYS, suffixes=("_before", "_after"))
    remarks = list(_remarks(before, after))
    encoders = [set(results.comparison["encoder"].astype(str)) for results in (before, after)]
    is_consensus = both["metric"] == _CONSENSUS
    if encoders[0] != encoders[1] and is_consensus.any():
        both = both[~is_consensus]
        remarks.append("consensus is left out: it follows from which encoders take part")
    if both.empty:
        told = "; ".join(remarks)
        raise InputError(f"the two runs have no encoder with a number in both: {told}")
    table = both[_KEYS].copy()
    table["before"], table["after"] = both["value_before"], both["value_after"]
    table["change"] = table["after"] - table["before"]
    one, other = (
        ((both[f"high_{run}"] - both[f"low_{run}"]) / 2).to_numpy(np.float64)
        for run in ("before", "after")
    )
    reach = np.hypot(one, other)  # half of the width of an interval stands for its standard error
    table["low"], table["high"] = table["change"] - reach, table["change"] + reach
    table["moved"] = (table["low"] > 0) | (table["high"] < 0)
    return Difference(tuple(remarks), table)


def _numbers(results: Results) -> pd.DataFrame:
    """Return what the purposes are judged by, and the two signals where they were measured."""
    columns = [*_KEYS, "value", "low", "high"]
    scores = results.purposes.dropna(subset=["value"])
    signals = results.label_free[results.label_free["criterion"].isin(SIGNALS)]
    signals = signals.rename(columns={"criterion": "metric"}).assign(purpose="without labels")
    parts = [part[columns] for part in (scores, signals) if len(part)]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    numbers = whole.astype(dict.fromkeys(("value", "low", "high"), float))
    return numbers.dropna(subset=["value", "low", "high"])


def _remarks(before: Results, after: Results) -> tuple[str, ...]:
    runs = before.run, after.run
    found = [*_images(before, after), *_encoders(before, after)]
    found += [
        f"{name}: {shown_option(runs[0].get(name))} before, {shown_option(runs[1].get(name))} after"
        for name in _OF_THE_RUN
        if runs[0].get(name) != runs[1].get(name)
    ]
    versions = [run.get("versions") or {} for run in runs]
    changed = [
        f"{name} {versions[0].get(name, 'absent')} to {versions[1].get(name, 'absent')}"
        for name in sorted({*versions[0], *versions[1]})
        if versions[0].get(name) != versions[1].get(name)
    ]
    return tuple([*found, *([f"versions: {join_names(changed)}"] if changed else [])])


def _images(before: Results, after: Results) -> list[str]:
    """Say how many images only one of the runs has, and how many of the others have new labels."""
    one, other = (_labels(results) for results in (before, after))
    gone, new = len(set(one) - set(other)), len(set(other) - set(one))
    remarks = []
    if gone or new:
        remarks.append(
            f"{pluralise(gone, 'image')} {agreeing(gone, 'are')} only in the first run, {new} only "
            "in the second: a change may come from them"
        )
    changed = sum(one[key] != other[key] for key in set(one) & set(other))
    if changed:
        remarks.append(f"{pluralise(changed, 'image')} {agreeing(changed, 'have')} another label")
    return remarks


def _labels(results: Results) -> dict[str, str]:
    """Return the label of each image by the hash of its bytes; empty where it has none."""
    images = results.images
    labels = images["truth"] if "truth" in images else pd.Series("", index=images.index)
    texts = labels.astype(object).where(labels.notna(), "").astype(str)
    return dict(zip(images["hash"].astype(str), texts, strict=True))


def _encoders(before: Results, after: Results) -> list[str]:
    prints: list[Mapping[str, Any]] = [
        results.run.get("fingerprints") or {} for results in (before, after)
    ]
    changed = [
        name for name in prints[0] if prints[1].get(name, prints[0][name]) != prints[0][name]
    ]
    remarks = []
    if changed:
        remarks.append(f"{join_names(changed)}: another fingerprint, so other weights or code")
    for what, one, other in (("first", *prints), ("second", *reversed(prints))):
        alone = [name for name in one if name not in other]
        if alone:
            remarks.append(f"only in the {what} run: {join_names(alone)}")
    return remarks


def shown_option(value: Any) -> str:
    """Return the value of an option as remarks show it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
