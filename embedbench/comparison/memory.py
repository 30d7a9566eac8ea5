"""Memory: how much a comparison may take for what it computes, and how many may compute at once.

Blocks of distances are of a fixed size, for the last bits of a sum depend on it, and the tables
must be the same on every machine. What the limit decides is how many processes run at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from embedbench.clustering.limits import DEFAULT_LIMIT
from embedbench.errors import InputError
from embedbench.parallel.engine_options import parse_size
from embedbench.utils.hardware import available, cores

__all__ = ["Memory", "Size", "parse_memory"]

_SHARE = 0.5
"""Of the memory that is free at the start, where no limit is given."""

_BLOCK = 256 * 2**20
"""What a block of distances may take, in bytes."""

_PAIR = 32
"""Bytes for each pair of images in a block, and for all pairs where all are looked at."""

_PROCESS = 250 * 10**6
"""What a process takes with its libraries before it computes anything; estimated."""

_COPIES = 6
"""How often a process holds the vectors at its fullest, in float64; estimated."""

_RUN = 40
"""Bytes for each image and run in it: labels, silhouettes, what is made of them; estimated."""

_HELD = 3
"""How often the first process holds the vectors, in float32; estimated."""

_HELD_RUN = 20
"""Bytes for each image and run there; estimated."""


def parse_memory(text: str) -> "Memory":
    """Return the memory that `4GB` or `512MB` says.

    Raises:
        InputError: it says no amount of memory.
    """
    return Memory(parse_size(text))


@dataclass(frozen=True)
class Size:
    """How much there is to compute.

    Attributes:
        images: how many are compared.
        widths: the dimensions of each encoder's vectors.
        runs: at most how many partitions there are of each encoder.
    """

    images: int
    widths: Sequence[int]
    runs: int

    @property
    def held(self) -> int:
        """About how many bytes the first process holds: vectors, partitions, the tables."""
        each = 4 * _HELD * sum(self.widths) + len(self.widths) * self.runs * _HELD_RUN
        return _PROCESS + self.images * each

    @property
    def process(self) -> int:
        """About how many bytes a process takes that clusters or scores one encoder."""
        pairs = _PAIR * min(self.images, DEFAULT_LIMIT.images) ** 2
        block = min(_BLOCK, _PAIR * self.images**2)
        each = 8 * _COPIES * max(self.widths) + self.runs * _RUN
        return _PROCESS + block + pairs + self.images * each


@dataclass(frozen=True)
class Memory:
    """How much memory a comparison may take for what it computes, all processes together.

    Attributes:
        limit: in bytes.
        asked: whether a person set it.
    """

    limit: int
    asked: bool = True

    @classmethod
    def free(cls) -> "Memory":
        """Return half of what is free on this machine now."""
        return cls(int(_SHARE * available()), asked=False)

    def workers(self, jobs: int, size: Size) -> int:
        """Return how many processes may compute at once: at least one, at most one a core.

        Args:
            jobs: how many there is work for.
            size: how much there is to compute.
        """
        room = (self.limit - size.held) // size.process
        return max(1, min(cores(), jobs, room))

    def shortage(self, size: Size) -> list[str]:
        """Return in words that one process alone needs more; nothing where it fits.

        Raises:
            InputError: it needs more than a person allows.
        """
        needed = size.held + size.process
        if needed <= self.limit:
            return []
        words = (
            f"about {needed / 1e9:.1f} GB of memory are needed for {size.images:,} images; "
            f"{self.limit / 1e9:.1f} GB "
        )
        if self.asked:
            raise InputError(f"{words}are allowed by `memory`: allow more, or take fewer: --limit")
        return [f"{words}were taken to be there"]
