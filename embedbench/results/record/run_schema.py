"""The JSON schema of `run.json`, and the part of it that is checked wherever one is read."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["misfit_of_run", "run_schema"]

_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}


@cache
def run_schema() -> dict[str, Any]:
    """Return the schema: JSON schema, draft 2020-12."""
    text = (files("embedbench.results.record") / "run.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def misfit_of_run(run: Mapping[str, Any]) -> str | None:
    """Return what first tells a record from the schema; None if it fits.

    Checked are the keys that must be there and the kinds of their values, in the record, in its
    objects and in its verdicts; what else is there is left alone.
    """
    return _misfit(run, run_schema(), "")


def _misfit(value: Mapping[str, Any], schema: Mapping[str, Any], place: str) -> str | None:
    for key in schema.get("required", ()):
        if key not in value:
            return f"it has no `{place}{key}`"
    others = schema.get("additionalProperties")
    for key, part in value.items():
        known = schema.get("properties", {}).get(key, others)
        if not isinstance(known, dict):
            continue
        reason = _misfit_of_part(part, _resolved(known), f"{place}{key}")
        if reason is not None:
            return reason
    return None


def _misfit_of_part(value: Any, schema: Mapping[str, Any], place: str) -> str | None:
    kinds = schema.get("type", list(_KINDS))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(_KINDS[kind](value) for kind in kinds):
        return f"`{place}` must be of the kind {' or '.join(kinds)}"
    if isinstance(value, dict):
        return _misfit(value, schema, f"{place}.")
    if isinstance(value, list) and "items" in schema:
        reasons = (_misfit_of_part(one, schema["items"], f"{place}[]") for one in value)
        return next((reason for reason in reasons if reason is not None), None)
    return None


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = run_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    return found
