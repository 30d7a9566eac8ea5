"""Fingerprints: hashes of files, and of what identifies an object."""

import hashlib
import importlib.metadata
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["combine", "hash_file", "json_value", "library_version"]


def combine(identity: dict[str, Any], weights: Sequence[str]) -> str:
    """Return the fingerprint of an identity and the hashes of its weights' files."""
    text = json.dumps([identity, list(weights)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_value(value: Any) -> Any:
    """Return a field's value for JSON: a file by its bytes, a folder by its name alone."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    path = Path(str(value))
    if str(value) and path.is_file():
        return f"sha256:{hash_file(path)}"
    return path.name if str(value) and path.is_dir() else str(value)


def library_version(distribution: str) -> str | None:
    """Return the version of a distribution; None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
