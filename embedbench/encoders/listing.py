"""List installed encoders; third-party ones are imported in a separate process."""

from embedbench.encoders.registry import EncoderPlugin, installed_encoders
from embedbench.errors import EncoderError, MissingLibraryError
from embedbench.utils.messages import wrap_foreign_errors

__all__ = ["list_encoders"]

_PATIENCE = 60.0
"""Time limit for importing a plug-in, in seconds."""


def list_encoders() -> list[list[str]]:
    """Return one row per encoder: name, default label, status, description."""
    return [
        _row(plugin) if plugin.is_built_in else _row_apart(name)
        for name, plugin in installed_encoders().items()
    ]


def _row_apart(name: str) -> list[str]:
    """Return the row of a plug-in, imported in a separate process in case it crashes."""
    from embedbench.parallel.pool import Pool  # takes a while to import

    try:
        with Pool(1, patience=_PATIENCE) as pool:
            return pool.call(_row_of, name)
    except EncoderError as error:
        return [name, "", f"broken: {error}", ""]


def _row_of(name: str) -> list[str]:
    return _row(installed_encoders()[name])


def _row(plugin: EncoderPlugin) -> list[str]:
    try:
        with wrap_foreign_errors():
            missing = plugin.missing()
            status = f"needs {missing[0]}: {plugin.install(missing)}" if missing else "ready"
            description = (plugin.load().__doc__ or "").strip().splitlines()
            return [plugin.name, plugin.default(), status, *description[:1]]
    except MissingLibraryError as error:
        return [plugin.name, "", str(error), ""]
    except EncoderError as error:
        return [plugin.name, "", f"broken: {error}", ""]
