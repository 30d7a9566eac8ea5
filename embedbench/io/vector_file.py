"""Vector files: vectors and their keys; the keys can be read without the vectors.

The format is safetensors: plain arrays, as fast as the disk, without executable content. The array
`keys` has 32 bytes per row, the array `vectors` one row per key.
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
"""Keys, and one row per key."""


def row_file(keys: Sequence[str], vectors: Float32[np.ndarray, "rows dim"]) -> bytes:
    """Return the content of a file with these keys, 64 hex digits each, and their vectors."""
    joined = np.frombuffer(bytes.fromhex("".join(keys)), dtype=np.uint8)
    shaped = joined.reshape(len(keys), _KEY_BYTES)
    return save({"keys": shaped, "vectors": np.ascontiguousarray(vectors)})


@dataclass(frozen=True, eq=False)
class RowFile:
    """An open vector file, with its keys in the order of the rows."""

    keys: list[str]
    _file: BufferedReader
    _start: int
    _dim: int

    @classmethod
    def open(cls, file: BufferedReader) -> "RowFile":
        """Read the keys of a file.

        Raises:
            ValueError: the file is incomplete or not a vector file.
        """
        length = int.from_bytes(file.read(8), "little")
        content = file.read(length) if length < 1 << 20 else b""
        try:
            header: dict[str, Any] = json.loads(content)
            start, end = header["keys"]["data_offsets"]
            dim = int(header["vectors"]["shape"][1])
            vectors = int(header["vectors"]["data_offsets"][0])
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError("not a vector file") from error
        file.seek(8 + length + start)
        digits = _exactly(file, end - start).hex()
        width = 2 * _KEY_BYTES
        keys = [digits[start : start + width] for start in range(0, len(digits), width)]
        return cls(keys, file, 8 + length + vectors, dim)

    def rows(self, wanted: Collection[str]) -> Rows:
        """Return the wanted rows that are in the file; reads from the first of them to the last.

        Raises:
            ValueError: the file is incomplete.
        """
        numbers = [number for number, key in enumerate(self.keys) if key in wanted]
        if not numbers:
            return [], np.empty((0, self._dim), np.float32)
        first, count = numbers[0], numbers[-1] + 1 - numbers[0]
        self._file.seek(self._start + 4 * self._dim * first)
        content = _exactly(self._file, 4 * self._dim * count)
        block = np.frombuffer(content, dtype="<f4").reshape(count, self._dim)
        if len(numbers) < count:
            block = block[np.array(numbers) - first]
        return [self.keys[number] for number in numbers], block


def _exactly(file: BufferedReader, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise ValueError("the file is cut off")
    return content
