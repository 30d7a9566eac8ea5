"""The limits by which the values of a data set are drawn, from a look at its images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from embedbench.data.depth.drawing import Drawing
from embedbench.data.images.deep.raster import Kind, Limits, Rendering
from embedbench.utils.text import pluralise

__all__ = ["Look", "choose_rendering", "remarks_on"]

_KINDS: tuple[Kind, ...] = ("unsigned", "signed", "float")
_BITS: dict[Kind, tuple[int, ...]] = {
    "unsigned": (8, 10, 12, 14, 16),
    "signed": (8, 10, 12, 14, 15),
    "float": (),
}
"""Depths that cameras and scanners have, by kind of value."""

_SHARE = 0.1
"""Percentage of the values at either end that robust limits leave out."""


def _nothing() -> Float[np.ndarray, " values"]:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Look:
    """What a look at one image says.

    Attributes:
        is_drawn: whether it must be drawn, as Pillow does not read it rightly.
        kind: kind of its values if the data set must say how they are drawn; None if they are of
            at most 8 bits, if the file says it, or if its pixels were not looked at.
        low: the lowest value.
        high: the highest value.
        values: a sample of the values.
        states_limits: whether the file itself says how deep values are drawn.
        has_missing: whether values are missing.
        planes: number of planes.
        bands: number of bands, without opacity; 0 if unknown.
    """

    is_drawn: bool = False
    kind: Kind | None = None
    low: float = 0.0
    high: float = 0.0
    values: Float[np.ndarray, " values"] = field(default_factory=_nothing)
    states_limits: bool = False
    has_missing: bool = False
    planes: int = 1
    bands: int = 0


def choose_rendering(looks: Sequence[Look], drawing: Drawing) -> Rendering:
    """Return how the images of a data set are drawn.

    Integers get the smallest usual depth that holds all of them; deeper ones, those below zero and
    other numbers robust limits, except that numbers from 0 to 1 are drawn as such.

    Args:
        looks: at its images.
        drawing: what was asked for.
    """
    limits: dict[Kind, Limits | None] = {}
    told: list[Kind] = []
    whole: list[Kind] = []
    for kind in _KINDS:
        if drawing.limits is not None or (drawing.depth is not None and kind != "float"):
            limits[kind] = drawing.limits or (0, 2 ** (drawing.depth or 1) - 1)
            told.append(kind)
            continue
        found = [look for look in looks if look.kind == kind and len(look.values)]
        limits[kind], bits = _inferred(kind, found)
        if bits:
            whole.append(kind)
    return Rendering(
        limits["unsigned"],
        limits["signed"],
        limits["float"],
        tuple(told),
        tuple(whole),
        drawing.bands,
        drawing.plane,
    )


def _inferred(kind: Kind, looks: Sequence[Look]) -> tuple[Limits | None, int | None]:
    """Return the limits that a kind of values needs, and their bits if it is a depth."""
    if not looks:
        return None, None
    low, high = min(look.low for look in looks), max(look.high for look in looks)
    for bits in _BITS[kind]:
        if low >= 0 and high < 2**bits:
            return (0, 2**bits - 1), bits
    if kind == "float" and low >= 0 and high <= 1:
        return (0, 1), None
    values = np.concatenate([look.values for look in looks])
    least, most = np.percentile(values, (_SHARE, 100 - _SHARE)).tolist()
    if not least < most:
        least, most = low, high if low < high else low + 1
    digits = 3 - math.ceil(math.log10(most - least))  # a thousandth of the range
    return (round(least, digits), round(most, digits)), None


def remarks_on(looks: Sequence[Look], rendering: Rendering, sampled: bool) -> list[str]:
    """Return what a person should know of how images are drawn, one sentence each.

    Args:
        looks: at the images.
        rendering: how they are drawn.
        sampled: whether the values of a sample of them alone were looked at.
    """
    remarks = []
    of = " in a sample of them" if sampled else ""
    limits_of = {
        "unsigned": rendering.unsigned, "signed": rendering.signed, "float": rendering.floating
    }  # fmt: skip
    for kind in _KINDS:
        count, limits = sum(look.kind == kind for look in looks), limits_of[kind]
        if not count or limits is None:
            continue
        span, images = f"{limits[0]:,} to {limits[1]:,}", pluralise(count, "deep image")
        if kind in rendering.told:
            remarks.append(f"{images}: values from {span} are drawn black to white, as asked")
        elif kind in rendering.whole:
            bits = int(limits[1]).bit_length()
            remarks.append(
                f"{images}: {bits} bits are taken for all of them, as no value{of} goes beyond "
                f"{limits[1]:,} (--depth or --range says otherwise)"
            )
        else:
            why = "" if limits == (0, 1) else f", which are all but {_SHARE} % at either end{of}"
            remarks.append(
                f"{images}: values from {span} are drawn black to white{why} "
                f"(--range says otherwise)"
            )
    return remarks + _other_remarks(looks, rendering)


def _other_remarks(looks: Sequence[Look], rendering: Rendering) -> list[str]:
    """Return remarks on limits of files, missing values, bands and planes."""
    remarks = []
    if count := sum(look.states_limits for look in looks):
        remarks.append(f"{pluralise(count, 'deep image')}: drawn by the range that the file states")
    if count := sum(look.has_missing for look in looks):
        remarks.append(f"{pluralise(count, 'image')}: values that are no data are drawn black")
    if not rendering.bands:
        many = [look.bands for look in looks if look.bands > 3]
        two = sum(look.bands == 2 for look in looks)
        if many:
            remarks.append(
                f"{pluralise(len(many), 'image')}: the first 3 of {_numbers(many)} bands are drawn "
                f"(--bands names others)"
            )
        if two:
            remarks.append(
                f"{pluralise(two, 'image')}: the first of 2 bands is drawn (--bands names others)"
            )
    stacks = [look.planes for look in looks if look.planes > 1]
    if stacks and rendering.plane == 1:
        remarks.append(
            f"{pluralise(len(stacks), 'image')}: the first of {_numbers(stacks)} planes is drawn "
            f"(--plane names another)"
        )
    return remarks


def _numbers(counts: Sequence[int]) -> str:
    """Return numbers as one, or as a range."""
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
