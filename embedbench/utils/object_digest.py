"""A digest of a Python object by what it holds and does, the same in every process.

`joblib.hash` goes by the pickled object, where a function is no more than its name; here a function
is its code, what it closes over and what it uses of its module.
"""

import functools
import hashlib
import sys
import types
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from embedbench.utils.fingerprint import package_code

__all__ = ["object_digest"]

_PLAIN = (type(None), bool, int, float, complex, str, bytes, PurePath, type(Ellipsis), range, slice)


def object_digest(value: Any) -> str:
    """Return 16 hex digits that change with an object's values and code.

    Raises:
        TypeError: it holds something that cannot be told from another, such as an open file.
    """
    return _Walk().digest(value)[:16]


class _Walk:
    """One walk over an object; what was met before counts by when it was met."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no identity is used again

    def digest(self, value: Any) -> str:
        """Return the digest of one object."""
        if isinstance(value, _PLAIN):
            return _hash(type(value).__name__, repr(value))
        if isinstance(value, Enum):
            return _hash("enum", type(value).__qualname__, value.name)
        if id(value) in self._met:
            return _hash("met", str(self._met[id(value)]))
        self._met[id(value)] = len(self._met)
        self._kept.append(value)
        return _hash(*self._parts(value))

    def _parts(self, value: Any) -> list[str]:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        if _is_tensor(value):
            torch = sys.modules["torch"]
            flat = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            return [kind, str(value.dtype), str(tuple(value.shape)), _bytes(flat.numpy())]
        if isinstance(value, np.ndarray | np.generic) and value.dtype != object:
            array = np.ascontiguousarray(value)
            return [kind, str(array.dtype), str(array.shape), _bytes(array.view(np.uint8))]
        if isinstance(value, np.dtype):
            return [kind, str(value)]
        if isinstance(value, Mapping):
            return [kind, *(self.digest(part) for item in value.items() for part in item)]
        if isinstance(value, list | tuple):
            return [kind, *map(self.digest, value)]
        if isinstance(value, set | frozenset):
            return [kind, *sorted(_Walk().digest(part) for part in value)]
        if isinstance(value, types.ModuleType):
            return [kind, value.__name__, str(getattr(value, "__version__", ""))]
        if isinstance(value, functools.partial):
            return [kind, *map(self.digest, (value.func, value.args, value.keywords))]
        if isinstance(value, types.MethodType):
            return [kind, *map(self.digest, (value.__func__, value.__self__))]
        if isinstance(value, types.BuiltinFunctionType | np.ufunc):
            return [kind, str(getattr(value, "__module__", "")), value.__name__]
        if isinstance(value, types.FunctionType):
            return [kind, *self._function(value)]
        if isinstance(value, types.CodeType):
            return [kind, *_code(value)]
        if isinstance(value, type):
            return [value.__module__, value.__qualname__, package_code(value)]
        return [kind, *self._state(value)]

    def _function(self, function: types.FunctionType) -> list[str]:
        """Return the digests of a function's code, defaults, closure, and what it uses globally."""
        cells = [_content(cell) for cell in function.__closure__ or ()]
        names = sorted(_names(function.__code__) & set(function.__globals__))
        used = [(name, function.__globals__[name]) for name in names]
        parts = (function.__defaults__, function.__kwdefaults__, cells, used)
        return [*_code(function.__code__), *map(self.digest, parts)]

    def _state(self, value: Any) -> list[str]:
        """Return the digests of an object's class and of what its pickle holds."""
        reduced = value.__reduce_ex__(4)
        if isinstance(reduced, str):
            return [reduced]
        make, arguments, *rest = reduced
        items = [list(part) if part is not None and i else part for i, part in enumerate(rest)]
        return [self.digest(type(value)), self.digest(make), self.digest([arguments, *items[:3]])]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _bytes(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _code(code: types.CodeType) -> list[str]:
    """Return what code does, without comments and places in a file."""
    return ["code", code.co_code.hex(), *code.co_names, *map(_constant, code.co_consts)]


def _constant(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return "\0".join(_code(value))
    # A set in another process is in another order.
    return repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)


def _names(code: types.CodeType) -> set[str]:
    """Return the global names that code uses, those of functions inside it too."""
    inner = [_names(one) for one in code.co_consts if isinstance(one, types.CodeType)]
    return set(code.co_names).union(*inner)
