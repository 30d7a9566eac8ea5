"""Scaffold of a new backend: a package with a working encoder, its tests and its entry point."""

import importlib.util
import keyword
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from embedbench.encoders.registry import installed_encoders
from embedbench.errors import InputError
from embedbench.utils.messages import system_reason

__all__ = ["new_backend"]

_TEMPLATES = Path(__file__).parent / "templates"
_FILES = {
    "README.md": "README.md.j2",
    "pyproject.toml": "pyproject.toml.j2",
    "embedbench_{name}/__init__.py": "encoder.py.j2",
    "embedbench_{name}/py.typed": "py.typed.j2",
    "tests/test_{name}.py": "test_encoder.py.j2",
}
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def new_backend(name: str, out: Path, texts: bool = False) -> list[Path]:
    """Write the package `out/embedbench-NAME` and return its files.

    Args:
        name: name of the encoder, as after `-e`.
        out: folder to write into; created if missing.
        texts: whether the encoder also encodes texts into the space of its images.

    Raises:
        InputError: invalid name, or the folder exists or cannot be written.
    """
    _check(name)
    package = out / f"embedbench-{name.replace('_', '-')}"
    if package.exists() or package.is_symlink():
        raise InputError(f"'{package}' already exists; give another name or another --out")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    words = {
        "name": name,
        "module": f"embedbench_{name}",
        "distribution": package.name,
        "cls": "".join(part.capitalize() for part in name.split("_")) + "Encoder",
        "texts": texts,
    }
    written = [package / path.format(name=name) for path in _FILES]
    try:
        for path, template in zip(written, _FILES.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(environment.get_template(template).render(words), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write '{package}': {system_reason(error)}") from error
    return written


def _check(name: str) -> None:
    """Raise InputError unless the name is valid and free for an encoder and a package."""
    if not _NAME.fullmatch(name):
        raise InputError(
            "the name must be lower-case letters, digits and single underscores and begin with a "
            f"letter, as in my_encoder; not {name!r}"
        )
    if keyword.iskeyword(name):
        raise InputError(f"'{name}' is a Python keyword; give the encoder another name")
    if name in (installed := installed_encoders()):
        raise InputError(
            f"an encoder '{name}' already exists; installed encoders: {', '.join(installed)}"
        )
    if importlib.util.find_spec(f"embedbench_{name}"):
        raise InputError(f"a package 'embedbench_{name}' already exists; give another name")
