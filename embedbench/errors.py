"""What can go wrong, as a tree of exceptions.

EmbedbenchError
├── InputError (ValueError)             an argument, a file or a table that cannot be used
│   └── NotWrittenError                 results that are there but could not be written
├── UnknownEncoderError (LookupError)   no installed encoder has that name
├── MissingLibraryError (ImportError)   the encoder is known, its library is not installed
├── StoreError (OSError)                the store cannot be read or written
├── WeightsError (OSError)              weights that cannot be found, fetched or trusted
├── EncoderError (RuntimeError)         an encoder that failed or returned something wrong
└── ImageError (ValueError)             one image that cannot be read

The command line prints each of them as one line; anything else is a fault of ours.
"""

from typing import Any

from embedbench.utils.text import shown

__all__ = [
    "EmbedbenchError",
    "EncoderError",
    "ImageError",
    "InputError",
    "MissingLibraryError",
    "NotWrittenError",
    "StoreError",
    "UnknownEncoderError",
    "WeightsError",
]


class EmbedbenchError(Exception):
    """The base of every error that embedbench raises on purpose."""

    def __str__(self) -> str:
        """Return it in one line, whatever the file or the text was that it quotes."""
        return shown(" ".join(super().__str__().splitlines()))


class InputError(EmbedbenchError, ValueError):
    """An argument, a file or a table that cannot be used."""


class NotWrittenError(InputError):
    """Results that are there but could not be written.

    Attributes:
        results: these.
    """

    def __init__(self, message: str, results: Any) -> None:
        super().__init__(message)
        self.results = results


class UnknownEncoderError(EmbedbenchError, LookupError):
    """No installed encoder has that name."""


class MissingLibraryError(EmbedbenchError, ImportError):
    """The encoder is known, but a library that it needs is not installed."""


class StoreError(EmbedbenchError, OSError):
    """The store cannot be read or written."""


class WeightsError(EmbedbenchError, OSError):
    """Weights that cannot be found, fetched or trusted."""


class EncoderError(EmbedbenchError, RuntimeError):
    """An encoder that failed, or returned something other than one float32 row an image."""


class ImageError(EmbedbenchError, ValueError):
    """One image that cannot be read."""
