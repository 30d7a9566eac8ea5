"""Small records in the store, such as how an encoder is run: read without any numeric library."""

import json
import os
import re
from collections.abc import Iterable
from typing import Any

import platformdirs

from embedbench.io.paths import AnyPath, files_in, parse_path

__all__ = ["default_store", "other_schemas", "read_record", "read_records", "root_of"]

_SCHEMA = "v1"


def default_store() -> AnyPath:
    """Return where vectors are kept if nothing else is said."""
    return parse_path(
        os.environ.get("EMBEDBENCH_STORE") or platformdirs.user_cache_dir("embedbench")
    )


def root_of(store: AnyPath) -> AnyPath:
    """Return the folder in the store that this version of embedbench reads and writes."""
    return store / _SCHEMA


def other_schemas(folders: Iterable[str]) -> list[str]:
    """Return which of a store's folders other versions of embedbench made, if only they did."""
    found = {name for name in folders if re.fullmatch(r"v[0-9]+", name)}
    return [] if _SCHEMA in found else sorted(found, key=lambda name: int(name[1:]))


def read_record(place: AnyPath) -> dict[str, Any] | None:
    """Return a record, or None if there is none that can be read."""
    try:
        value = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def read_records(store: AnyPath, kind: str) -> list[dict[str, Any]]:
    """Return all records of a kind, in the order of their names."""
    folder = root_of(store) / kind
    try:
        names = [name for name in sorted(files_in(folder)) if name.endswith(".json")]
    except OSError:
        return []
    found = [read_record(folder / name) for name in names]
    return [record for record in found if record is not None]
