"""The record of an encoder: what is known once it was loaded and run.

The store keeps it as JSON, so that a later run finds the encoder's vectors without loading it.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import UnionType
from typing import Any, get_type_hints

from embedbench.encoder import Encoder, Facts, combine, hash_file
from embedbench.errors import EncoderError, WeightsError
from embedbench.utils.messages import one_line

__all__ = ["EncoderRecord", "LoadedEncoder", "WeightsFile", "check_facts"]

_LEFT_OUT = ("images_per_second", "latency_ms", "workers")
"""Keys that the JSON does not have where no image was encoded."""

_SHA256 = re.compile("[0-9a-f]{64}")

_LARGEST = 2**63
"""Integers from here on fit no table."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights as it was when an encoder was loaded from it.

    Attributes:
        path: of the file.
        size: in bytes.
        changed_ns: when it was last changed, in nanoseconds since 1970.
        sha256: of its bytes, in hex.
    """

    path: str
    size: int
    changed_ns: int
    sha256: str

    @classmethod
    def read(cls, path: Path) -> "WeightsFile":
        """Return what a file is now.

        Raises:
            WeightsError: the cache of a hub names the file by another hash than that of its bytes.
        """
        status, sha256 = path.stat(), hash_file(path)
        named = path.resolve().name
        if _SHA256.fullmatch(named) and named != sha256:
            raise WeightsError(
                f"'{path.name}' is not the file that the hub has: its SHA-256 is {sha256}, it must "
                f"be {named}; delete '{path.resolve()}' and run again"
            )
        return cls(str(path), status.st_size, status.st_mtime_ns, sha256)

    @property
    def is_unchanged(self) -> bool:
        """Whether the file still has this size and this time of change."""
        try:
            status = Path(self.path).stat()
        except (OSError, ValueError):  # it is gone, or no file can have this name
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.changed_ns)

    def to_json(self) -> list[Any]:
        """Return the values in the order of the fields."""
        return [self.path, self.size, self.changed_ns, self.sha256]

    @classmethod
    def from_json(cls, values: Any) -> "WeightsFile":
        """Read what `to_json` returned.

        Raises:
            ValueError: it is something else.
        """
        if not isinstance(values, list) or len(values) < len(fields(cls)):
            raise ValueError(f"not a file of weights: {values!r}")
        return cls(**_checked(cls, dict(zip(get_type_hints(cls), values, strict=False))))


@dataclass(frozen=True)
class LoadedEncoder:
    """What is known of an encoder as soon as it is loaded.

    Attributes:
        weights: the files that it was loaded from.
        facts: what its library knows of the model.
        load_seconds: how long loading took.
        peak_memory_mb: the most memory that its process has held.
    """

    weights: tuple[WeightsFile, ...]
    facts: Facts
    load_seconds: float
    peak_memory_mb: int

    def fingerprint(self, encoder: Encoder) -> str:
        """Return the fingerprint of a variant that has these weights."""
        return combine(encoder.identity(), [file.sha256 for file in self.weights])

    def record(self, encoder: Encoder, earlier: "EncoderRecord | None") -> "EncoderRecord":
        """Return the record of a variant; what was measured comes from the earlier record."""
        fingerprint = self.fingerprint(encoder)
        base = earlier or EncoderRecord(fingerprint, self.weights, self.facts)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(base, fingerprint=fingerprint, **values)


@dataclass(frozen=True)
class EncoderRecord:
    """What is known of an encoder; None where nothing was measured.

    Attributes:
        fingerprint: the name of its vectors in the store.
        weights: the files that it was loaded from.
        facts: what its library knows of the model.
        dim: how many numbers a vector has.
        load_seconds: how long loading took.
        peak_memory_mb: the most memory that one of its processes has held.
        images_per_second: of all workers together.
        latency_ms: from one decoded image to its vector, alone in its batch.
        workers: how many encoded.
        precision: of the arithmetic, as the encoder names it.
        batch_size: how many images it encodes at once.
        compiled: whether the model was compiled.
        precision_cosine: least cosine to the reference's vectors; see `autotune.Fidelity`.
        precision_neighbours: share of images with the same nearest neighbour as by the reference.
    """

    fingerprint: str
    weights: tuple[WeightsFile, ...]
    facts: Facts
    dim: int | None = None
    load_seconds: float | None = None
    peak_memory_mb: int | None = None
    images_per_second: float | None = None
    latency_ms: float | None = None
    workers: int | None = None
    precision: str | int | float | None = None
    batch_size: int | None = None
    compiled: bool | None = None
    precision_cosine: float | None = None
    precision_neighbours: float | None = None

    @property
    def weights_mb(self) -> float | None:
        """Size of its files of weights on disk; None without any."""
        return round(sum(file.size for file in self.weights) / 1e6, 2) if self.weights else None

    def fits(self, encoder: Encoder) -> bool:
        """Whether this is the record of the encoder, and the files of weights are unchanged."""
        expected = combine(encoder.identity(), [file.sha256 for file in self.weights])
        return self.fingerprint == expected and all(file.is_unchanged for file in self.weights)

    def to_json(self) -> dict[str, Any]:
        """Return what the store keeps."""
        values = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in _LEFT_OUT or getattr(self, field.name) is not None
        }
        weights = [file.to_json() for file in self.weights]
        facts = asdict(self.facts) | {"truncate_dims": list(self.facts.truncate_dims)}
        return values | {"weights": weights, "facts": facts}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "EncoderRecord":
        """Read what the store kept; unknown keys are ignored.

        Raises:
            ValueError: `fingerprint`, `weights` or `facts` is missing, or a value cannot be.
        """
        rows, facts = values.get("weights"), values.get("facts")
        if not isinstance(rows, list) or not isinstance(facts, dict):
            raise ValueError("the record has no weights or no facts")
        fact_values = {
            field.name: tuple(value) if isinstance(value := facts[field.name], list) else value
            for field in fields(Facts)
            if field.name in facts
        }
        try:
            read = {
                "weights": tuple(WeightsFile.from_json(row) for row in rows),
                "facts": check_facts(Facts(**_checked(Facts, fact_values))),
            }
            return cls(**_checked(cls, {**values, **read}))
        except (EncoderError, TypeError) as error:
            raise ValueError(str(error)) from error


def check_facts(facts: Any) -> Facts:
    """Return the facts if the tables can show them.

    Raises:
        EncoderError: they cannot.
    """
    if not isinstance(facts, Facts):
        raise EncoderError(f"its facts are a {type(facts).__name__}; they must be Facts")
    dims = facts.truncate_dims
    if not isinstance(dims, tuple) or not all(type(one) is int and one > 0 for one in dims):
        raise EncoderError(
            f"its facts say truncate_dims={one_line(repr(dims))}; it must be a tuple of numbers of "
            "dimensions"
        )
    kinds = {name: type(None) | kind for name, kind in get_type_hints(Facts).items()}
    del kinds["truncate_dims"]
    for name, kind in kinds.items():
        value = getattr(facts, name)
        if not isinstance(value, kind) or (value is None and name in ("device", "devices")):
            raise EncoderError(f"its facts say {name}={one_line(repr(value))}, which cannot be")
    if facts.devices < 1:
        raise EncoderError(f"its facts say devices={facts.devices}, which cannot be")
    return facts


def _checked(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields of a dataclass.

    Raises:
        ValueError: a value is of another type than its field.
    """
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name in values}
    for name, hint in hints.items():
        if not _is_a(values[name], hint):
            raise ValueError(f"{name} cannot be {values[name]!r}")
    return {name: values[name] for name in hints}


def _is_a(value: Any, hint: Any) -> bool:
    """Whether a value is of a simple type, or of one of several; other types are not looked at."""
    kinds = hint.__args__ if isinstance(hint, UnionType) else (hint,)
    if not all(isinstance(kind, type) for kind in kinds):
        return True
    if isinstance(value, int):
        return type(value) in kinds and abs(value) < _LARGEST
    return isinstance(value, tuple(kinds))
