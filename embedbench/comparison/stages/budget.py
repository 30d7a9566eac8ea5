"""Recommend within a budget: verdict and ranks stay, the recommended encoder may be another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from embedbench.comparison.stages.purposes import smallest_of
from embedbench.comparison.stages.verdict import VerdictTables
from embedbench.results.budget import Budget, told_bytes, told_speed
from embedbench.results.purposes import metric_heading
from embedbench.results.schema import NAMING, ONE_ENCODER
from embedbench.results.sentences import list_names
from embedbench.utils.text import agreeing, two_decimals

__all__ = ["within_budget"]

_WHOLE = "float32"
_BYTES = 4
"""Of a number of a vector as float32."""


def within_budget(
    found: VerdictTables,
    budget: Budget,
    speeds: Mapping[str, float | None],
    sizes: pd.DataFrame | None,
) -> VerdictTables:
    """Return the tables with the encoders that are recommended within a budget.

    Of those that a verdict names it is the smallest that meets the budget; if none does, the one
    that ranks first of all others above chance that do. Each verdict says so in `budget`: `asked,
    recommended, missed, unknown, sentences`, where `missed` are reasons by encoder. Without a
    budget all stays as it is.

    Args:
        found: with the encoders that are recommended whatever they cost.
        budget: what an encoder may cost.
        speeds: images a second by encoder; None where they are not known.
        sizes: the table of forms in which vectors can be stored; None without labels and texts.
    """
    if not budget:
        return found
    encoders, purposes = found.tables["encoders"], found.tables["purposes"]
    working = encoders[encoders["status"] == "ok"].set_index("encoder")
    answers = {}
    for purpose, verdict in found.verdicts.items():
        rows = purposes[purposes["purpose"] == purpose].sort_values("rank", kind="stable")
        names = [str(name) for name in (rows["encoder"] if len(rows) else working.index)]
        forms = None if sizes is None else sizes[sizes["purpose"] == purpose]
        costs = {
            name: _cost(speeds.get(name), int(working["dim"][name]), forms, name, budget)
            for name in names
        }
        values = rows.set_index("encoder")["value"].astype(float)
        answers[purpose] = _Choice(budget, verdict, costs, found.above[purpose], values).record(
            encoders
        )
    recommended = {purpose: answer["recommended"] for purpose, answer in answers.items()}
    lead = next(iter(recommended.values()))
    tables = {
        "encoders": encoders.assign(recommended=encoders["encoder"] == lead),
        "purposes": purposes.assign(
            recommended=purposes["encoder"] == purposes["purpose"].map(recommended)
        ),
    }
    verdicts = {name: one | {"budget": answers[name]} for name, one in found.verdicts.items()}
    return replace(found, tables=found.tables | tables, verdicts=verdicts)


@dataclass(frozen=True)
class _Cost:
    """What one encoder costs for one purpose.

    Attributes:
        speed: images a second; None where it is not known, or not asked for.
        is_slow: whether the speed is known, and too low.
        form: how its vectors are stored; of forms that are not measurably worse, the one of the
            most bytes within the budget, else the smallest.
        size: bytes an image in that form.
        is_large: whether these are too many.
        is_known: whether all is known that was asked for.
    """

    speed: float | None
    is_slow: bool
    form: str
    size: int
    is_large: bool
    is_known: bool

    @property
    def meets(self) -> bool:
        """Whether it is known to meet the budget."""
        return self.is_known and not self.is_slow and not self.is_large

    @property
    def missed(self) -> str:
        """What is beyond the budget; empty if nothing is."""
        slow = [told_speed(self.speed)] if self.speed is not None and self.is_slow else []
        large = [f"{told_bytes(self.size)}{self.stored}"] if self.is_large else []
        return ", ".join(slow + large)

    @property
    def told(self) -> str:
        """How it is stored, between commas; empty for whole vectors."""
        return f", stored{self.stored} in {told_bytes(self.size)}," if self.stored else ""

    @property
    def stored(self) -> str:
        """The form in words; empty for whole vectors."""
        return "" if self.form == _WHOLE else f" as {self.form}"


def _cost(
    speed: float | None, dim: int, forms: pd.DataFrame | None, name: str, budget: Budget
) -> _Cost:
    """Return what an encoder costs, for a purpose with these forms."""
    least, most = budget.images_per_second, budget.bytes_an_image
    speed = None if least is None else speed
    is_slow = least is not None and speed is not None and speed < least
    as_good = {_WHOLE: _BYTES * dim}
    if forms is not None and most is not None:
        kept = forms[(forms["encoder"] == name) & (forms["difference_high"].astype(float) >= 0)]
        as_good |= dict(zip(kept["form"].astype(str), kept["bytes"].astype(int), strict=True))
    fitting = {form: size for form, size in as_good.items() if most is None or size <= most}
    if fitting:
        form = max(fitting, key=fitting.__getitem__)
    else:
        form = min(reversed(as_good), key=as_good.__getitem__)  # the one that `sizes` marks
    is_known = least is None or speed is not None
    return _Cost(speed, is_slow, form, as_good[form], not fitting, is_known)


@dataclass(frozen=True)
class _Choice:
    """The choice within the budget for one purpose.

    Attributes:
        budget: what was asked for.
        verdict: of the purpose.
        costs: of each encoder, the best first.
        above: the encoders above chance.
        values: the number of each encoder; nan where there is none.
    """

    budget: Budget
    verdict: Mapping[str, Any]
    costs: Mapping[str, _Cost]
    above: Sequence[str]
    values: pd.Series

    def record(self, encoders: pd.DataFrame) -> dict[str, Any]:
        """Return what the verdict says of the budget."""
        group = self.verdict["group"] if self.verdict["answer"] in NAMING else ()
        candidates = [name for name in self.costs if name in group or name in self.above]
        meeting = [name for name, cost in self.costs.items() if cost.meets]
        chosen, _ = smallest_of(encoders, [name for name in group if name in meeting])
        if chosen is None and group:
            chosen = next((name for name in candidates if name in meeting), None)
        missed = {name: cost.missed for name, cost in self.costs.items() if cost.missed}
        unknown = [name for name, cost in self.costs.items() if not cost.is_known]
        if chosen is not None:
            first = self._recommended(chosen, group)
        elif group:
            first = self._none(candidates)
        else:
            first = self._not_named(meeting)
        sentences = [first]
        if missed:
            told = [f"{name} ({why})" for name, why in missed.items()]
            sentences.append(f"Beyond it: {list_names(told)}.")
        if unknown:
            sentences.append(
                f"Not known, so not counted as within it: the speed of {list_names(unknown)}."
            )
        return {
            "asked": str(self.budget),
            "recommended": chosen,
            "missed": missed,
            "unknown": unknown,
            "sentences": sentences,
        }

    def _recommended(self, chosen: str, group: Sequence[str]) -> str:
        cost = self.costs[chosen]
        sentence = f"Within the budget of {self.budget}, {chosen}{cost.told} is recommended"
        if chosen in group:
            return f"{sentence}."
        behind = two_decimals(float(self.values[group[0]] - self.values[chosen]))
        heading = metric_heading(self.verdict["metric"])
        return f"{sentence}: its {heading} is {behind} lower than that of {group[0]}."

    def _none(self, candidates: Sequence[str]) -> str:
        by_labels = self.verdict["basis"] == "labels"
        kind = " that is better than chance" if by_labels else " that the verdict names"
        kind = kind if len(candidates) < len(self.costs) else ""
        return (
            f"No encoder{kind} {self._meets} the budget of {self.budget}, so none is "
            f"recommended{self._nearest(candidates)}."
        )

    def _not_named(self, meeting: Sequence[str]) -> str:
        """Tell which encoders meet the budget where the verdict names none."""
        if meeting:
            told = [f"{name}{self.costs[name].told}" for name in meeting]
            meets = f"{list_names(told)} {agreeing(len(meeting), 'meet')}"
            sentence = f"{meets} the budget of {self.budget}"
        else:
            nearest = self._nearest(list(self.costs))
            sentence = f"No encoder {self._meets} the budget of {self.budget}{nearest}"
        if self.verdict["basis"] == ONE_ENCODER:
            return f"{sentence}."
        return f"{sentence}. The verdict names none, so none is recommended."

    @property
    def _meets(self) -> str:
        """What no encoder does."""
        is_known = all(cost.is_known for cost in self.costs.values())
        return "meets" if is_known else "is known to meet"

    def _nearest(self, names: Sequence[str]) -> str:
        """Tell which of these encoders come nearest to the budget, as the end of a sentence."""
        speeds = {name: self.costs[name].speed for name in names}
        known = {name: speed for name, speed in speeds.items() if speed is not None}
        parts = []
        if any(self.costs[name].is_slow for name in known):
            fastest = max(known, key=known.__getitem__)
            of_these = "the fastest of these" if len(names) < len(self.costs) else "the fastest"
            parts.append(f"{of_these}, {fastest}, encodes {told_speed(known[fastest])}")
        if any(self.costs[name].is_large for name in names):
            name = min(names, key=lambda one: self.costs[one].size)
            cost = self.costs[name]
            size = f"{told_bytes(cost.size)} an image{cost.stored}"
            parts.append(f"the smallest vectors, those of {name}, take {size}")
        return f": {'; '.join(parts)}" if parts else ""
