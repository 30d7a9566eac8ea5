"""Files of rows: vectors and their keys, of which the keys can be read alone.

They are safetensors: plain arrays, read and written at the speed of the disk, with nothing in
them that can run. `keys` holds the 32 bytes of each row's key, `vectors` the rows.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

import numpy as np
from jaxtyping import Float32
from safetensors.numpy import save

__all__ = ["RowFile", "Rows", "row_file"]

_KEY_BYTES = 32

Rows = tuple[list[str], Float32[np.ndarray, "rows dim"]]
"""Keys, and a row for each."""


def row_file(keys: Sequence[str], vectors: Float32[np.ndarray, "rows dim"]) -> bytes:
    """Return a file's content: rows under their keys, 64 hex digits each."""
    joined = np.frombuffer(bytes.fromhex("".join(keys)), dtype=np.uint8)
    shaped = joined.reshape(len(keys), _KEY_BYTES)
    return save({"keys": shaped, "vectors": np.ascontiguousarray(vectors)})


@dataclass(frozen=True, eq=False)
class RowFile:
    """A file that is open, with its keys in their order."""

    keys: list[str]
    _file: BufferedReader
    _start: int
    _dim: int

    @classmethod
    def open(cls, file: BufferedReader) -> "RowFile":
        """Read the keys of a file.

        Raises:
            ValueError: it is not whole.
        """
        length = int.from_bytes(file.read(8), "little")
        content = file.read(length) if length < 1 << 20 else b""
        try:
            header: dict[str, Any] = json.loads(content)
            start, end = header["keys"]["data_offsets"]
            dim = int(header["vectors"]["shape"][1])
            vectors = int(header["vectors"]["data_offsets"][0])
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError("not a file of rows") from error
        file.seek(8 + length + start)
        digits = _exactly(file, end - start).hex()
        width = 2 * _KEY_BYTES
        keys = [digits[place : place + width] for place in range(0, len(digits), width)]
        return cls(keys, file, 8 + length + vectors, dim)

    def rows(self, wanted: Collection[str]) -> Rows:
        """Return the rows of those keys that are here; reads from the first of them to the last.

        Raises:
            ValueError: the file is not whole.
        """
        places = [place for place, key in enumerate(self.keys) if key in wanted]
        if not places:
            return [], np.empty((0, self._dim), np.float32)
        first, count = places[0], places[-1] + 1 - places[0]
        self._file.seek(self._start + 4 * self._dim * first)
        content = _exactly(self._file, 4 * self._dim * count)
        block = np.frombuffer(content, dtype="<f4").reshape(count, self._dim)
        if len(places) < count:
            block = block[np.array(places) - first]
        return [self.keys[place] for place in places], block


def _exactly(file: BufferedReader, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise ValueError("the file is cut off")
    return content
