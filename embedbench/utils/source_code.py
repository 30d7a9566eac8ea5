"""Source code of a class's module or package, without comments."""

import ast
import inspect
import sys
import textwrap
import tokenize
from functools import cache
from pathlib import Path
from types import ModuleType

__all__ = ["module_code", "package_code"]


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
