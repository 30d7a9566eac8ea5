"""Registry of encoders: create one from a text such as `timm:resnet50,pretrained=false`.

All encoders, also the built-in ones, are in the entry-point group `embedbench.encoders`. Beside
them stand sets of encoders, files and modules of one's own, and Python objects.
"""

import importlib.metadata
import importlib.util
import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.encoder import Encoder
from embedbench.encoders.concatenation import CONCAT, Concatenation, specs_of_parts
from embedbench.encoders.objects import encoder_of
from embedbench.encoders.own_code import BrokenEncoder, create_own_encoder, is_own_code
from embedbench.encoders.sets import SETS, specs_of
from embedbench.errors import EncoderError, InputError, MissingLibraryError, UnknownEncoderError
from embedbench.utils.fingerprint import library_version
from embedbench.utils.messages import describe_error, wrap_foreign_errors
from embedbench.utils.spec import Spec, field_list, parse_fields, read_spec

__all__ = [
    "EncoderPlugin",
    "GROUP",
    "create_encoder",
    "create_encoders",
    "encoder_class",
    "encoder_label",
    "installed_encoders",
]

GROUP = "embedbench.encoders"

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")
"""In the text of an object that has no other: it is another one in the next process."""


@dataclass(frozen=True)
class EncoderPlugin:
    """An encoder of a plug-in.

    Attributes:
        name: name, before the colon of a spec.
        entry_point: its entry point.
    """

    name: str
    entry_point: importlib.metadata.EntryPoint

    def load(self) -> type[Encoder]:
        """Return the encoder's class.

        Raises:
            MissingLibraryError: the plug-in's module needs a library that is not installed.
            EncoderError: it cannot be imported, or is not an encoder.
        """
        try:
            cls = self.entry_point.load()
        except (Exception, SystemExit) as error:
            package = self.entry_point.module.split(".")[0]
            absent = error.name if isinstance(error, ModuleNotFoundError) else None
            if absent and absent.split(".")[0] != package:
                raise MissingLibraryError(self.advice(absent)) from error
            message = f"encoder '{self.name}' cannot be imported: {describe_error(error)}"
            raise EncoderError(message) from error
        if not (isinstance(cls, type) and issubclass(cls, Encoder)):
            raise EncoderError(f"encoder '{self.name}' is not an Encoder: {self.entry_point.value}")
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
        """Return the label of the encoder with default values; `NAME:...` if it needs a value."""
        try:
            return encoder_label(self.name, self.load()())
        except TypeError:
            return f"{self.name}:..."

    def install(self, libraries: Sequence[str]) -> str:
        """Return the command that installs these missing libraries."""
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
    """Return the installed encoders by name, sorted.

    Raises:
        InputError: two plug-ins offer the same name.
    """
    plugins: dict[str, EncoderPlugin] = {}
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        earlier = plugins.get(entry_point.name)
        if earlier and earlier.entry_point.value != entry_point.value:
            raise InputError(
                f"two plug-ins offer the encoder '{entry_point.name}': "
                f"{earlier.entry_point.value} and {entry_point.value}; uninstall one"
            )
        plugins[entry_point.name] = EncoderPlugin(entry_point.name, entry_point)
    return dict(sorted(plugins.items()))


def encoder_class(spec: Spec) -> type[Encoder]:
    """Return the class of the encoder that a spec names, without creating one.

    Raises:
        EmbedbenchError: there is none, or it cannot be imported.
    """
    if spec.name == CONCAT:
        return Concatenation
    plugin = _plugin(spec)
    return plugin.load() if plugin else type(create_own_encoder(spec))


def _plugin(spec: Spec) -> EncoderPlugin | None:
    """Return the installed encoder that a spec names; None for a file or module of one's own.

    Raises:
        UnknownEncoderError: it is neither.
    """
    plugins = installed_encoders()
    if spec.name in plugins:
        return plugins[spec.name]
    if is_own_code(spec):
        return None
    raise UnknownEncoderError(
        f"unknown encoder '{spec.name}'; installed encoders: {', '.join(plugins) or 'none'}; sets: "
        f"{', '.join(SETS)}; your own: ./FILE.py:CLASS; two side by side: {CONCAT}:A+B"
    )


