"""Parse specs, `NAME[:MODEL][,field=value ...]`, and convert fields to a dataclass's types."""

import csv
import dataclasses
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.errors import InputError

__all__ = ["Spec", "field_list", "parse_fields", "read_spec"]


@dataclass(frozen=True)
class Spec:
    """A parsed spec.

    Attributes:
        name: the part before the colon.
        model: the part after the colon; None without a colon.
        fields: the settings, not yet converted to their types.
    """

    name: str
    model: str | None
    fields: dict[str, str]


def read_spec(spec: str) -> Spec:
    """Parse a spec; a field whose value contains a comma is quoted: `"field=a,b"`.

    Raises:
        InputError: the text is not a spec.
    """
    try:
        parts = [part.strip() for part in next(csv.reader([spec]), [])]
    except csv.Error as error:
        raise InputError(f"it must be one line of text; not {spec!r}") from error
    if not parts or not parts[0]:
        raise InputError(f"it must be NAME[:MODEL][,field=value ...]; not '{spec}'")
    fields: dict[str, str] = {}
    for part in parts[1:]:
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise InputError(f"in '{spec}', '{part}' must be field=value")
        if name in fields:
            raise InputError(f"in '{spec}', '{name}' is given twice")
        fields[name] = value
    name, colon, model = parts[0].partition(":")
    return Spec(name, model if colon else None, fields)


def parse_fields(what: str, cls: type, texts: dict[str, str]) -> dict[str, Any]:
    """Convert texts to the types of a dataclass's fields.

    Args:
        what: the name of the object in error messages.
        cls: the dataclass.
        texts: values by field name.

    Raises:
        InputError: a field is unknown, a field without a default is missing, or a value does not
            fit its type.
    """
    fields = {field.name: field for field in field_list(cls)}
    hints = typing.get_type_hints(cls)
    for name in texts:
        if name not in fields:
            names = ", ".join(fields) or "none"
            raise InputError(f"{what} has no field '{name}'; its fields: {names}")
    for name, field in fields.items():
        required = field.default is field.default_factory is dataclasses.MISSING
        if required and not texts.get(name):
            raise InputError(f"{what} needs a value for '{name}'")
    return {name: _value(what, name, hints[name], text) for name, text in texts.items()}


def _value(what: str, name: str, hint: Any, text: str) -> Any:
    choices = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if text.lower() == "none" and type(None) in choices:
        return None
    kind = next(choice for choice in choices if choice is not type(None))
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text) if kind in (int, float, Path) else text
    except (KeyError, ValueError) as error:
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
        raise InputError(f"{what}: `{name}` must be {wanted}; not '{text}'") from error


def field_list(cls: type) -> list["dataclasses.Field[Any]"]:
    """Return the fields of a dataclass; an empty list for other classes."""
    return list(dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else []
