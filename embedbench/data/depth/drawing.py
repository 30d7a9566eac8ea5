"""What was asked for of how deep images are drawn: bands, depth, range and plane."""

import re
from dataclasses import dataclass

from embedbench.errors import InputError

__all__ = ["Drawing", "read_drawing"]

_MOST_BITS = 64


@dataclass(frozen=True)
class Drawing:
    """What was asked for of how images are drawn.

    Attributes:
        bands: numbers of the bands to draw, one or three, from 1; nothing for the usual ones.
        depth: bits of integers; None for those that the data set uses.
        limits: the values drawn black and white; None for those that the data set needs.
        plane: number of the plane of a stack, from 1.
    """

    bands: tuple[int, ...] = ()
    depth: int | None = None
    limits: tuple[float, float] | None = None
    plane: int = 1

    @property
    def asks(self) -> list[str]:
        """Options that were given, by name."""
        given = {
            "bands": bool(self.bands),
            "depth": self.depth is not None,
            "range": self.limits is not None,
            "plane": self.plane != 1,
        }
        return [name for name, is_given in given.items() if is_given]


def read_drawing(
    bands: str | None, depth: int | None, value_range: str | None, plane: int | None
) -> Drawing:
    """Return what was asked for.

    Args:
        bands: such as `4,3,2`, or `1`.
        depth: bits, such as 12.
        value_range: such as `0..3000` or `-200..300`.
        plane: such as 5.

    Raises:
        InputError: a text has another form, or a number is out of range.
    """
    if depth is not None and value_range is not None:
        raise InputError("`depth` and `range` exclude each other")
    if depth is not None and not 1 <= depth <= _MOST_BITS:
        raise InputError(f"`depth` must be from 1 to {_MOST_BITS} bits; not {depth}")
    if plane is not None and plane < 1:
        raise InputError(f"`plane` must be at least 1; not {plane}")
    return Drawing(_read_bands(bands), depth, _read_range(value_range), plane or 1)


def _read_bands(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    parts = [part.strip() for part in str(text).split(",")]
    numbers = tuple(int(part) for part in parts if re.fullmatch("[0-9]{1,6}", part))
    if len(numbers) != len(parts) or len(numbers) not in (1, 3) or min(numbers) < 1:
        raise InputError(
            f"`bands` must be one or three numbers from 1, such as 4,3,2; not '{text}'"
        )
    return numbers


def _read_range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = map(float, text.split(".."))
    except ValueError:
        low, high = 0.0, 0.0
    if not float("-inf") < low < high < float("inf"):
        raise InputError(f"`range` must be LOW..HIGH, such as 0..3000; not '{text}'")
    return low, high
