"""Files of vectors in the forms that people have."""

import base64
import io
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embedbench.encoder import InputError, first_sentence
from embedbench_vectors.columns import from_arrays, from_table, names_in_table
from embedbench_vectors.rows import NamedVectors, name_vectors

__all__ = ["SUFFIXES", "read_vectors"]

_NAMES_BESIDE = ("paths", "names", "filenames", "image_names", "image_paths")
"""Stems of files of names that may lie beside a file of vectors, apart from its own."""

_LARGEST_VECTOR = 2**26
"""In bytes, of one that is unpacked."""


def read_vectors(file: Path, column: str = "", names: str = "") -> NamedVectors:
    """Return the vectors in a file with their names.

    Args:
        file: of one of `SUFFIXES`, or a folder as clip-retrieval writes it or of .parquet files.
        column: what the vectors are called in it; empty for the usual names.
        names: what the images' names are called in it, or the file that holds them.

    Raises:
        InputError: the file is absent, broken, of another form, or lacks names or vectors.
    """
    origin = f"'{file}'"
    if file.is_dir():
        return _read_folder(file, column, names)
    if file.suffix.lower() not in _READERS:
        raise InputError(f"vectors must be in one of {', '.join(SUFFIXES)}; not in {origin}")
    if not file.is_file():
        raise InputError(f"there is no file {origin}")
    given = Path(names) if names and Path(names).is_file() else None
    inside = "" if given else names
    found, vectors = _guarded(_READERS[file.suffix.lower()], file, column, inside)
    if found is not None and given is None:
        return name_vectors(origin, found, vectors, [file])
    beside = given or _names_beside(file)
    return name_vectors(origin, _guarded(_read_names, beside), vectors,
                        [file, beside])  # fmt: skip


def _guarded(read: Callable[..., Any], file: Path, *words: str) -> Any:
    """Return what is read; errors of the libraries in one line."""
    try:
        return read(file, *words)
    except InputError:
        raise
    except ModuleNotFoundError as error:
        raise InputError(f"'{file}' is read by {error.name}; run: pip install {error.name}") from (
            error
        )
    except Exception as error:  # numpy, pyarrow, h5py, torch and safetensors raise their own
        raise InputError(f"cannot read the vectors in '{file}': {first_sentence(error)}") from error


def _names_beside(file: Path) -> Path:
    """Return the file of names that lies beside one of vectors."""
    stems = (file.stem, *_NAMES_BESIDE)
    paths = [file.with_name(f"{stem}{suffix}") for stem in stems for suffix in _READERS_OF_NAMES]
    for path in paths:
        if path != file and path.is_file():
            return path
    raise InputError(
        f"'{file}' has no names of images, and none lie beside it: put them into '{paths[0]}', "
        "one a line in the order of the vectors, or give names=FILE"
    )


def _read_names(file: Path) -> list[Any]:
    read = _READERS_OF_NAMES.get(file.suffix.lower(), _read_lines)
    return read(file)


def _read_lines(file: Path) -> list[Any]:
    return file.read_text(encoding="utf-8-sig").splitlines()


def _read_column(file: Path) -> list[Any]:
    """Return the names in a table: of its usual column, or of its only one."""
    table = _table_of_text(file) if file.suffix.lower() != ".parquet" else pd.read_parquet(file)
    if len(table.columns) > 1:
        return names_in_table(f"'{file}'", table)[0]
    header, values = str(table.columns[0]), list(map(str, table.iloc[:, 0]))
    return [header, *values] if "." in header else values


def _read_list(file: Path) -> list[Any]:
    names = json.loads(file.read_text(encoding="utf-8-sig"))
    if isinstance(names, dict):
        lists = [value for value in names.values() if isinstance(value, list)]
        names = lists[0] if len(lists) == 1 else names
    if not isinstance(names, list):
        raise InputError(f"'{file}' must be a list of names")
    return names


def _read_npy(file: Path, column: str, names: str) -> tuple[None, Any]:
    return None, np.load(file, mmap_mode="r", allow_pickle=False)


def _read_npz(file: Path, column: str, names: str) -> tuple[list[Any] | None, Any]:
    with np.load(file, allow_pickle=False) as arrays:
        return from_arrays(f"'{file}'", {key: arrays[key] for key in arrays.files}, column, names)


def _read_parquet(file: Path, column: str, names: str) -> tuple[list[Any], Any]:
    return from_table(f"'{file}'", pd.read_parquet(file), column, names)


def _read_text(file: Path, column: str, names: str) -> tuple[list[Any], Any]:
    return from_table(f"'{file}'", _table_of_text(file), column, names)


def _table_of_text(file: Path) -> pd.DataFrame:
    """Return a table with commas, semicolons or tabs; with numbers as heads if it has none."""
    with file.open(encoding="utf-8-sig") as lines:
        first = lines.readline()
    separator = max("\t;,", key=first.count)
    cells = first.rstrip("\r\n").split(separator)
    headless = len(cells) > 1 and any(_is_fraction(cell) for cell in cells)
    table = pd.read_csv(
        file, sep=separator, encoding="utf-8-sig", header=None if headless else "infer"
    )
    return table.rename(columns={0: "image"}) if headless else table


