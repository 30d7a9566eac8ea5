"""Vectors that were made elsewhere, say by a model behind an API, joined to the images by name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from embedbench.encoder import InputError, LookupEncoder, Vectors

__all__ = ["VectorsEncoder"]


@dataclass(frozen=True)
class VectorsEncoder(LookupEncoder):
    """Vectors made elsewhere, from a .parquet or .npy file, by the images' names.

    A name is the image's path below the dataset's folder, with forward slashes; the file name
    alone does where no two images share it.

    Attributes:
        file: a `.parquet` file with the columns `image` (names) and `vector` (lists of numbers);
            or a `.npy` file of shape (images, dim), beside it a `.txt` file of the same stem
            with one name a line.
    """

    file: Path

    def lookup(self, names: Sequence[str]) -> Vectors:
        """Return one row for each name, in their order.

        Raises:
            InputError: a name has no row, or the file cannot be used.
        """
        known, vectors = self._table
        shared = Counter(PurePosixPath(name).name for name in names)
        rows = []
        for name in names:
            last = PurePosixPath(name).name
            row = known.get(name, known.get(last) if shared[last] == 1 else None)
            if row is None:
                raise InputError(f"'{self.file}' has no vector for the image '{name}'")
            rows.append(row)
        return vectors[rows]

    def weights_files(self) -> Sequence[Path]:
        """Return the file, and the names beside a `.npy` file."""
        file = Path(self.file)
        return [file, _names_file(file)] if file.suffix == ".npy" else [file]

    @cached_property
    def _table(self) -> tuple[dict[str, int], Vectors]:
        """The rows by name, and the vectors."""
        file = Path(self.file)
        if file.suffix not in (".npy", ".parquet"):
            raise InputError(f"vectors must be a .npy or a .parquet file; not '{file}'")
        names, values = (_read_npy if file.suffix == ".npy" else _read_parquet)(file)
        if len(names) != len(values):
            raise InputError(f"'{file}' has {len(values)} vectors for {len(names)} names")
        if repeated := [name for name, count in Counter(names).items() if count > 1]:
            raise InputError(f"'{file}' has the image '{repeated[0]}' more than once")
        return {name: row for row, name in enumerate(names)}, _checked(file, names, values)


def _read_npy(file: Path) -> tuple[list[str], Any]:
    try:
        lines = _names_file(file).read_text(encoding="utf-8").splitlines()
        return lines, np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"cannot read the vectors in '{file}': {error}") from error


def _read_parquet(file: Path) -> tuple[list[str], Any]:
    import pandas as pd

    try:
        table = pd.read_parquet(file)
        return table["image"].astype(str).tolist(), list(table["vector"])
    except KeyError as error:
        raise InputError(f"'{file}' must have the columns `image` and `vector`") from error
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the vectors in '{file}': {error}") from error


def _checked(file: Path, names: list[str], values: Any) -> Vectors:
    try:
        with np.errstate(over="ignore"):  # too large for float32 becomes infinite
            vectors = np.asarray(values).astype(np.float32)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"the vectors in '{file}' must be numbers, as many in each row: {error}"
        ) from error
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise InputError(f"'{file}' has shape {vectors.shape}; it must be (images, dim)")
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise InputError(f"in '{file}' the vector of '{names[broken[0]]}' is not finite")
    return vectors


def _names_file(file: Path) -> Path:
    return file.with_suffix(".txt")
