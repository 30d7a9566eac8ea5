"""Fingerprints: hashes of files and of what identifies an object, source code without comments."""

import ast
import hashlib
import importlib.metadata
import inspect
import json
import sys
import textwrap
import tokenize
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = [
    "combine",
    "embedbench_code",
    "hash_file",
    "json_value",
    "library_version",
    "library_versions",
    "module_code",
    "package_code",
]


def combine(identity: dict[str, Any], weights: Sequence[str]) -> str:
    """Return the fingerprint of an identity and the hashes of its weights' files."""
    text = json.dumps([identity, list(weights)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_value(value: Any) -> Any:
    """Return a field's value for JSON: a file by its bytes, a folder by its name alone."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    path = Path(str(value))
    if str(value) and path.is_file():
        return f"sha256:{hash_file(path)}"
    return path.name if str(value) and path.is_dir() else str(value)


def library_version(distribution: str) -> str | None:
    """Return the version of a distribution; None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def library_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the versions of those distributions that are installed, in the order of names."""
    versions = {name: library_version(name) for name in sorted(set(distributions))}
    return {name: version for name, version in versions.items() if version is not None}


@cache
def embedbench_code(rooms: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    """Return a digest of this package's code and of its libraries' versions.

    Args:
        rooms: folders and files of the package that count.
        libraries: distributions; one that is missing counts as missing.
    """
    package = Path(__file__).parents[1]
    found = [file for room in rooms for file in [package / room, *(package / room).rglob("*")]]
    files = sorted(filter(_counts, found))
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files))
    digest.update(repr([library_version(name) for name in libraries]).encode())
    return digest.hexdigest()


def _counts(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts


def package_code(cls: type) -> str:
    """Return the code of a class's package: all its modules and sub-packages.

    A package is a folder with an `__init__.py`. For a class in a single module, a script or a
    notebook, return `module_code`.
    """
    module = sys.modules.get(cls.__module__)
    package = sys.modules.get(getattr(module, "__package__", None) or "")
    folder = _folder(package) if package and cls.__module__ != "__main__" else None
    return _folder_code(folder) if folder else module_code(cls)


def module_code(cls: type) -> str:
    """Return the code of a class's module; in a script or a notebook that of the class alone."""
    module = sys.modules.get(cls.__module__)
    try:
        source = inspect.getsource(cls if cls.__module__ == "__main__" or not module else module)
        return _without_comments(source)
    except (OSError, TypeError, SyntaxError):  # typed at a prompt: there is no source
        functions = [value for value in vars(cls).values() if hasattr(value, "__code__")]
        return repr([(f.__code__.co_code, f.__code__.co_names) for f in functions])


def _folder(package: ModuleType) -> Path | None:
    """Return the folder of a package; None if it has no `__init__.py` or is in an archive."""
    file = Path(package.__file__ or "")
    return file.parent if file.name == "__init__.py" and file.is_file() else None


@cache
def _folder_code(folder: Path) -> str:
    """Return the joined code of all files; a package of one file has the code of that file."""
    files = sorted(folder.rglob("*.py"), key=lambda file: file.relative_to(folder).as_posix())
    return "\0".join(_file_code(file) for file in files)


def _file_code(file: Path) -> str:
    try:
        with tokenize.open(file) as opened:
            return _without_comments(opened.read())
    except (SyntaxError, ValueError):  # not Python, such as a template
        return file.read_bytes().hex()


def _without_comments(source: str) -> str:
    return ast.unparse(ast.parse(textwrap.dedent(source)))
