"""How many groups all encoders share without labels, and the remarks on that number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.analysis.k_selection import knee_position, spread_ks
from embedbench.analysis.pairwise import agreement_by_k
from embedbench.analysis.sweep import Sweep, inertia_curve, kmeans_assignments_at
from embedbench.metrics.clustering.consensus import FAMILY
from embedbench.utils.text import join_names

__all__ = ["GroupNumbers", "choose_groups", "look_into_groups"]

Gather = Callable[[Mapping[Any, tuple[Any, ...]]], dict[Any, Any]]
"""Computes calls, (function, argument ...), by their keys."""

_WIDE = 2
"""Criteria disagree widely if one number of groups is this many times another, or more."""

_LEAST_RANGE = 3


@dataclass(frozen=True, eq=False)
class GroupNumbers:
    """The number of groups that all encoders share, chosen without labels.

    Attributes:
        ks: those tried, rising; none where nothing is to be chosen.
        elbow: the k at which the mean curve of the inertia bends; None where it does not.
        agreement: mean AMI, at each k, of the encoders' partitions with each other; None where
            that is not known.
        remarks: what to know of the number.
    """

    ks: tuple[int, ...]
    elbow: int | None
    agreement: Float64[np.ndarray, " ks"] | None = None
    remarks: tuple[str, ...] = ()

    @property
    def shared(self) -> int:
        """The number taken for all: the elbow, or the middle of the range by ratio."""
        return self.elbow or round(float(np.sqrt(self.ks[0] * self.ks[-1])))

    @property
    def agreeing(self) -> int | None:
        """The k at which the encoders agree best."""
        return None if self.agreement is None else self.ks[int(np.argmax(self.agreement))]

    @property
    def coarse_and_fine(self) -> tuple[int, int] | None:
        """The smaller and the larger of both criteria, where they disagree widely; else None."""
        found = sorted(k for k in (self.elbow, self.agreeing) if k is not None)
        return (found[0], found[1]) if len(found) == 2 and found[1] >= _WIDE * found[0] else None

    def with_curve(self, elbow: pd.DataFrame) -> pd.DataFrame:
        """Return the table `elbow` with a column `agreement`, where that is known."""
        if self.agreement is None:
            return elbow
        values = dict(zip(self.ks, self.agreement.tolist(), strict=True))
        wider = elbow.assign(agreement=elbow["k"].map(values))
        return wider[[*elbow.columns.drop("chosen"), "agreement", "chosen"]]

    def record(self) -> dict[str, Any]:
        """Return it for run.json."""
        if not self.ks:
            return {}
        coarse, fine = self.coarse_and_fine or (None, None)
        chosen = {"shared": self.shared, "elbow": self.elbow, "agreement": self.agreeing}
        return chosen | {"coarse": coarse, "fine": fine}


def choose_groups(
    inputs: AnalysisInputs, sweeps: Mapping[str, Sweep], gather: Gather
) -> GroupNumbers:
    """Return the k at which the mean curve of the encoders' inertia bends.

    Args:
        inputs: of the analysis.
        sweeps: by encoder, in the first space.
        gather: computes the calls.
    """
    ks = inputs.k_grid.choose_from
    if not ks:
        return GroupNumbers((), None)
    calls = {name: (inertia_curve, sweep, ks, inputs.seeds) for name, sweep in sweeps.items()}
    mean = np.mean(list(gather(calls).values()), axis=0)
    # Not here: the library that finds the knee takes a second to load, and workers need it anyway.
    knee = gather({"knee": (knee_position, np.array([1, *ks]), mean)})["knee"]
    return GroupNumbers(tuple(ks), None if knee is None else ks[knee - 1])


def look_into_groups(
    groups: GroupNumbers,
    inputs: AnalysisInputs,
    sweeps: Mapping[str, Sweep],
    similarity: pd.DataFrame,
    gather: Gather,
) -> GroupNumbers:
    """Return it with the agreement of the encoders, and with remarks.

    The agreement is that of K-means partitions by the first seed. Two encoders of one family agree
    for another reason, and do not count.

    Args:
        groups: as chosen.
        inputs: of the analysis.
        sweeps: by encoder, in the first space.
        similarity: as `Results.similarity`.
        gather: computes the calls.
    """
    if not groups.ks:
        return groups
    places = {name: place for place, name in enumerate(sweeps)}
    strangers = similarity[~(similarity["cka"] >= FAMILY)]
    runs = {
        name: kmeans_assignments_at(sweep, groups.ks, inputs.seeds[:1], inputs.limit)[:, 0]
        for name, sweep in sweeps.items()
    }
    amis = gather(
        {
            (one, other): (agreement_by_k, runs[one], runs[other])
            for one, other in zip(strangers["encoder"], strangers["other"], strict=True)
            if places[one] < places[other]
        }
    )
    if amis:
        groups = replace(groups, agreement=np.mean(list(amis.values()), axis=0))
    return replace(groups, remarks=(*_edge(groups, inputs), *_doubt(groups, inputs, sweeps)))


def _edge(groups: GroupNumbers, inputs: AnalysisInputs) -> list[str]:
    if inputs.k_grid.common_k is not None or len(groups.ks) < _LEAST_RANGE:
        return []
    low, high = groups.ks[0], groups.ks[-1]
    if groups.shared == high and high < len(inputs.image_names) - 1:
        return [
            f"the number of groups for all encoders, {high}, is the largest that was tried: more "
            f"groups may do better; --k {low}..{2 * high} tries them"
        ]
    if groups.shared == low > 2:
        return [
            f"the number of groups for all encoders, {low}, is the smallest that was tried: fewer "
            f"groups may do better; --k 2..{high} tries them"
        ]
    return []


def _doubt(groups: GroupNumbers, inputs: AnalysisInputs, sweeps: Mapping[str, Sweep]) -> list[str]:
    if groups.coarse_and_fine is None:
        return []
    order = _order(groups.coarse_and_fine, inputs, sweeps)
    return [
        f"how many groups there are is in doubt: the elbow is at {groups.elbow}, and the "
        f"encoders agree best on {groups.agreeing}; {order}"
    ]


def _order(ends: tuple[int, int], inputs: AnalysisInputs, sweeps: Mapping[str, Sweep]) -> str:
    """Say whether the order of the encoders depends on which of two ks is taken."""
    coarse, fine = ends
    orders = [_by_ami(sweeps, k) for k in ends]
    if not all(orders):
        looked = join_names([str(k) for k in spread_ks(inputs.k_grid.ks)])
        return f"the order of the encoders rests on neither: it is made at {looked} groups"
    one, other = orders
    if one == other:
        return f"by AMI, the order of the encoders is the same at {coarse} and at {fine}"
    if one[0] == other[0]:
        return f"by AMI, {one[0]} comes first at both, and others change places"
    return f"by AMI, {one[0]} comes first at {coarse}, and {other[0]} at {fine}"


def _by_ami(sweeps: Mapping[str, Sweep], k: int) -> Sequence[str]:
    """Return the encoders by the AMI of the first clusterer at this k; none without labels."""
    scores = {}
    for name, sweep in sweeps.items():
        runs = sweep.runs[sweep.runs["clusterer"] == sweep.runs["clusterer"].iloc[0]]
        if "ami" in runs:
            scores[name] = float(runs.loc[runs["k"] == k, "ami"].mean())
    if not scores or np.isnan(list(scores.values())).any():
        return ()
    return sorted(scores, key=lambda name: -scores[name])
