"""Tables in the store, read by the values of their column `hash`.

Separate from the store of vectors, so that encoding workers do not import pandas.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from embedbench.io.paths import AnyPath
from embedbench.io.store import Store

__all__ = ["TableStore"]


@dataclass(frozen=True)
class TableStore:
    """Tables of one kind, as Parquet files in a store.

    Every method raises StoreError if the store cannot be read or written.

    Attributes:
        store: the store of the files.
        kind: name of their folder.
    """

    store: Store
    kind: str

    def add(self, table: pd.DataFrame) -> None:
        """Add rows with a column `hash`."""
        content = io.BytesIO()
        table.to_parquet(content, index=False)
        self.store.add_parquet(self.kind, content.getvalue())

    def read(self, keys: Sequence[str]) -> pd.DataFrame | None:
        """Return the stored rows of these hashes, one per hash, indexed by hash.

        None if there are no tables of this kind, or no hashes.
        """
        if not keys:  # pyarrow cannot compare texts with a list of nothing
            return None
        parts = list(self.store.each_parquet(self.kind, partial(_rows, keys=set(keys))))
        if not parts:
            return None
        return pd.concat(parts).drop_duplicates("hash").set_index("hash")


def _rows(place: AnyPath, keys: set[str]) -> pd.DataFrame:
    """Return the rows of these hashes in one file.

    Raises:
        ValueError: the file is incomplete.
    """
    content = io.BytesIO(place.read_bytes())
    try:
        return pd.read_parquet(content, filters=[("hash", "in", list(keys))])
    except OSError as error:
        raise ValueError("incomplete file") from error
