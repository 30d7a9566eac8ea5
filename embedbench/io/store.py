"""The store: vectors, tables and records, reused between runs.

A store is a local or remote folder. `vectors/FINGERPRINT/` has files of vectors by key (SHA-256 of
the image file's bytes or of the text). Files are only added, each atomically, so that several
processes may write at once and a killed process leaves no partial row. `tables/` has Parquet
files, such as sizes and thumbnails of images; `analysis/` what was computed from
vectors. `encoders/` has measurements of an encoder, and the files from which its fingerprint was
computed.
"""

import errno
import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float32

from embedbench.errors import StoreError
from embedbench.io.atomic import remove_stale, write_atomic
from embedbench.io.paths import AnyPath, RemotePath, files_in, folders_in, open_file
from embedbench.io.records import other_schemas, read_record, root_of
from embedbench.io.vector_file import RowFile, Rows, row_file
from embedbench.utils.messages import system_reason

__all__ = ["Store", "text_key"]

Result = TypeVar("Result")

_AT_ONCE = 8
"""Remote files that are read in parallel, to hide the latency."""

_SMALL, _LARGE = 1 << 25, 1 << 26
"""Bytes: files smaller than the first are merged into files of about the second."""


@dataclass(frozen=True)
class Store:
    """A store of vectors, tables and records.

    Every method raises StoreError if the folder cannot be read or written.

    Attributes:
        folder: local or remote folder, created at the first write.
    """

    folder: AnyPath

    def write(
        self,
        fingerprint: str,
        keys: Sequence[str],
        vectors: Float32[np.ndarray, "rows dim"],
        name: str | None = None,
    ) -> None:
        """Write a file of vectors.

        Args:
            fingerprint: of the encoder.
            keys: SHA-256 in hex of each image or text.
            vectors: one row per key.
            name: name of the file, which replaces an earlier one; None for a new name.
        """
        file = _one_name(name or uuid.uuid4().hex)
        path = self._vectors(fingerprint) / f"{file}.safetensors"
        self._add(path, row_file(keys, vectors))

    def keys_of(self, fingerprint: str, name: str) -> list[str]:
        """Return the keys in the file of this name; an empty list if there is no such file."""
        return self._ask(_keys, self._vectors(fingerprint) / f"{name}.safetensors") or []

    def stored(self, fingerprint: str, keys: Sequence[str]) -> set[str]:
        """Return the keys that have a stored row; reads no rows."""
        parts = self._each(self._vectors(fingerprint), ".safetensors", _keys)
        wanted, present = set(keys), set[str]()
        for part in parts:
            present |= wanted.intersection(part)
        return present

    def read(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Float32[np.ndarray, " dim"]]:
        """Return the stored rows of these keys."""
        read = partial(_rows, wanted=set(keys))
        parts = self._each(self._vectors(fingerprint), ".safetensors", read)
        return {key: row for keys, rows in parts for key, row in zip(keys, rows, strict=True)}

    def rows(self, fingerprint: str, keys: Sequence[str]) -> Float32[np.ndarray, "keys dim"]:
        """Return one row per key, in the order of the keys; nan for keys without a stored row.

        At least one row must be stored. Filling the table file by file needs its memory once.
        """
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        read = partial(_rows, wanted=numbers.keys())
        table = np.empty((0, 0), np.float32)
        for present, rows in self._each(self._vectors(fingerprint), ".safetensors", read):
            if present:
                if not len(table):
                    table = np.full((len(numbers), rows.shape[1]), np.nan, np.float32)
                table[[numbers[key] for key in present]] = rows
        return table if len(numbers) == len(keys) else table[[numbers[key] for key in keys]]

    def compact(self, fingerprint: str, least: int = 16) -> None:
        """Merge small files into large ones, if there are at least `least` small files."""
        folder = self._vectors(fingerprint)
        remove_stale(folder)
        files = self._files(folder, ".safetensors")
        small = [(file, size) for file, size in files if size < _SMALL]
        if len(small) < least:
            return
        for heap in _heaps(small):
            parts = [part for part in self._read(heap, _rows) if part[0]]
            if parts:
                keys = [key for part, _ in parts for key in part]
                last = {key: number for number, key in enumerate(keys)}
                rows = np.concatenate([part for _, part in parts])
                rows = rows if len(last) == len(keys) else rows[list(last.values())]
                del parts  # a second copy of the rows
                self.write(fingerprint, list(last), rows)
            for file in heap:
                self._ask(_remove, file)

    def add_parquet(self, kind: str, content: bytes) -> None:
        """Add the bytes of a Parquet file to the tables of this kind."""
        self._add(self._tables(kind) / f"{uuid.uuid4().hex}.parquet", content)

    def each_parquet(self, kind: str, read: Callable[[AnyPath], Result]) -> Iterator[Result]:
        """Yield the result of `read` for each Parquet file of this kind.

        Args:
            kind: kind of the tables.
            read: reads one file; files for which it raises ValueError are skipped.
        """
        return self._each(self._tables(kind), ".parquet", read)

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Write a small record; replaces the record of the same key."""
        content = json.dumps(value, indent=1, sort_keys=True).encode()
        self._add(self._record(kind, key), content)

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a small record; None if it is missing or cannot be read."""
        return read_record(self._record(kind, key))

    def put_bytes(self, kind: str, key: str, content: bytes) -> None:
        """Write a file of what was computed; replaces the one of the same key."""
        self._add(self._computed(kind, key), content)

    def get_bytes(self, kind: str, key: str) -> bytes | None:
        """Return what was computed; None if it is not there."""
        path = self._computed(kind, key)
        content = self._ask(_content, path)
        if content is not None and isinstance(path, Path):
            with suppress(OSError):  # the store may be another's
                os.utime(path)
        return content

    def trim(self, kind: str, most: int) -> None:
        """Remove what was not used for longest where a local store holds more bytes than this."""
        folder = self._root / _one_name(kind)
        if not isinstance(folder, Path):
            return
        with suppress(OSError):
            files = [(path, path.stat()) for path in folder.glob("*.npz")]
            excess = sum(found.st_size for _, found in files) - most
            for path, found in sorted(files, key=lambda file: file[1].st_mtime):
                if excess <= 0:
                    return
                path.unlink()
                excess -= found.st_size

    def other_versions_note(self) -> str | None:
        """Return a note for a store that only other versions of embedbench have written to.

        None for other stores.
        """
        others = other_schemas(self._ask(folders_in, self.folder) or [])
        if not others:
            return None
        return (
            f"the store '{self.folder}' holds only files of another version of embedbench "
            f"({', '.join(others)}): they are kept but not used, and everything is encoded again"
        )

    @property
    def _root(self) -> AnyPath:
        return root_of(self.folder)

    def _vectors(self, fingerprint: str) -> AnyPath:
        return self._root / "vectors" / _one_name(fingerprint)

    def _tables(self, kind: str) -> AnyPath:
        return self._root / "tables" / _one_name(kind)

    def _record(self, kind: str, key: str) -> AnyPath:
        return self._root / _one_name(kind) / f"{_one_name(key)}.json"

    def _computed(self, kind: str, key: str) -> AnyPath:
        return self._root / _one_name(kind) / f"{_one_name(key)}.npz"

    def _files(self, folder: AnyPath, suffix: str) -> list[tuple[AnyPath, int]]:
        """Return the files in a folder, with their sizes in bytes."""
        sizes = self._ask(files_in, folder) or {}
        names = [name for name in sorted(sizes) if name.endswith(suffix) and name[0] != "."]
        return [(folder / name, sizes[name]) for name in names]

    def _each(
        self, folder: AnyPath, suffix: str, read: Callable[[AnyPath], Result]
    ) -> Iterator[Result]:
        """Yield the result of `read` for each file, also for files that appear meanwhile.

        Another process may merge small files into a new one at any time.
        """
        done: set[AnyPath] = set()
        while new := [file for file, _ in self._files(folder, suffix) if file not in done]:
            done.update(new)
            yield from self._read(new, read)

    def _read(
        self, files: Sequence[AnyPath], read: Callable[[AnyPath], Result]
    ) -> Iterator[Result]:
        """Yield the result of `read` for each complete file; in parallel for a remote store."""
        ask = partial(self._ask, read)
        if isinstance(self.folder, RemotePath) and len(files) > 1:
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                yield from (result for result in threads.map(ask, files) if result is not None)
        else:
            yield from (result for result in map(ask, files) if result is not None)

    def _ask(self, question: Callable[[AnyPath], Result], path: AnyPath) -> Result | None:
        """Return `question(path)`; None if the file is missing or incomplete."""
        try:
            return question(path)
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            why = f"cannot read the store '{self.folder}': {system_reason(error)}"
            raise StoreError(why) from error

    def _add(self, path: AnyPath, content: bytes) -> None:
        try:
            write_atomic(path, content)
        except OSError as error:
            reason = system_reason(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                reason = f"{reason}; make room and run again: stored vectors are kept"
            raise StoreError(f"cannot write to the store '{self.folder}': {reason}") from error


def text_key(text: str) -> str:
    """Return the key of a text: SHA-256 of a prefix and its UTF-8 bytes, unlike any image's."""
    return hashlib.sha256(b"text\0" + text.encode()).hexdigest()


def _one_name(text: str) -> str:
    """Return the text if it is a single file or folder name, so that no path leaves the store."""
    if re.fullmatch(r"\w[\w.-]*", text, re.ASCII) is None:
        raise StoreError(f"a name in the store must be letters and digits; not '{text}'")
    return text


def _keys(path: AnyPath) -> list[str]:
    with open_file(path) as file:
        return RowFile.open(file).keys


def _rows(path: AnyPath, wanted: Collection[str] | None = None) -> Rows:
    """Return the wanted rows of a file; all rows if None."""
    with open_file(path) as file:
        part = RowFile.open(file)
        return part.rows(set(part.keys) if wanted is None else wanted)


def _content(path: AnyPath) -> bytes:
    return path.read_bytes()


def _remove(path: AnyPath) -> None:
    path.unlink()


def _heaps(files: Sequence[tuple[AnyPath, int]]) -> Iterator[list[AnyPath]]:
    """Yield groups of files, each about the size of one large file."""
    heap: list[AnyPath] = []
    size = 0
    for file, length in files:
        heap.append(file)
        size += length
        if size >= _LARGE - _SMALL:
            yield heap
            heap, size = [], 0
    if len(heap) > 1:
        yield heap
