"""Which encoders are installed, and from a text such as `timm:resnet50,pretrained=false` to one.

Encoders are found through the entry-point group `embedbench.encoders`, the built-in ones too.
"""

import importlib.metadata
import importlib.util
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.encoder import Encoder
from embedbench.errors import EncoderError, InputError, MissingLibraryError, UnknownEncoderError
from embedbench.utils.messages import describe_error, wrap_foreign_errors
from embedbench.utils.spec import field_list, parse_fields, read_spec

__all__ = [
    "EncoderPlugin",
    "GROUP",
    "create_encoder",
    "create_encoders",
    "encoder_label",
    "installed_encoders",
]

GROUP = "embedbench.encoders"


@dataclass(frozen=True)
class EncoderPlugin:
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
            EncoderError: it cannot be imported, or is no encoder.
        """
        try:
            cls = self.entry_point.load()
        except (Exception, SystemExit) as error:
            own = self.entry_point.module.split(".")[0]
            absent = error.name if isinstance(error, ModuleNotFoundError) else None
            if absent and absent.split(".")[0] != own:
                raise MissingLibraryError(self.advice(absent)) from error
            words = f"encoder '{self.name}' cannot be imported: {describe_error(error)}"
            raise EncoderError(words) from error
        if not (isinstance(cls, type) and issubclass(cls, Encoder)):
            raise EncoderError(f"encoder '{self.name}' is no Encoder: {self.entry_point.value}")
        return cls

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with embedbench."""
        distribution = self.entry_point.dist
        return distribution is not None and distribution.name == "image-embedbench"

    def missing(self) -> list[str]:
        """Return the libraries that the encoder needs and that are not installed."""
        return [name for name in self.load().libraries if not _has(name)]

    def default(self) -> str:
        """Return the encoder's label if nothing is said of it; `NAME:...` if it needs a value."""
        try:
            return encoder_label(self.name, self.load()())
        except TypeError:
            return f"{self.name}:..."

    def install(self, libraries: Sequence[str]) -> str:
        """Return the command that installs these libraries, which the encoder misses."""
        if self.is_built_in:
            return f'pip install -e ".[{self.name}]"'
        return f"pip install {' '.join(libraries)}"

    def advice(self, library: str) -> str:
        """Return one line that says how to install a missing library."""
        command = self.install([library])
        step = f"in your checkout run: {command}" if " -e " in command else f"run: {command}"
        return (
            f"encoder '{self.name}' needs the library '{library}', which is not installed; {step}"
        )


def installed_encoders() -> dict[str, EncoderPlugin]:
    """Return the installed encoders by name, in the order of their names.

    Raises:
        InputError: two plug-ins offer the same name.
    """
    found: dict[str, EncoderPlugin] = {}
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        earlier = found.get(entry_point.name)
        if earlier and earlier.entry_point.value != entry_point.value:
            raise InputError(
                f"two plug-ins offer the encoder '{entry_point.name}': "
                f"{earlier.entry_point.value} and {entry_point.value}; uninstall one"
            )
        found[entry_point.name] = EncoderPlugin(entry_point.name, entry_point)
    return dict(sorted(found.items()))


def create_encoder(spec: str) -> Encoder:
    """Return the encoder that `NAME[:MODEL][,field=value ...]` describes; nothing is loaded.

    Raises:
        UnknownEncoderError: no installed encoder has that name.
        MissingLibraryError: a library that it needs is not installed.
        EncoderError: its plug-in is broken.
        InputError: it has no such field, or the value does not fit.
    """
    asked = read_spec(spec)
    name, known = asked.name, installed_encoders()
    if name not in known:
        raise UnknownEncoderError(
            f"unknown encoder '{name}'; installed encoders: {', '.join(known) or 'none'}"
        )
    cls = known[name].load()
    fields = [field.name for field in field_list(cls)]
    if asked.model is not None and not fields:
        raise InputError(f"encoder '{name}' takes no model; not '{asked.model}'")
    given = {} if asked.model is None else {fields[0]: asked.model}
    values = parse_fields(f"encoder '{name}'", cls, given | asked.fields)
    with wrap_foreign_errors():
        for library in known[name].missing():
            raise MissingLibraryError(known[name].advice(library))
        return cls(**values)


def create_encoders(
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
        encoder = create_encoder(given) if isinstance(given, str) else given
        kind = given.partition(":")[0].partition(",")[0] if isinstance(given, str) else None
        with wrap_foreign_errors():
            name = encoder_label(kind or type(encoder).__name__, encoder)
        if found.get(name) == encoder:
            raise InputError(f"the encoder '{name}' is given twice")
        found[str(given) if name in found else name] = encoder
    if not found:
        raise InputError("a comparison needs an encoder; try: -e timm -e pixels")
    return found


def encoder_label(name: str, encoder: Encoder) -> str:
    """Return the short text that tells the encoder in tables: its name, model, changed fields."""
    fields = field_list(type(encoder))
    head = name
    if _is_model(type(encoder)):
        head = f"{name}:{_short(getattr(encoder, fields.pop(0).name))}"
    changed = [
        f"{field.name}={_short(value)}"
        for field in fields
        if (value := getattr(encoder, field.name)) != field.default
    ]
    return ",".join([head, *changed])


def _is_model(cls: type) -> bool:
    """Whether the first field says which model, rather than how."""
    fields = field_list(cls)
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
