"""Small JSON records in the store, such as an encoder's settings; needs no numeric library."""

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
    """Return the default store: EMBEDBENCH_STORE, or else the user's cache."""
    return parse_path(
        os.environ.get("EMBEDBENCH_STORE") or platformdirs.user_cache_dir("embedbench")
    )


def root_of(store: AnyPath) -> AnyPath:
    """Return the folder of this version's files in the store."""
    return store / _SCHEMA


def other_schemas(folders: Iterable[str]) -> list[str]:
    """Return the folders of other versions of embedbench; none if there is one of this version."""
    versions = {name for name in folders if re.fullmatch(r"v[0-9]+", name)}
    return [] if _SCHEMA in versions else sorted(versions, key=lambda name: int(name[1:]))


def read_record(place: AnyPath) -> dict[str, Any] | None:
    """Return a record; None if it is missing or cannot be read."""
    try:
        value = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def read_records(store: AnyPath, kind: str) -> list[dict[str, Any]]:
    """Return all readable records of a kind, sorted by file name."""
    folder = root_of(store) / kind
    try:
        names = [name for name in sorted(files_in(folder)) if name.endswith(".json")]
    except OSError:
        return []
    records = [read_record(folder / name) for name in names]
    return [record for record in records if record is not None]
