"""The options of an engine: where encoders run, and what their processes may take."""

import re
from dataclasses import dataclass
from pathlib import Path

from embedbench.errors import InputError
from embedbench.utils.options import option

__all__ = ["ENGINES", "EngineOptions", "parse_size"]

ENGINES = ("local", "ray")
"""Where encoders can run."""

_UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


@dataclass(frozen=True)
class EngineOptions:
    """Where encoders run, and what they may use there.

    Attributes:
        kind: `local`, on this machine, or `ray`.
        address: HOST:PORT of a running Ray cluster; None to start Ray on this machine.
        workers: of each encoder, at most; None for as many as there is room for.
        patience: seconds without any answer after which an encoder is given up; None for a
            quarter of an hour.
        memory: a size such as `4GB` that an encoder's processes may hold together; None for most
            of what is free.
        offline: encoders may not use the network, and nothing is downloaded.
        store: the folder or address that keeps vectors and downloads between runs; None for the
            user's cache.
    """

    kind: str = option(
        "local",
        "--engine",
        metavar="local|ray",
        help="Where encoders run: on this machine, or on a Ray cluster.",
        keyword="engine",
    )
    address: str | None = option(
        None,
        "--address",
        metavar="HOST:PORT|auto",
        help="A running Ray cluster; without it Ray is started on this machine.",
    )
    workers: int | None = option(
        None, "--workers", kind=int, metavar="N", help="Workers of each encoder, at most."
    )
    patience: float | None = option(
        None,
        "--patience",
        kind=float,
        metavar="SECONDS",
        help="An encoder that gives no answer for so long is given up.",
        shown_default="900",
    )
    memory: str | None = option(
        None,
        "--memory",
        metavar="4GB",
        help="How much memory what is computed may take.",
        shown_default="half of what is free",
    )
    offline: bool = option(False, "--offline", kind=bool, help="Never use the network.")
    store: str | Path | None = option(
        None,
        "--store",
        metavar="DIR|ADDRESS",
        help="Where vectors are kept between runs: a folder, or an address: s3://bucket/store.",
    )

    def check(self) -> None:
        """Raise InputError for what can be known to be wrong before anything is started."""
        if self.kind not in ENGINES:
            raise InputError(f"`engine` must be one of {', '.join(ENGINES)}; not '{self.kind}'")
        if self.address and self.kind != "ray":
            raise InputError(f"`address` is for the engine 'ray'; not for '{self.kind}'")
        if self.workers is not None and self.workers < 1:
            raise InputError(f"`workers` must be at least 1; not {self.workers}")
        if self.patience is not None and not self.patience > 0:
            raise InputError(f"`patience` must be more than 0 seconds; not {self.patience:g}")

    @property
    def memory_bytes(self) -> int | None:
        """The memory in bytes; None where none was given.

        Raises:
            InputError: it says no amount of memory.
        """
        return None if self.memory is None else parse_size(self.memory)


def parse_size(text: str) -> int:
    """Return the bytes that `4GB` or `512MB` says.

    Raises:
        InputError: it says no amount of memory.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]b)\s*", text, re.IGNORECASE)
    size = float(match[1]) * _UNITS[match[2].lower()] if match else 0.0
    if size < 1:
        raise InputError(f"`memory` must be a size such as 4GB or 512MB; not '{text}'")
    return int(size)
