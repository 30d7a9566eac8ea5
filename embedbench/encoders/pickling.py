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
    """Return the encoder for its way into a worker; a class from a notebook goes with it.

    Raises:
        EncoderError: it cannot be pickled.
    """
    content = io.BytesIO()
    try:
        _Pickler(content).dump(encoder)
    except Exception as error:
        words = f"it cannot be sent to its process: {describe_error(error)}"
        raise EncoderError(words) from error
    return content.getvalue()


def _reduce(cached: "cached_property[Any]") -> tuple[Any, ...]:
    return _cached, (cached.func, cached.attrname)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Before Python 3.12 a cached property holds a lock, which cannot be pickled."""

    dispatch_table = {**cloudpickle.Pickler.dispatch_table, cached_property: _reduce}


def _cached(function: Callable[[Any], Any], name: str) -> "cached_property[Any]":
    found = cached_property(function)
    found.__set_name__(object, name)
    return found
