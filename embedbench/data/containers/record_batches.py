"""Images in columns of bytes of Parquet and Arrow files, read batch by batch."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from embedbench.data.images.sources import PackedImage
from embedbench.errors import ImageError
from embedbench.io.paths import AnyPath, RemotePath, open_file

__all__ = ["TableCell", "is_arrow_name", "open_arrow", "open_parquet"]

_ROWS = 32
_BUFFER = 1 << 20
_KEPT_BYTES = 64 * 10**6
"""Bytes of batches that one process keeps of one table, beside the last one."""


@dataclass(frozen=True)
class TableCell(PackedImage):
    """An image in a column of bytes of a Parquet or an Arrow file.

    Attributes:
        file: the file.
        group: the row group in a Parquet file; 0 in an Arrow file.
        row: row in the group.
        column: path to the column, such as `("image", "bytes")`.
    """

    file: AnyPath
    group: int
    row: int
    column: tuple[str, ...]

    def read(self, most: int) -> bytes:
        """Return its bytes, as in `PackedImage`."""
        try:
            value = _cursor(os.getpid(), self.file, self.group, self.column).value(self.row)
        except (OSError, ImageError):
            raise
        except Exception as error:  # pyarrow raises nearly anything on broken files
            raise ImageError(f"broken in '{self.file.name}': {error}") from error
        if value is None:
            raise ImageError("no picture in its row")
        with memoryview(value) as view:
            return bytes(view[:most])

    @property
    def is_elsewhere(self) -> bool:
        """Whether its file is at an address."""
        return isinstance(self.file, RemotePath)


@dataclass
class _Cursor:
    """The place up to which one column was read, with the batches that were read last.

    Images are read nearly in the order of their rows, so that each batch is read once. A row that
    is no longer there is found by starting again.
    """

    file: AnyPath
    group: int
    column: tuple[str, ...]
    lock: Any = field(default_factory=threading.Lock)
    next_row: int = 0
    batches: "OrderedDict[int, Any]" = field(default_factory=OrderedDict)
    reading: Iterator[Any] | None = None

    def value(self, row: int) -> Any:
        """Return the bytes in a row, without copying them; None if they are missing."""
        with self.lock:
            if row < self.next_row and not any(
                start <= row < start + len(values) for start, values in self.batches.items()
            ):
                self._start_again()
            while row >= self.next_row:
                self._read_on()
            for start, values in self.batches.items():
                if start <= row < start + len(values):
                    value = values[row - start]
                    return value.as_buffer() if value.is_valid else None
        raise ImageError("its row is missing")

    def _start_again(self) -> None:
        self.reading, self.next_row = None, 0
        self.batches.clear()

    def _read_on(self) -> None:
        try:
            if self.reading is None:
                self.reading = _batches(self.file, self.group, self.column)
            values = next(self.reading, None)
        except BaseException:
            self._start_again()
            raise
        if values is None:
            self._start_again()
            raise ImageError("its row is missing: the file has changed")
        self.batches[self.next_row] = values
        self.next_row += len(values)
        while len(self.batches) > 1 and sum(map(_size, self.batches.values())) > _KEPT_BYTES:
            self.batches.popitem(last=False)


def _size(values: Any) -> int:
    return int(values.nbytes)


@lru_cache(maxsize=4)
def _cursor(process: int, file: AnyPath, group: int, column: tuple[str, ...]) -> _Cursor:
    """Return the cursor of a column; a process that was forked has its own."""
    return _Cursor(file, group, column)


def _batches(file: AnyPath, group: int, column: tuple[str, ...]) -> Iterator[Any]:
    """Yield the values of a column of bytes, batch by batch."""
    if is_arrow_name(file.name):
        with open_file(file) as opened, closing(open_arrow(opened)) as reader:
            for batch in reader:
                batch.validate(full=True)  # offsets in a broken file lead out of its memory
                values = batch.column(column[0])
                for name in column[1:]:
                    values = values.field(name)
                for start in range(0, len(values), _ROWS):
                    yield values.slice(start, _ROWS)
        return
    with open_file(file) as opened, closing(open_parquet(opened)) as table:
        reading = table.iter_batches(
            _ROWS, row_groups=[group], columns=[".".join(column)], use_threads=False
        )
        for batch in reading:
            values = batch.column(0)
            for name in column[1:]:
                values = values.field(name)
            yield values


def is_arrow_name(name: str) -> bool:
    """Return whether a file is an Arrow file, by its suffix in any case."""
    return name.lower().endswith((".arrow", ".feather"))


def open_parquet(file: Any) -> Any:
    """Return the `pyarrow.parquet.ParquetFile` of an open file, which is read in small parts."""
    from pyarrow.parquet import ParquetFile

    return ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)


def open_arrow(file: Any) -> Any:
    """Return a reader of the record batches in an open Arrow file: a stream, or with an index."""
    import pyarrow as pa

    start = file.read(6)
    file.seek(0)
    if start == b"ARROW1":
        return _IndexedReader(pa.ipc.open_file(file))
    return pa.ipc.open_stream(file)


class _IndexedReader:
    """The batches of an Arrow file with an index, as a stream gives them."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.schema = reader.schema

    def __iter__(self) -> Iterator[Any]:
        return (self._reader.get_batch(row) for row in range(self._reader.num_record_batches))

    def close(self) -> None:
        """Do nothing: the file is closed by who opened it."""
