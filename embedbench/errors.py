"""The exceptions of embedbench.

EmbedbenchError
├── InputError (ValueError)             an invalid argument, file or table
│   ├── NoEncoderError                  every encoder of a comparison failed
│   └── NotWrittenError                 results that were computed but not written
├── UnknownEncoderError (LookupError)   no installed encoder has that name
├── MissingLibraryError (ImportError)   a library of the encoder is not installed
├── StoreError (OSError)                the store cannot be read or written
├── WeightsError (OSError)              weights that cannot be found, fetched or trusted
├── EncoderError (RuntimeError)         an encoder that failed or returned a wrong result
└── ImageError (ValueError)             one image that cannot be read

The command line prints each of them as one line; any other exception is a bug.
"""

from typing import Any

from embedbench.utils.text import shown

__all__ = [
    "EmbedbenchError",
    "EncoderError",
    "ImageError",
    "InputError",
    "MissingLibraryError",
    "NoEncoderError",
    "NotWrittenError",
    "StoreError",
    "UnknownEncoderError",
    "WeightsError",
]


class EmbedbenchError(Exception):
    """The base of every error that embedbench raises on purpose."""

    def __str__(self) -> str:
        """Return the message in one line, with quoted names made printable."""
        return shown(" ".join(super().__str__().splitlines()))


class InputError(EmbedbenchError, ValueError):
    """An invalid argument, file or table."""


class NoEncoderError(InputError):
    """Every encoder of a comparison failed; the message has the reason of each."""


class NotWrittenError(InputError):
    """Results that were computed but could not be written.

    Attributes:
        results: the results.
    """

    def __init__(self, message: str, results: Any) -> None:
        super().__init__(message)
        self.results = results


class UnknownEncoderError(EmbedbenchError, LookupError):
    """No installed encoder has that name."""


class MissingLibraryError(EmbedbenchError, ImportError):
    """A library of the encoder is not installed."""


class StoreError(EmbedbenchError, OSError):
    """The store cannot be read or written."""


class WeightsError(EmbedbenchError, OSError):
    """Weights that cannot be found, fetched or trusted."""


class EncoderError(EmbedbenchError, RuntimeError):
    """An encoder that failed, or did not return one float32 row per image."""


class ImageError(EmbedbenchError, ValueError):
    """One image that cannot be read."""
