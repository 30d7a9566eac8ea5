"""List installed encoders, and the fields of one; plug-ins are imported in a separate process."""

import inspect
import re
from dataclasses import MISSING
from typing import Any

from embedbench.encoder import Encoder
from embedbench.encoders.registry import EncoderPlugin, installed_encoders
from embedbench.errors import EncoderError, MissingLibraryError
from embedbench.utils.messages import wrap_foreign_errors
from embedbench.utils.spec import field_list

__all__ = ["list_encoders", "list_fields"]

_PATIENCE = 60.0
"""Time limit for importing a plug-in, in seconds."""

_FIELD = re.compile(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)
"""A field and its sentence in the section `Attributes` of a docstring."""


def list_encoders() -> list[list[str]]:
    """Return one row per encoder: name, default label, status, description."""
    return [
        _row(plugin) if plugin.is_built_in else _row_apart(name)
        for name, plugin in installed_encoders().items()
    ]


def _row_apart(name: str) -> list[str]:
    """Return the row of a plug-in, imported in a separate process in case it crashes."""
    from embedbench.parallel.pool import Pool  # takes a while to import

    try:
        with Pool(1, patience=_PATIENCE) as pool:
            return pool.call(_row_of, name)
    except EncoderError as error:
        return [name, "", f"broken: {error}", ""]


def _row_of(name: str) -> list[str]:
    return _row(installed_encoders()[name])


def _row(plugin: EncoderPlugin) -> list[str]:
    try:
        with wrap_foreign_errors():
            missing = plugin.missing()
            status = f"needs {missing[0]}: {plugin.install(missing)}" if missing else "ready"
            description = (plugin.load().__doc__ or "").strip().splitlines()
            return [plugin.name, plugin.default(), status, *description[:1]]
    except MissingLibraryError as error:
        return [plugin.name, "", str(error), ""]
    except EncoderError as error:
        return [plugin.name, "", f"broken: {error}", ""]


def list_fields(cls: type[Encoder]) -> list[list[str]]:
    """Return one row per field of an encoder: name, default, what its docstring says of it."""
    sentences: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        text = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")[2]
        for name, sentence in _FIELD.findall(text):
            sentences[name] = " ".join(sentence.split())
    return [
        [field.name, _default(field), sentences.get(field.name, "")]
        for field in field_list(cls)
        if not field.name.startswith("_")
    ]


def _default(field: Any) -> str:
    if field.default is MISSING:
        return "(required)" if field.default_factory is MISSING else ""
    value = field.default
    return str(value).lower() if isinstance(value, bool) else str(value)