def _is_fraction(cell: str) -> bool:
    try:
        return not float(cell).is_integer()
    except (ValueError, OverflowError):
        return False


def _read_json(file: Path, column: str, names: str) -> tuple[list[Any] | None, Any]:
    told = json.loads(file.read_text(encoding="utf-8-sig"))
    if isinstance(told, dict) and isinstance(told.get("samples"), list):  # FiftyOne's export
        told = told["samples"]
    if isinstance(told, list):
        return _of_records(file, told, column, names)
    return from_arrays(f"'{file}'", told, column, names)


def _read_json_lines(file: Path, column: str, names: str) -> tuple[list[Any], Any]:
    with file.open(encoding="utf-8-sig") as lines:
        return _of_records(
            file, [json.loads(line) for line in lines if line.strip()], column, names
        )


def _of_records(file: Path, records: list[Any], column: str, names: str) -> tuple[list[Any], Any]:
    if not records or not all(isinstance(record, dict) for record in records):
        raise InputError(f"'{file}' must hold an object for each image")
    plain = [{key: _unpacked(value) for key, value in record.items()} for record in records]
    return from_table(f"'{file}'", pd.DataFrame(plain), column, names)


def _unpacked(value: Any) -> Any:
    """Return an array that FiftyOne packed, "$binary", as an array; other values as they are."""
    if not isinstance(value, dict) or "$binary" not in value:
        return value
    packed = value["$binary"]
    text = packed.get("base64", "") if isinstance(packed, dict) else packed
    content = zlib.decompressobj().decompress(base64.b64decode(text), _LARGEST_VECTOR)
    return np.load(io.BytesIO(content), allow_pickle=False).ravel()


def _read_safetensors(file: Path, column: str, names: str) -> tuple[list[Any] | None, Any]:
    from safetensors import safe_open

    with safe_open(file, framework="numpy") as tensors:
        told = tensors.metadata() or {}
        arrays = {key: tensors.get_tensor(key) for key in tensors.keys()}  # noqa: SIM118
    lists = {key: json.loads(text) for key, text in told.items() if text.startswith("[")}
    return from_arrays(f"'{file}'", {**lists, **arrays}, column, names)


def _read_torch(file: Path, column: str, names: str) -> tuple[list[Any] | None, Any]:
    import torch

    found = torch.load(file, map_location="cpu", weights_only=True)
    if isinstance(found, dict):
        return from_arrays(f"'{file}'", found, column, names)
    return None, found


def _read_hdf5(file: Path, column: str, names: str) -> tuple[list[Any] | None, Any]:
    import h5py

    arrays: dict[str, Any] = {}
    with h5py.File(file, "r") as content:
        content.visititems(
            lambda name, item: (
                arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return from_arrays(f"'{file}'", arrays, column, names)


def _read_folder(folder: Path, column: str, names: str) -> NamedVectors:
    """Return the vectors in a folder of clip-retrieval, or in its .parquet files."""
    arrays = _in_order(folder.glob("img_emb/img_emb_*.npy"))
    tables = _in_order(folder.glob("metadata/metadata_*.parquet" if arrays else "*.parquet"))
    if not tables or len(arrays) not in (0, len(tables)):
        raise InputError(
            f"the folder '{folder}' must hold .parquet files, or as many of img_emb/img_emb_0.npy "
            f"as of metadata/metadata_0.parquet; it has {len(arrays)} and {len(tables)}"
        )
    found: list[Any] = []
    parts = []
    for array in arrays:
        parts.append(_guarded(_read_npy, array, "", "")[1])
    for table in tables:
        if arrays:
            found += _guarded(_read_column, table)
            continue
        more, part = _guarded(_read_parquet, table, column, names)
        found += more
        parts.append(np.stack(part))
    vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return name_vectors(f"'{folder}'", found, vectors, [*arrays, *tables])


def _in_order(paths: Any) -> list[Path]:
    """Return paths in the order of the number at the end of their stems."""
    return sorted(paths, key=lambda path: (len(path.stem), path.stem))


_READERS: dict[str, Callable[[Path, str, str], tuple[list[Any] | None, Any]]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".parquet": _read_parquet,
    ".csv": _read_text,
    ".tsv": _read_text,
    ".json": _read_json,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".safetensors": _read_safetensors,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".h5": _read_hdf5,
    ".hdf5": _read_hdf5,
}
_READERS_OF_NAMES: dict[str, Callable[[Path], list[Any]]] = {
    ".txt": _read_lines,
    ".csv": _read_column,
    ".tsv": _read_column,
    ".json": _read_list,
    ".parquet": _read_column,
}

SUFFIXES: Sequence[str] = tuple(_READERS)
"""Suffixes of files of vectors that are read."""
