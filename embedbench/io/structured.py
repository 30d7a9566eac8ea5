"""Values of dataclasses, arrays and tables as bytes, without pickle, and back.

A file has a JSON description and NumPy arrays (`.npz`). Reading builds dataclasses of the types
that the reader names, and runs no other code.
"""

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["digest_of", "parts_of", "read_structured", "write_structured"]

_OUTLINE = "outline"
"""Name of the JSON description among the arrays."""

_BROKEN = (
    AttributeError,
    EOFError,
    KeyError,
    IndexError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    TypeError,
    zipfile.BadZipFile,
)
"""What broken bytes raise, beside ValueError."""

_PLAIN = (type(None), bool, int, float, str)


def parts_of(value: Any) -> tuple[Any, list[np.ndarray]]:
    """Return a value's description for JSON, and the arrays that it refers to by number.

    Equal values have equal parts.

    Raises:
        TypeError: it holds something else than dataclasses of this package, lists, tuples,
            mappings, arrays, tables, numbers, texts and functions of this package.
    """
    arrays: list[np.ndarray] = []
    return _outline(value, arrays), arrays


def digest_of(value: Any) -> str:
    """Return 32 hex digits that are the same for equal values.

    Raises:
        TypeError: it holds something that has no parts; see `parts_of`.
    """
    outline, arrays = parts_of(value)
    digest = hashlib.sha256(json.dumps(outline).encode())
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]


def write_structured(value: Any) -> bytes:
    """Return a value as bytes.

    Raises:
        TypeError: it holds something that cannot be written; see `parts_of`.
    """
    outline, arrays = parts_of(value)
    named = {f"a{number}": array for number, array in enumerate(arrays)}
    text = np.frombuffer(json.dumps(outline).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{_OUTLINE: text}, **named)
    return buffer.getvalue()


def read_structured(content: bytes, types: Sequence[type]) -> Any:
    """Return the value in these bytes.

    Args:
        content: as `write_structured` returned it.
        types: the dataclasses that may be in it.

    Raises:
        ValueError: the bytes are incomplete, hold something else or another dataclass.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            # Uncompressed, no member holds more than the file, whatever it says of itself.
            if any(one.compress_type != zipfile.ZIP_STORED for one in members.infolist()):
                raise ValueError("a member is compressed")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        outline = json.loads(arrays.pop(_OUTLINE).tobytes())
        return _value(outline, arrays, {_type_name(one): one for one in types})
    except _BROKEN as error:
        raise ValueError(f"not a whole file: {error}") from error


def _outline(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, _PLAIN) and type(value) in _PLAIN:
        return value
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype == object:
            return {"objects": [_outline(one, arrays) for one in array.tolist()]}
        arrays.append(np.ascontiguousarray(array).reshape(array.shape))
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return {kind: len(arrays) - 1}
    if isinstance(value, pd.DataFrame):
        columns = [[_outline(name, arrays), _column(value[name], arrays)] for name in value]
        return {"table": columns, "index": _column(value.index.to_series(), arrays)}
    if isinstance(value, pd.Series | pd.Categorical):
        return {"column": _column(pd.Series(value), arrays), "of": type(value).__name__}
    if isinstance(value, Mapping):
        pairs = [[_outline(part, arrays) for part in item] for item in value.items()]
        return {"mapping": pairs}
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return {type(value).__name__: [_outline(one, arrays) for one in value]}
    if isinstance(value, range):
        return {"range": [value.start, value.stop, value.step]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and _is_own(type(value)):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        parts = {name: _outline(part, arrays) for name, part in fields.items()}
        return {"type": _type_name(type(value)), "fields": parts}
    if callable(value) and _is_own(value):
        return {"function": f"{value.__module__}.{value.__qualname__}"}
    raise TypeError(f"a {type(value).__name__} cannot be written")


def _column(column: pd.Series, arrays: list[np.ndarray]) -> dict[str, Any]:
    """Return a column's outline: its values with their kind."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        categorical = column.array
        return {
            "codes": _outline(np.asarray(categorical.codes), arrays),
            "categories": _column(pd.Series(categorical.categories), arrays),
            "ordered": bool(categorical.ordered),
        }
    if isinstance(column.dtype, np.dtype):
        return {"values": _outline(column.to_numpy(), arrays), "dtype": str(column.dtype)}
    values = [None if missing else one for one, missing in zip(column, column.isna(), strict=True)]
    plain = [one.item() if isinstance(one, np.generic) else one for one in values]
    return {"listed": [_outline(one, arrays) for one in plain], "dtype": str(column.dtype)}


def _value(outline: Any, arrays: Mapping[str, np.ndarray], types: Mapping[str, type]) -> Any:
    if not isinstance(outline, dict):
        return outline
    again: Callable[[Any], Any] = lambda part: _value(part, arrays, types)  # noqa: E731
    if "array" in outline:
        return arrays[f"a{int(outline['array'])}"]
    if "scalar" in outline:
        return arrays[f"a{int(outline['scalar'])}"][()]
    if "objects" in outline:
        objects = np.empty(len(outline["objects"]), dtype=object)
        objects[:] = [again(one) for one in outline["objects"]]
        return objects
    if "table" in outline:
        index = _read_column(outline["index"], again)
        columns = [(again(name), _read_column(part, again)) for name, part in outline["table"]]
        table = pd.DataFrame(dict(enumerate(column for _, column in columns)))
        table.columns = pd.Index([name for name, _ in columns])
        table.index = pd.Index(index) if len(index) else table.index
        return table
    if "column" in outline:
        column: pd.Series = _read_column(outline["column"], again)
        return column if outline["of"] == "Series" else column.array
    if "mapping" in outline:
        return {again(key): again(part) for key, part in outline["mapping"]}
    if "list" in outline:
        return [again(part) for part in outline["list"]]
    if "tuple" in outline:
        return tuple(again(part) for part in outline["tuple"])
    if "range" in outline:
        return range(*outline["range"])
    kind = types[outline["type"]]
    return kind(**{name: again(part) for name, part in outline["fields"].items()})


def _read_column(outline: dict[str, Any], again: Callable[[Any], Any]) -> pd.Series:
    kind: Any = outline.get("dtype")
    if "codes" in outline:
        categories = pd.Index(_read_column(outline["categories"], again))
        kind = pd.CategoricalDtype(categories, outline["ordered"])
        values: Any = pd.Categorical.from_codes(again(outline["codes"]), dtype=kind)
    elif "listed" in outline:
        values = [again(one) for one in outline["listed"]]
    else:
        values, kind = again(outline["values"]), np.dtype(kind)
    column: pd.Series = pd.Series(values, dtype=kind)
    return column


def _is_own(value: Any) -> bool:
    """Whether a class or function is of this package, whose code is known."""
    return str(getattr(value, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]


def _type_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
