"""Which encoders are installed, and from a text such as `timm:resnet50,pretrained=false` to one.

Encoders are found through the entry-point group `embedbench.encoders`, the built-in ones too.
"""

import csv
import dataclasses
import importlib.metadata
import importlib.util
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.encoder import Encoder
from embedbench.errors import InputError, MissingLibraryError, UnknownEncoderError

__all__ = ["GROUP", "Installed", "create", "create_all", "installed", "label", "parse_fields"]

GROUP = "embedbench.encoders"


@dataclass(frozen=True)
class Installed:
    """An encoder that a plug-in offers.

    Attributes:
        name: what stands before the colon.
        entry_point: where it is.
    """

    name: str
    entry_point: importlib.metadata.EntryPoint

    def load(self) -> type[Encoder]:
        """Return the encoder's class.

        Raises:
            MissingLibraryError: the plug-in's module needs a library that is not installed.
        """
        try:
            cls = self.entry_point.load()
        except ModuleNotFoundError as error:
            if error.name and error.name.split(".")[0] == self.entry_point.module.split(".")[0]:
                raise
            raise MissingLibraryError(self.advice(str(error.name))) from error
        if not (isinstance(cls, type) and issubclass(cls, Encoder)):
            raise InputError(f"encoder '{self.name}' is no Encoder: {self.entry_point.value}")
        return cls

    def missing(self) -> list[str]:
        """Return the libraries that the encoder needs and that are not installed."""
        return [name for name in self.load().libraries if not _has(name)]

    def advice(self, library: str) -> str:
        """Return one line that says how to install what is missing."""
        distribution = self.entry_point.dist
        if distribution is not None and distribution.name == "image-embedbench":
            step = f'in your checkout run: pip install -e ".[{self.name}]"'
        else:
            step = f"run: pip install {library}"
        return (
            f"encoder '{self.name}' needs the library '{library}', which is not installed; {step}"
        )


def installed() -> dict[str, Installed]:
    """Return the installed encoders by name, in the order of their names.

    Raises:
        InputError: two plug-ins offer the same name.
    """
    found: dict[str, Installed] = {}
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        earlier = found.get(entry_point.name)
        if earlier and earlier.entry_point.value != entry_point.value:
            raise InputError(
                f"two plug-ins offer the encoder '{entry_point.name}': "
                f"{earlier.entry_point.value} and {entry_point.value}; uninstall one"
            )
        found[entry_point.name] = Installed(entry_point.name, entry_point)
    return dict(sorted(found.items()))


def create(spec: str) -> Encoder:
    """Return the encoder that `NAME[:MODEL][,field=value ...]` describes; nothing is loaded.

    Raises:
        UnknownEncoderError: no installed encoder has that name.
        MissingLibraryError: a library that it needs is not installed.
        InputError: it has no such field, or the value does not fit.
    """
    head, rest = _split(spec)
    name, colon, model = head.partition(":")
    known = installed()
    if name not in known:
        raise UnknownEncoderError(
            f"unknown encoder '{name}'; installed encoders: {', '.join(known) or 'none'}"
        )
    cls = known[name].load()
    fields = [field.name for field in _fields(cls)]
    if colon and not fields:
        raise InputError(f"encoder '{name}' takes no model; not '{model}'")
    given = {fields[0]: model} if colon else {}
    values = parse_fields(f"encoder '{name}'", cls, given | rest)
    for library in known[name].missing():
        raise MissingLibraryError(known[name].advice(library))
    return cls(**values)


def create_all(
    encoders: Sequence[str | Encoder] | Mapping[str, Encoder],
) -> dict[str, Encoder]:
    """Return the encoders by the names that they have in the tables.

    Raises:
        EmbedbenchError: one is unknown, cannot be made, or is there twice.
    """
    if isinstance(encoders, Mapping):
        return dict(encoders)
    found: dict[str, Encoder] = {}
    for given in encoders:
        encoder = create(given) if isinstance(given, str) else given
        kind = given.partition(":")[0].partition(",")[0] if isinstance(given, str) else None
        name = label(kind or type(encoder).__name__, encoder)
        if found.get(name) == encoder:
            raise InputError(f"the encoder '{name}' is given twice")
        found[str(given) if name in found else name] = encoder
    if not found:
        raise InputError("a comparison needs an encoder; try: -e timm -e pixels")
    return found


def label(name: str, encoder: Encoder) -> str:
    """Return the short text that tells the encoder in tables: its name, model, changed fields."""
    head, parts = name, []
    for position, field in enumerate(_fields(type(encoder))):
        value = getattr(encoder, field.name)
        if position == 0 and str(value):
            head = f"{name}:{_short(value)}"
        elif position and value != field.default:
            parts.append(f"{field.name}={_short(value)}")
    return ",".join([head if _is_model(type(encoder)) else name, *parts])


def parse_fields(what: str, cls: type, texts: dict[str, str]) -> dict[str, Any]:
    """Return the values for a dataclass's fields, read from texts by the fields' types.

    Raises:
        InputError: there is no such field, one without a default is missing, or a value does not
            fit its type.
    """
    fields = {field.name: field for field in _fields(cls)}
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


def _split(spec: str) -> tuple[str, dict[str, str]]:
    parts = [part.strip() for part in next(csv.reader([spec]), [])]
    if not parts or not parts[0]:
        raise InputError(f"an encoder must be NAME[:MODEL][,field=value]; not '{spec}'")
    fields: dict[str, str] = {}
    for part in parts[1:]:
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise InputError(f"in '{spec}', '{part}' must be field=value")
        if name in fields:
            raise InputError(f"in '{spec}', '{name}' is given twice")
        fields[name] = value
    return parts[0], fields


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
        wanted = "true or false" if kind is bool else f"a {kind.__name__}"
        raise InputError(f"{what}: `{name}` must be {wanted}; not '{text}'") from error


def _fields(cls: type) -> list["dataclasses.Field[Any]"]:
    return list(dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else []


def _is_model(cls: type) -> bool:
    """Whether the first field says which model, rather than how."""
    fields = _fields(cls)
    return bool(fields) and typing.get_type_hints(cls)[fields[0].name] in (str, Path)


def _short(value: Any) -> str:
    """A local file or folder by its last name alone, so that tables are the same everywhere."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return Path(text).name if isinstance(value, Path) or Path(text).exists() else text


def _has(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:  # tensorflow-cpu holds tensorflow, say
        return importlib.util.find_spec(distribution.replace("-", "_")) is not None
    return True
