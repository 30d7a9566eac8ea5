"""Vectors with names: checked, and found by the names of images."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from embedbench.encoder import InputError, Matches, Vectors, match_names

__all__ = ["NamedVectors", "as_array", "name_vectors"]


@dataclass(frozen=True, eq=False)
class NamedVectors:
    """Vectors and their names.

    Attributes:
        origin: where they are from, for the words of errors.
        names: one a row.
        vectors: "rows dim", numbers of any kind; they may lie on disk.
        files: what they were read from.
    """

    origin: str
    names: list[str]
    vectors: np.ndarray
    files: tuple[Path, ...] = ()

    def lookup(self, images: Sequence[str]) -> Vectors:
        """Return one row for each image, in their order; a row of nan for one without a vector.

        Names match as those in tables of labels do, see `embedbench.encoder.match_names`.

        Raises:
            InputError: most images have no vector, two vectors fit one image, or one is not
                finite.
        """
        matches = match_names(filter(None, self.names), images)
        found = self._rows_by_image(matches, images)
        if 2 * len(found) < len(images):
            without = next(image for row, image in enumerate(images) if row not in found)
            has = next(filter(None, self.names), "")
            raise InputError(
                f"{self.origin} has vectors of {len(found)} of {len(images)} images: '{without}' "
                f"has none; its names are such as '{has}'; they must end as the images' paths do"
            )
        table = np.full((len(images), self.vectors.shape[1]), np.nan, np.float32)
        if found:
            table[list(found)] = self._float32(list(found.values()))
        return table

    @cached_property
    def content(self) -> str:
        """The SHA-256 of the names and of the vectors in float32, whatever their order."""
        order = sorted(range(len(self.names)), key=self.names.__getitem__)
        digest = hashlib.sha256(repr([self.names[row] for row in order]).encode())
        digest.update(self._float32(order).tobytes())
        return digest.hexdigest()

    def _rows_by_image(self, matches: Matches, images: Sequence[str]) -> dict[int, int]:
        """Return the vector's row by the image's."""
        found: dict[int, int] = {}
        first = _first_rows(self.names)
        for name, image in matches.rows.items():
            row = first[name]
            if image in found and not np.array_equal(self.vectors[found[image]], self.vectors[row]):
                names = f"'{self.names[found[image]]}' and '{name}'"
                raise InputError(f"in {self.origin} {names} are one image with different vectors")
            found.setdefault(image, row)
        for clashing, (one, other) in matches.clashes.items():
            if not np.array_equal(self.vectors[first[one]], self.vectors[first[other]]):
                raise InputError(
                    f"in {self.origin} '{one}' and '{other}' both fit the image '{clashing}' and "
                    "have different vectors: give names that tell them apart"
                )
            found[images.index(clashing)] = first[one]
        return found

    def _float32(self, rows: list[int]) -> Vectors:
        with np.errstate(over="ignore"):  # too large for float32 becomes infinite
            vectors = self.vectors[rows].astype(np.float32)
        broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(broken):
            name = self.names[rows[broken[0]]]
            raise InputError(f"in {self.origin} the vector of '{name}' is not finite")
        return vectors


def name_vectors(
    origin: str, names: Sequence[Any], vectors: Any, files: Sequence[Path] = ()
) -> NamedVectors:
    """Return vectors with their names, checked but for their values.

    Args:
        origin: where they are from, for the words of errors.
        names: texts, one for each row.
        vectors: "rows dim", as an array or what makes one; other axes may be of length 1.
        files: what they were read from.

    Raises:
        InputError: names and rows do not fit each other, rows are no numbers or not as many, or
            one name has two different vectors.
    """
    texts = [_text(name) for name in names]
    array = as_array(origin, vectors)
    if array.ndim > 2:
        array = array.reshape(len(array), *(side for side in array.shape[1:] if side != 1) or (1,))
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"{origin} has shape {array.shape}; it must be (images, dim)")
    if len(texts) != len(array):
        raise InputError(f"{origin}: there are {len(array)} vectors for {len(texts)} names")
    first = _first_rows(texts)
    for row, name in enumerate(texts):
        if first[name] != row and name and not np.array_equal(array[first[name]], array[row]):
            raise InputError(
                f"{origin} has the image '{name}' more than once, with different vectors"
            )
    return NamedVectors(origin, texts, array, tuple(files))


def as_array(origin: str, values: Any) -> np.ndarray:
    """Return values as an array of numbers.

    Raises:
        InputError: they are no numbers, or not as many in each row.
    """
    if hasattr(values, "detach"):  # a tensor of torch
        tensor = values.detach().cpu()
        values = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    try:
        array = values if isinstance(values, np.ndarray) else np.asarray(values)
        if array.dtype == object:
            array = np.array([np.asarray(row, np.float64) for row in array])
    except (ValueError, TypeError) as error:
        raise InputError(
            f"the vectors in {origin} must be numbers, as many in each row: {error}"
        ) from error
    if array.dtype.kind not in "fiu":
        raise InputError(f"the vectors in {origin} must be numbers; they are {array.dtype}")
    return array


def _text(name: Any) -> str:
    """Return a name as text; bytes as HDF5 keeps them; missing ones as none."""
    if isinstance(name, bytes):
        return name.decode("utf-8", "replace")
    return "" if name is None or name != name else str(name)


def _first_rows(names: Sequence[str]) -> dict[str, int]:
    first: dict[str, int] = {}
    for row, name in enumerate(names):
        first.setdefault(name, row)
    return first
