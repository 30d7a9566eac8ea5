"""Pickle an encoder for its workers."""

import io
from collections.abc import Callable
from functools import cached_property
from typing import Any

import cloudpickle

from embedbench.errors import EncoderError
from embedbench.utils.messages import describe_error

__all__ = ["dumps"]


def dumps(encoder: Any) -> bytes:
    """Return the pickled encoder, including its class if that is from a notebook.

    Raises:
        EncoderError: it cannot be pickled.
    """
    content = io.BytesIO()
    try:
        _Pickler(content).dump(encoder)
    except Exception as error:
        message = f"it cannot be sent to its process: {describe_error(error)}"
        raise EncoderError(message) from error
    return content.getvalue()


def _reduce(cached: "cached_property[Any]") -> tuple[Any, ...]:
    return _cached, (cached.func, cached.attrname)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles cached properties, which hold a lock before Python 3.12."""

    dispatch_table = {**cloudpickle.Pickler.dispatch_table, cached_property: _reduce}


def _cached(function: Callable[[Any], Any], name: str) -> "cached_property[Any]":
    cached = cached_property(function)
    cached.__set_name__(object, name)
    return cached
