"""The list of installed encoders; those of other people are looked at in a process of their own."""

from embedbench.encoders.registry import EncoderPlugin, installed_encoders
from embedbench.errors import EncoderError, MissingLibraryError
from embedbench.utils.messages import wrap_foreign_errors

__all__ = ["list_encoders"]

_PATIENCE = 60.0
"""Seconds for a plug-in to be imported."""


def list_encoders() -> list[list[str]]:
    """Return a row for each: name, label by default, what is missing or wrong, what it is."""
    return [
        _row(found) if found.is_built_in else _row_apart(name)
        for name, found in installed_encoders().items()
    ]


def _row_apart(name: str) -> list[str]:
    """Return the row of a plug-in, whatever its import does to a process."""
    from embedbench.parallel.pool import Pool  # takes a while to import

    try:
        with Pool(1, patience=_PATIENCE) as pool:
            return pool.call(_row_of, name)
    except EncoderError as error:
        return [name, "", f"broken: {error}", ""]


def _row_of(name: str) -> list[str]:
    return _row(installed_encoders()[name])


def _row(found: EncoderPlugin) -> list[str]:
    try:
        with wrap_foreign_errors():
            missing = found.missing()
            status = f"needs {missing[0]}: {found.install(missing)}" if missing else "ready"
            words = (found.load().__doc__ or "").strip().splitlines()
            return [found.name, found.default(), status, *words[:1]]
    except MissingLibraryError as error:
        return [found.name, "", str(error), ""]
    except EncoderError as error:
        return [found.name, "", f"broken: {error}", ""]
