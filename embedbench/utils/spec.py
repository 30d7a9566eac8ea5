"""Specs: the text `NAME[:MODEL][,field=value ...]`, and from its fields to a dataclass's values."""

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
    """A spec, taken apart.

    Attributes:
        name: what stands first.
        model: what stands behind the colon; None without one.
        fields: the settings, as texts.
    """

    name: str
    model: str | None
    fields: dict[str, str]


def read_spec(spec: str) -> Spec:
    """Return the parts of a spec; a value that holds a comma stands in quotes: `"field=a,b"`.

    Raises:
        InputError: it is not of that form.
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
    """Return the values for a dataclass's fields, read from texts by the fields' types.

    Raises:
        InputError: there is no such field, one without a default is missing, or a value does not
            fit its type.
    """
    fields = {field.name: field for field in field_list(cls)}
    hints = typing.get_type_hints(cls)
    for name in texts:
        if name not in fields:
            known = ", ".join(fields) or "none"
            raise InputError(f"{what} has no field '{name}'; its fields: {known}")
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
    """Return a class's dataclass fields; none if it is no dataclass."""
    return list(dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else []
