"""Options of an engine: where encoders run, and the resources of their processes."""

import re
from dataclasses import dataclass
from pathlib import Path

from embedbench.errors import InputError
from embedbench.utils.options import option

__all__ = ["ENGINES", "EngineOptions", "parse_size"]

ENGINES = ("local", "ray")
"""Where encoders can run."""

_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


@dataclass(frozen=True)
class EngineOptions:
    """Where encoders run, and the resources that they may use.

    Attributes:
        kind: `local`, on this machine, or `ray`.
        address: HOST:PORT of a running Ray cluster; None to start Ray on this machine.
        workers: maximum number of workers per encoder; None for as many as fit.
        patience: seconds without a result after which an encoder fails; None for 15 minutes.
        memory: memory limit of all processes of an encoder together, such as `4GB`; None for
            most of the free memory.
        offline: block the network for encoders, and download nothing.
        store: folder or address that keeps vectors and downloads between runs; None for the
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
        None, "--workers", kind=int, metavar="N", help="Maximum number of workers of each encoder."
    )
    patience: float | None = option(
        None,
        "--patience",
        kind=float,
        metavar="SECONDS",
        help="Give up an encoder that returns nothing for this time.",
        shown_default="900",
    )
    memory: str | None = option(
        None,
        "--memory",
        metavar="4GB",
        help="Memory that the whole run may use.",
        shown_default="half of the free memory",
    )
    offline: bool = option(False, "--offline", kind=bool, help="Never use the network.")
    store: str | Path | None = option(
        None,
        "--store",
        metavar="DIR|ADDRESS",
        help="Where vectors are kept between runs: a folder, or an address such as s3://bucket/store.",
    )

    def check(self) -> None:
        """Raise InputError if an option is invalid, before anything is started."""
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
        """The memory limit in bytes; None without one.

        Raises:
            InputError: `memory` is not a size.
        """
        return None if self.memory is None else parse_size(self.memory)


def parse_size(text: str, name: str = "memory", examples: str = "4GB or 512MB") -> int:
    """Return a size such as `4GB` or `512MB` in bytes; kB are 1,000 bytes.

    Args:
        text: a number and its unit.
        name: of the option, for the error.
        examples: of what would be right, for the error.

    Raises:
        InputError: the text is not a size.
    """
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]?b)\s*", text, re.IGNORECASE)
    size = float(match[1]) * _UNITS[match[2].lower()] if match else 0.0
    if size < 1:
        raise InputError(f"`{name}` must be a size such as {examples}; not '{text}'")
    return int(size)
