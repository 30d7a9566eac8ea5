"""One figure of a comparison: its file, and how it is drawn."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from embedbench.errors import InputError

__all__ = ["FigureSpec"]


@dataclass(frozen=True)
class FigureSpec:
    """One figure to be.

    Attributes:
        file: where it goes in the folder `figures`.
        title: what it shows, for people who cannot see it.
        encoder: whose it is; None if it is of all.
        draw: makes it.
        photographic: whether it holds pictures.
    """

    file: str
    title: str
    encoder: str | None
    draw: Callable[[], Figure]
    photographic: bool = False

    def __post_init__(self) -> None:
        # A run folder may come from others, and names of maps and metrics stand in it.
        if not re.fullmatch(r"(\w+/)?\w+\.(png|jpg)", self.file, re.ASCII):
            raise InputError(f"a figure cannot be called '{self.file}'")
