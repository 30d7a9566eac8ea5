"""The store: what was computed for an image or a text, keyed by what made it.

A store is a folder, on this machine or at an address. Under `vectors/FINGERPRINT/` lie files of
rows under their keys (SHA-256 of the image file's bytes or of the text). Files are only ever
added, each whole or not at all, so that any number of processes may write at once and a process
that is killed leaves no half row. `tables/` holds Parquet files added in the same way, such as
the images' sizes and thumbnails; `encoders/` remembers what was measured of an encoder, and the
files that its fingerprint was made from.
"""

import errno
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float32

from embedbench.errors import StoreError
from embedbench.io.atomic import remove_stale, write_atomic
from embedbench.io.paths import AnyPath, RemotePath, files_in, folders_in, open_file
from embedbench.io.records import other_schemas, read_record, root_of
from embedbench.io.vector_file import RowFile, Rows, row_file

__all__ = ["Store", "text_key"]

Result = TypeVar("Result")

_AT_ONCE = 8
"""Files at an address that are read at once: each takes a journey to its server."""

_SMALL, _LARGE = 1 << 25, 1 << 26
"""Bytes: files below the first are made into one, of at most about the second."""


@dataclass(frozen=True)
class Store:
    """Vectors on disk, or at an address.

    Every method raises StoreError where the folder cannot be read or written.

    Attributes:
        folder: made when something is first written.
    """

    folder: AnyPath

    def write(
        self,
        fingerprint: str,
        keys: Sequence[str],
        vectors: Float32[np.ndarray, "rows dim"],
        name: str | None = None,
    ) -> None:
        """Add these rows under these keys (SHA-256 in hex), in a file of this name if one is given.

        Where a file of that name is there already, it is replaced.
        """
        file = _one_name(name or uuid.uuid4().hex)
        place = self._vectors(fingerprint) / f"{file}.safetensors"
        self._add(place, row_file(keys, vectors))

    def keys_of(self, fingerprint: str, name: str) -> list[str]:
        """Return the keys in the file of this name; none if it is not there."""
        return self._ask(_keys, self._vectors(fingerprint) / f"{name}.safetensors") or []

    def stored(self, fingerprint: str, keys: Sequence[str]) -> set[str]:
        """Return those of the keys that have a row; no row is read."""
        parts = self._each(self._vectors(fingerprint), ".safetensors", _keys)
        wanted, found = set(keys), set[str]()
        for part in parts:
            found |= wanted.intersection(part)
        return found

    def read(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Float32[np.ndarray, " dim"]]:
        """Return the rows that are stored, of those asked for."""
        read = partial(_rows, wanted=set(keys))
        parts = self._each(self._vectors(fingerprint), ".safetensors", read)
        return {key: row for keys, rows in parts for key, row in zip(keys, rows, strict=True)}

    def rows(self, fingerprint: str, keys: Sequence[str]) -> Float32[np.ndarray, "keys dim"]:
        """Return a row for each key, in their order, nan where none is stored; at least one is.

        They are filled in file by file, so that the memory holds them once.
        """
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        read = partial(_rows, wanted=places.keys())
        table = np.empty((0, 0), np.float32)
        for found, rows in self._each(self._vectors(fingerprint), ".safetensors", read):
            if found:
                if not len(table):
                    table = np.full((len(places), rows.shape[1]), np.nan, np.float32)
                table[[places[key] for key in found]] = rows
        return table if len(places) == len(keys) else table[[places[key] for key in keys]]

    def compact(self, fingerprint: str, least: int = 16) -> None:
        """Make large files of small ones, if there are at least `least` of these."""
        folder = self._vectors(fingerprint)
        remove_stale(folder)
        small = [one for one in self._files(folder, ".safetensors") if one[1] < _SMALL]
        if len(small) < least:
            return
        for heap in _heaps(small):
            parts = [part for part in self._read(heap, _rows) if part[0]]
            if parts:
                keys = [key for part, _ in parts for key in part]
                last = {key: place for place, key in enumerate(keys)}
                rows = np.concatenate([part for _, part in parts])
                rows = rows if len(last) == len(keys) else rows[list(last.values())]
                del parts  # of as many rows again
                self.write(fingerprint, list(last), rows)
            for place in heap:
                self._ask(_remove, place)

    def add_parquet(self, kind: str, content: bytes) -> None:
        """Add a Parquet file, given as its bytes, to the tables of this kind."""
        self._add(self._tables(kind) / f"{uuid.uuid4().hex}.parquet", content)

    def each_parquet(self, kind: str, read: Callable[[AnyPath], Result]) -> Iterator[Result]:
        """Yield what `read` returns for each Parquet file of this kind.

        Args:
            kind: of the tables.
            read: reads one file; ValueError says that the file is not whole, and it is left out.
        """
        return self._each(self._tables(kind), ".parquet", read)

    def put_record(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Keep a small record, in place of an earlier one of the same key."""
        content = json.dumps(value, indent=1, sort_keys=True).encode()
        self._add(self._record(kind, key), content)

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a small record, or None."""
        return read_record(self._record(kind, key))

    def other_versions_note(self) -> str | None:
        """Return in words what is in a store that only other versions of embedbench wrote to."""
        others = other_schemas(self._ask(folders_in, self.folder) or [])
        if not others:
            return None
        return (
            f"the store '{self.folder}' holds only what another version of embedbench made "
            f"({', '.join(others)}): that is left alone, and all is encoded anew"
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

    def _files(self, folder: AnyPath, suffix: str) -> list[tuple[AnyPath, int]]:
        """Return the files in a folder, and their bytes."""
        found = self._ask(files_in, folder) or {}
        names = [name for name in sorted(found) if name.endswith(suffix) and name[0] != "."]
        return [(folder / name, found[name]) for name in names]

    def _each(
        self, folder: AnyPath, suffix: str, read: Callable[[AnyPath], Result]
    ) -> Iterator[Result]:
        """Yield what is read of each file, also of one into which others were tidied meanwhile."""
        done: set[AnyPath] = set()
        while new := [one for one, _ in self._files(folder, suffix) if one not in done]:
            done.update(new)
            yield from self._read(new, read)

    def _read(
        self, places: Sequence[AnyPath], read: Callable[[AnyPath], Result]
    ) -> Iterator[Result]:
        """Yield what is read of each file that is there and whole; in threads at an address."""
        ask = partial(self._ask, read)
        if isinstance(self.folder, RemotePath) and len(places) > 1:
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                yield from (found for found in threads.map(ask, places) if found is not None)
        else:
            yield from (found for found in map(ask, places) if found is not None)

    def _ask(self, question: Callable[[AnyPath], Result], place: AnyPath) -> Result | None:
        """Return the answer; None where there is no such file, or one that is not whole."""
        try:
            return question(place)
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(f"cannot read the store '{self.folder}': {reason}") from error

    def _add(self, place: AnyPath, content: bytes) -> None:
        try:
            write_atomic(place, content)
        except OSError as error:
            reason = error.strerror or error
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                reason = f"{reason}; make room and run again: what is in it is kept"
            raise StoreError(f"cannot write to the store '{self.folder}': {reason}") from error


def text_key(text: str) -> str:
    """Return the key of a text: the SHA-256 of its UTF-8 bytes, set apart from any image's."""
    return hashlib.sha256(b"text\0" + text.encode()).hexdigest()


def _one_name(text: str) -> str:
    """Return a text that is one name of a file or folder, so that none leads out of the store."""
    if re.fullmatch(r"\w[\w.-]*", text, re.ASCII) is None:
        raise StoreError(f"a name in the store must be letters and digits; not '{text}'")
    return text


def _keys(place: AnyPath) -> list[str]:
    with open_file(place) as file:
        return RowFile.open(file).keys


def _rows(place: AnyPath, wanted: Collection[str] | None = None) -> Rows:
    """Return those of the rows that are wanted; all of them if None."""
    with open_file(place) as file:
        part = RowFile.open(file)
        return part.rows(set(part.keys) if wanted is None else wanted)


def _remove(place: AnyPath) -> None:
    place.unlink()


def _heaps(files: Sequence[tuple[AnyPath, int]]) -> Iterator[list[AnyPath]]:
    """Yield files that are together about as large as one may be."""
    heap: list[AnyPath] = []
    size = 0
    for place, length in files:
        heap.append(place)
        size += length
        if size >= _LARGE - _SMALL:
            yield heap
            heap, size = [], 0
    if len(heap) > 1:
        yield heap
