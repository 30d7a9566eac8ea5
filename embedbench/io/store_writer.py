"""Buffered writing of vectors to the store: few files, but little lost in a crash."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from embedbench.encoder import Vectors
from embedbench.io.store import Store

__all__ = ["RowWriter"]

_FLUSH_ROWS = 256
_FLUSH_SECONDS = 1.0
"""Work that a `kill -9` can lose; more with a slow store, see `_WRITING_SHARE`."""
_WRITING_SHARE = 0.05
"""Maximum share of the time that is spent on writing."""


@dataclass
class RowWriter:
    """Collects rows and writes them every few seconds; `flush` writes the rest."""

    store: Store
    fingerprint: str
    keys: list[str] = field(default_factory=list)
    rows: list[Vectors] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    wait: float = _FLUSH_SECONDS

    def add(self, keys: Sequence[str], rows: Vectors, seconds: float) -> None:
        """Add the rows of a batch; write at once if the next batch would come too late.

        Args:
            keys: store key of each row.
            rows: one row per key.
            seconds: time that computing this batch took.
        """
        self.keys += keys
        self.rows.append(rows)
        late = time.monotonic() - self.since + seconds > self.wait
        if len(self.keys) >= _FLUSH_ROWS or late:
            self.flush()

    def flush(self) -> None:
        """Write the collected rows."""
        start = time.monotonic()
        if self.keys:
            filled = [rows for rows in self.rows if len(rows)]
            self.store.write(self.fingerprint, self.keys, np.concatenate(filled))
        self.keys, self.rows, self.since = [], [], time.monotonic()
        self.wait = max(_FLUSH_SECONDS, (self.since - start) / _WRITING_SHARE)
