"""A budget: what an encoder may cost that is recommended, and how that is told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedbench.errors import InputError
from embedbench.parallel.engine_options import parse_size
from embedbench.utils.text import join_names

__all__ = ["Budget", "budget_lines", "read_budget", "told_bytes", "told_speed"]


@dataclass(frozen=True)
class Budget:
    """What an encoder may cost.

    Attributes:
        images_per_second: how many are encoded at least; None for any number.
        bytes_an_image: how many are stored at most; None for any number.
    """

    images_per_second: float | None = None
    bytes_an_image: int | None = None

    def __bool__(self) -> bool:
        """Whether there is a limit."""
        return self.images_per_second is not None or self.bytes_an_image is not None

    def __str__(self) -> str:
        """Return the limits as in a sentence."""
        speed, size = self.images_per_second, self.bytes_an_image
        limits = [] if speed is None else [f"at least {told_speed(speed)}"]
        limits += [] if size is None else [f"at most {told_bytes(size)} an image"]
        return join_names(limits)


def read_budget(at_least: object = None, at_most: object = None) -> Budget:
    """Return the budget in texts such as `50/s` and `1kB`.

    Args:
        at_least: images a second; None for no limit.
        at_most: size of a stored vector; None for no limit.

    Raises:
        InputError: one of the texts is something else.
    """
    speed = None if at_least is None else _parse_speed(str(at_least))
    return Budget(
        speed, None if at_most is None else parse_size(str(at_most), "at_most", "1kB or 512B")
    )


def _parse_speed(text: str) -> float:
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*(?:/\s*s)?\s*", text)
    speed = float(match[1]) if match else 0.0
    if not speed > 0:
        raise InputError(f"`at_least` must be images a second such as 50/s; not '{text}'")
    return speed


def told_speed(speed: float) -> str:
    """Return images a second with the digits that were measured, so that limits can be compared."""
    told = f"{speed:,.0f}" if speed >= 1e6 else f"{speed:,.6g}"
    return f"{told} images a second"


def told_bytes(count: int) -> str:
    """Return a number of bytes, whole."""
    return f"{count:,} {'byte' if count == 1 else 'bytes'}"


def budget_lines(run: Mapping[str, Any]) -> list[str]:
    """Return what each purpose says of the budget, a line each; none without a budget.

    Args:
        run: as in `run.json`.
    """
    return [
        f"{purpose}: {' '.join(verdict['budget']['sentences'])}"
        for purpose, verdict in (run.get("verdicts") or {}).items()
        if verdict.get("budget")
    ]
