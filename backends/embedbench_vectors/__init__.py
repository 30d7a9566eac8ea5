"""Vectors that were made elsewhere, say by a model behind an API, joined to the images by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from embedbench.encoder import Facts, InputError, LookupEncoder, Vectors
from embedbench_vectors.rows import NamedVectors, name_vectors

__all__ = ["VectorsEncoder", "encoder_of_rows"]


@dataclass(frozen=True)
class VectorsEncoder(LookupEncoder):
    """Vectors made elsewhere, from a file, by the images' names.

    A name is the image's path below the dataset's folder, or a longer or shorter end of it;
    backslashes, another root and another or no suffix do no harm. Images without a vector are
    left out of the comparison and listed, unless they are most.

    Attributes:
        file: a table (.parquet, .csv, .tsv, .json, .jsonl) with a column of names and one of
            vectors, or one for each dimension; an array (.npy) with the names in a .txt, .csv or
            .json file of the same stem, or in `paths.txt`; arrays (.npz, .h5, .safetensors, .pt)
            of names and of vectors, or of one vector under each name; a folder that
            clip-retrieval wrote.
        column: what the vectors are called in it, if not `vector`, `embedding`, `features` ...
        names: what the images' names are called in it, if not `image`, `path`, `filename` ...;
            or the file that holds them, one a line.
    """

    file: Path
    column: str = ""
    names: str = ""

    examples: ClassVar[tuple[str, ...]] = (
        "vectors:mine.parquet",
        "vectors:features.npy,names=paths.txt",
        "vectors:table.csv,column=clip,names=file",
    )

    def lookup(self, names: Sequence[str]) -> Vectors:
        """Return one row for each name, in their order; a row of nan for a name without one.

        Raises:
            InputError: the file cannot be used, or has no vector of most names.
        """
        return self._vectors.lookup(names)

    def weights_files(self) -> Sequence[Path]:
        """Return the file, and the names beside it where they are apart."""
        return self._vectors.files

    def facts(self) -> Facts:
        """Return the name of the file."""
        return Facts(weights=Path(self.file).name)

    @cached_property
    def _vectors(self) -> NamedVectors:
        from embedbench_vectors.files import read_vectors

        return read_vectors(Path(self.file), self.column, self.names)


@dataclass(frozen=True)
class _RowsEncoder(LookupEncoder):
    """Vectors given from Python.

    Attributes:
        content: the SHA-256 of their names and values.
    """

    content: str
    _vectors: NamedVectors = field(repr=False, compare=False)

    def lookup(self, names: Sequence[str]) -> Vectors:
        """Return one row for each name, in their order; a row of nan for a name without one."""
        return self._vectors.lookup(names)


def encoder_of_rows(value: Any, names: Sequence[str] | None = None) -> LookupEncoder:
    """Return an encoder of vectors that were made elsewhere. Equal content, equal fingerprint.

    Args:
        value: an array, "images dim", with its `names`; a DataFrame, as a file's table is read;
            or a mapping of one vector for each name.
        names: of the rows of an array, as in `VectorsEncoder`.

    Raises:
        InputError: names are missing or too many, or the vectors cannot be used.
    """
    from embedbench_vectors.columns import from_arrays, from_table

    origin = "the vectors"
    vectors: Any = value
    found: Sequence[Any] | None = None
    if hasattr(value, "columns") and hasattr(value, "iloc"):  # a DataFrame
        found, vectors = from_table(origin, value)
    elif isinstance(value, Mapping):
        found, vectors = from_arrays(origin, value)
    if found is not None and names is not None:
        raise InputError("the vectors have names of their own; leave `names`")
    found = names if found is None else found
    if found is None:
        raise InputError("vectors in an array need names: give (array, names), one name a row")
    held = name_vectors(origin, found, _copied(vectors))
    return _RowsEncoder(held.content, held)


def _copied(vectors: Any) -> Any:
    """Return what cannot be changed by whoever gave it."""
    return vectors.copy() if isinstance(vectors, np.ndarray) else vectors
