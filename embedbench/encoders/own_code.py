"""Encoders of one's own, without a package: `./my_encoder.py:Brightness`, `package.module:Class`.

A file stands alone; several files are a package, found from the current folder. The classes go to
the workers by value, so that nothing needs to be installed.
"""

import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import numpy as np

from embedbench.encoder import Encoder
from embedbench.encoders.objects import encoder_of
from embedbench.errors import EncoderError, InputError
from embedbench.utils.messages import describe_error, wrap_foreign_errors
from embedbench.utils.spec import Spec, field_list, parse_fields

__all__ = ["BrokenEncoder", "create_own_encoder", "is_own_code"]

_FILE = re.compile(r".*\.py", re.IGNORECASE)
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_PREFIX = "embedbench_file_"
"""Before the module's name of a file, so that `timm.py` does not stand in for timm."""


@dataclass(frozen=True)
class BrokenEncoder(Encoder):
    """What stands for an encoder whose code cannot be imported, so that the others go on.

    Attributes:
        spec: the encoder that was asked for.
        reason: why there is none.
    """

    spec: str
    reason: str

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        """Raise EncoderError: there is no encoder."""
        raise EncoderError(self.reason)


def is_own_code(spec: Spec) -> bool:
    """Whether a spec names a Python file or a module of a package, not an installed encoder."""
    return bool(_FILE.fullmatch(spec.name) or _MODULE.fullmatch(spec.name))


def create_own_encoder(spec: Spec) -> Encoder:
    """Return the encoder of a file or a module.

    What stands behind the colon is an `Encoder` class, whose fields the spec sets, or anything else
    that `compare` takes as an encoder, such as a function. Without a colon it is the only
    `Encoder` class that the module defines.

    Raises:
        InputError: there is no such file, module or name, or a field does not fit.
        EncoderError: the code cannot be imported, or is no encoder.
    """
    module = _file(Path(spec.name)) if _FILE.fullmatch(spec.name) else _module(spec.name)
    value = _named(module, spec)
    if not isinstance(value, type):
        if spec.fields:
            raise InputError(f"'{spec.name}:{spec.model}' is no class, so it takes no fields")
        return encoder_of(value, spec.model or spec.name)
    if not issubclass(value, Encoder):
        raise EncoderError(
            f"'{value.__name__}' in '{spec.name}' must be a subclass of embedbench.Encoder"
        )
    if spec.fields and not field_list(value):
        raise EncoderError(
            f"'{value.__name__}' in '{spec.name}' has no fields; write @dataclass(frozen=True) "
            "above the class"
        )
    values = parse_fields(f"encoder '{value.__name__}'", value, spec.fields)
    with wrap_foreign_errors():
        return value(**values)


def _named(module: ModuleType, spec: Spec) -> Any:
    """Return what a spec names in a module, by default the only encoder that it defines."""
    defined = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Encoder)
        and value.__module__ == module.__name__
    ]
    if spec.model:
        value = getattr(module, spec.model, None)
        if value is not None:
            return value
        raise InputError(
            f"'{spec.name}' has no '{spec.model}'; encoders there: {', '.join(defined) or 'none'}"
        )
    if len(defined) != 1:
        example = f"{spec.name}:{defined[0] if defined else 'MyEncoder'}"
        raise InputError(
            f"'{spec.name}' defines {', '.join(defined) or 'no encoder'}; name one: {example}"
        )
    return getattr(module, defined[0])


def _file(path: Path) -> ModuleType:
    """Return the module of a file, imported once."""
    name = _PREFIX + re.sub(r"\W", "_", path.stem)
    resolved = path.expanduser().resolve()
    if not resolved.is_file():
        raise InputError(f"there is no file '{path}' with an encoder")
    loaded = sys.modules.get(name)
    if loaded is not None:
        if Path(loaded.__file__ or "") != resolved:
            raise InputError(f"two files of encoders are named '{path.name}'; rename one")
        return loaded
    found = importlib.util.spec_from_file_location(name, resolved)
    if found is None or found.loader is None:
        raise InputError(f"'{path}' must be a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise EncoderError(_why(str(path), resolved, error)) from error
    cloudpickle.register_pickle_by_value(module)
    return module


def _module(name: str) -> ModuleType:
    """Return a module of a package, found from the current folder too."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise InputError(
                f"there is no module '{name}', installed or below the current folder; a file is "
                "given by its path: ./my_encoder.py:MyEncoder"
            ) from error
        raise EncoderError(_why(name, None, error)) from error
    except (Exception, SystemExit) as error:
        raise EncoderError(_why(name, None, error)) from error
    finally:
        sys.path.remove(folder)
    package = sys.modules[name.partition(".")[0]]
    places = [str(Path(place).resolve()) for place in getattr(package, "__path__", ())]
    if any(place.startswith(folder) for place in places):
        cloudpickle.register_pickle_by_value(package)
    return module


def _why(name: str, file: Path | None, error: BaseException) -> str:
    """Return why code cannot be imported, with the line where it fails."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if file is None or Path(frame.filename) == file
    ]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    at = f", line {line}" if line and (file or isinstance(error, SyntaxError)) else ""
    reason = error.msg if isinstance(error, SyntaxError) else describe_error(error)
    message = f"'{name}' cannot be imported: {reason}{at}"
    if isinstance(error, ModuleNotFoundError) and file and error.name:
        if (file.parent / f"{error.name.partition('.')[0]}.py").is_file():
            message += "; a file stands alone: for several files give package.module:Class"
    return message