def create_encoder(spec: str) -> Encoder:
    """Return the encoder that `NAME[:MODEL][,field=value ...]` describes, without loading it.

    NAME is that of an installed encoder, a Python file or a module: `./my_encoder.py:Brightness`,
    `package.module:Class`. `concat:A+B` is a `Concatenation` of what two such texts describe.

    Raises:
        UnknownEncoderError: no installed encoder has that name.
        MissingLibraryError: a library that it needs is not installed.
        EncoderError: its plug-in is broken.
        InputError: it has no such field, or the value does not fit.
    """
    if parts := specs_of_parts(spec):
        return Concatenation(tuple(map(create_encoder, parts)))
    parsed = read_spec(spec)
    name, plugin = parsed.name, _plugin(parsed)
    if plugin is None:
        return create_own_encoder(parsed)
    cls = plugin.load()
    fields = [field.name for field in field_list(cls)]
    if parsed.model is not None and not fields:
        raise InputError(f"encoder '{name}' takes no model; not '{parsed.model}'")
    model = {} if parsed.model is None else {fields[0]: parsed.model}
    values = parse_fields(f"encoder '{name}'", cls, model | parsed.fields)
    with wrap_foreign_errors():
        for library in plugin.missing():
            raise MissingLibraryError(plugin.advice(library))
        return cls(**values)


def create_encoders(encoders: Sequence[Any] | Mapping[str, Any]) -> dict[str, Encoder]:
    """Return the encoders by their names in the tables.

    Args:
        encoders: specs, names of sets, and what `encoder_of` takes; or these by name.

    One whose code cannot be imported is there too: it fails at its first use, as the others go on.

    Raises:
        EmbedbenchError: an encoder is unknown, cannot be created, is given twice, or has the name
            of another.
    """
    if isinstance(encoders, Mapping):
        created = _by_own_name(encoders)
    elif isinstance(encoders, str) or not isinstance(encoders, Sequence):
        raise InputError(
            f"`encoders` must be a list or a mapping; not {type(encoders).__name__}: give [...]"
        )
    else:
        created = _by_label(encoders)
    if not created:
        raise InputError("a comparison needs an encoder; try: -e timm -e pixels")
    return created


def _by_own_name(encoders: Mapping[Any, Any]) -> dict[str, Encoder]:
    """Return the encoders by the names that they were given."""
    created: dict[str, Encoder] = {}
    for name, given in ((str(key), given) for key, given in encoders.items()):
        if not name.strip():
            raise InputError("an encoder has an empty name; give it another")
        if name in created:
            raise InputError(f"two encoders have the name '{name}'; give one of them another")
        if isinstance(given, str) and given in SETS:
            raise InputError(
                f"'{name}' must stand for one encoder; '{given}' is a set: give it in a list"
            )
        created[name] = _create(given, name)
    return created


def _by_label(encoders: Sequence[Any]) -> dict[str, Encoder]:
    """Return the encoders by what distinguishes them: name, model, changed fields."""
    created: dict[str, Encoder] = {}
    in_sets = (specs_of(given) if isinstance(given, str) else [given] for given in encoders)
    for given in (one for specs in in_sets for one in specs):
        encoder = _create(given, None)
        with wrap_foreign_errors():
            name = _label(given, encoder)
        longer = str(given) if name in created else name
        if encoder in (created.get(name), created.get(longer)):
            raise InputError(f"the encoder '{name}' is given twice")
        if longer in created or _ADDRESS.search(longer):
            raise InputError(
                f"two encoders have the name '{name}'; give names of your own: "
                "{'first': ..., 'second': ...}"
            )
        created[longer] = encoder
    return created


def _create(given: Any, name: str | None) -> Encoder:
    if not isinstance(given, str):
        return encoder_of(given, name)
    try:
        return create_encoder(given)
    except EncoderError as error:
        return BrokenEncoder(given, str(error))


def _label(given: Any, encoder: Encoder) -> str:
    """Return the encoder's label by its installed name, else by that of its class."""
    if isinstance(encoder, BrokenEncoder):
        return encoder.spec
    if isinstance(encoder, Concatenation):
        specs = specs_of_parts(given) if isinstance(given, str) else encoder.parts
        labels = [_label(*pair) for pair in zip(specs, encoder.parts, strict=True)]
        return f"{CONCAT}:{'+'.join(labels)}"
    if isinstance(given, str) and not is_own_code(spec := read_spec(given)):
        return encoder_label(spec.name, encoder)
    return encoder_label(type(encoder).__name__, encoder)


def encoder_label(name: str, encoder: Encoder) -> str:
    """Return the short name of the encoder for tables: name, model, changed fields."""
    fields = [field for field in field_list(type(encoder)) if not field.name.startswith("_")]
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
    """Whether the first field names the model."""
    fields = field_list(cls)
    return bool(fields) and typing.get_type_hints(cls)[fields[0].name] in (str, Path)


def _short(value: Any) -> str:
    """Return the text of a value; of a local path only the last part, the same on all machines."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return Path(text).name if isinstance(value, Path) or Path(text).exists() else text


def _has(distribution: str) -> bool:
    # tensorflow-cpu provides tensorflow
    spec = distribution.replace("-", "_")
    return library_version(distribution) is not None or importlib.util.find_spec(spec) is not None
