"""Rows on their way into the store: in files that are neither many nor late."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from embedbench.encoder import Vectors
from embedbench.io.store import Store

__all__ = ["RowWriter"]

_FLUSH_ROWS = 256
_FLUSH_SECONDS = 1.0
"""Work that a `kill -9` takes with it; more where the store is slow, for writing to it may take a
twentieth of the time."""
_WRITING_SHARE = 0.05


@dataclass
class RowWriter:
    """Gathers rows, and writes them every few seconds; `flush` writes the last."""

    store: Store
    fingerprint: str
    keys: list[str] = field(default_factory=list)
    rows: list[Vectors] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    wait: float = _FLUSH_SECONDS

    def add(self, keys: Sequence[str], rows: Vectors, seconds: float) -> None:
        """Take the rows of a batch; one that took long by itself does not wait for the next.

        Args:
            keys: of the rows, in their order.
            rows: one for each key.
            seconds: what making them took.
        """
        self.keys += keys
        self.rows.append(rows)
        late = time.monotonic() - self.since + seconds > self.wait
        if len(self.keys) >= _FLUSH_ROWS or late:
            self.flush()

    def flush(self) -> None:
        """Write what is there."""
        start = time.monotonic()
        if self.keys:
            filled = [rows for rows in self.rows if len(rows)]
            self.store.write(self.fingerprint, self.keys, np.concatenate(filled))
        self.keys, self.rows, self.since = [], [], time.monotonic()
        self.wait = max(_FLUSH_SECONDS, (self.since - start) / _WRITING_SHARE)
