"""Python objects as encoders: a function, a PyTorch network, a scikit-learn transformer, vectors.

The first three go to the workers by value. Their identity is a digest of what they hold and do.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from embedbench.encoder import Encoder, Facts, Vectors
from embedbench.errors import EncoderError, InputError
from embedbench.utils.messages import describe_error
from embedbench.utils.object_digest import object_digest

__all__ = [
    "FunctionEncoder",
    "NetworkEncoder",
    "ObjectEncoder",
    "TransformerEncoder",
    "encoder_of",
]

_SIDE = 32
"""Pixels of the images' sides that a scikit-learn transformer gets."""

_KINDS = (
    "an Encoder, a text such as 'timm:resnet50', a function from a list of images to vectors, a "
    "(network, transform) of PyTorch, a fitted transformer of scikit-learn, a DataFrame, a mapping "
    "from file names to vectors, or (array, file names)"
)


@dataclass(frozen=True)
class ObjectEncoder(Encoder):
    """An encoder made of a Python object.

    Attributes:
        name: of the object.
        batch_size: how many images are encoded at once.
    """

    name: str
    batch_size: int = 8
    _content: Any = field(default=None, repr=False)

    def identity(self) -> dict[str, Any]:
        """Return what identifies the encoder, the object's digest with it."""
        return super().identity() | {"content": self._digest}

    @cached_property
    def _digest(self) -> str:
        try:
            return object_digest(self._content)
        except Exception as error:  # an object may refuse to be looked at in any way
            raise EncoderError(
                f"'{self.name}' cannot be told from another version of itself "
                f"({type(error).__name__}); write it as an Encoder class"
            ) from error


@dataclass(frozen=True)
class FunctionEncoder(ObjectEncoder):
    """A function that takes a list of RGB images (Pillow) and returns one vector for each."""

    libraries: ClassVar[tuple[str, ...]] = ("image-embedbench", "pillow")

    def encode_batch(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Return the function's vectors, in float32.

        Raises:
            EncoderError: it returned no numbers, or not one row an image.
        """
        try:
            rows = self._content(list(images))
        except Exception as error:  # it is somebody's own
            raise EncoderError(
                f"'{self.name}' raised {describe_error(error)}; it gets a list of RGB images and "
                "must return one row for each"
            ) from error
        return _rows(rows, self.name, len(images))


@dataclass(frozen=True)
class NetworkEncoder(ObjectEncoder):
    """A `torch.nn.Module` and a transform of one image, in float32 and evaluation mode.

    The transform takes an RGB image (Pillow) and returns a tensor "channels height width"; the
    network takes a batch of them and returns one vector for each image.
    """

    libraries: ClassVar[tuple[str, ...]] = ("image-embedbench", "torch", "pillow")

    def prepare(self, image: Image.Image) -> Any:
        """Return the tensor that the transform makes of an image."""
        return self._content[1](image)

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        """Return the network's output, one float32 row an image.

        Raises:
            EncoderError: the transform or the network returned something else.
        """
        rows: np.ndarray = self._torch.run_module(self._content[0], images, self.name)
        return rows

    def facts(self) -> Facts:
        """Return the number of parameters, and where the network runs."""
        facts: Facts = self._torch.module_facts(self._content[0])
        return facts

    @property
    def _torch(self) -> Any:
        return importlib.import_module("embedbench_torch.module")


@dataclass(frozen=True)
class TransformerEncoder(ObjectEncoder):
    """A fitted transformer of scikit-learn, which gets the images' pixels.

    Attributes:
        side: images are resized to this many pixels a side; their rows are "red, green, blue" of
            each pixel in turn, from 0 to 1.
    """

    side: int = _SIDE

    libraries: ClassVar[tuple[str, ...]] = ("image-embedbench", "scikit-learn", "pillow")

    def prepare(self, image: Image.Image) -> np.ndarray:
        """Return the pixels of the small image in one row."""
        small = image.resize((self.side, self.side), Image.Resampling.BOX)
        return np.asarray(small, np.float32).reshape(-1) / 255

    def encode_batch(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return what the transformer makes of the pixels.

        Raises:
            EncoderError: it is not fitted, or was fitted on rows of another length.
        """
        from sklearn.exceptions import NotFittedError

        try:
            rows = self._content.transform(np.stack(images))
        except NotFittedError as error:
            raise EncoderError(f"'{self.name}' is not fitted; call its `fit` first") from error
        except ValueError as error:
            raise EncoderError(
                f"'{self.name}' cannot use rows of {self.side} x {self.side} x 3 pixels: {error}; "
                "give (transformer, side) for another size"
            ) from error
        rows = rows.toarray() if hasattr(rows, "toarray") else rows
        return _rows(rows, self.name, len(images))

    def facts(self) -> Facts:
        """Return the size of the images that it gets."""
        return Facts(image_size=f"{self.side}x{self.side}")


def encoder_of(value: Any, name: str | None = None) -> Encoder:
    """Return the encoder that a Python object stands for.

    Args:
        value: an Encoder, a function from a list of RGB images to one vector for each, a pair of a
            PyTorch network and a transform of one image, a fitted transformer of scikit-learn or a
            pair of it and the images' side in pixels, or vectors made elsewhere: a DataFrame, a
            mapping from file names, a pair of an array "images dim" and its file names.
        name: of the encoder; by default the object's own.

    Raises:
        InputError: it is something else.
    """
    if isinstance(value, Encoder):
        return value
    if isinstance(value, type):
        example = f"{value.__name__}()"
        raise InputError(f"an encoder must be an object, not a class; give {example}")
    pair = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    first, second = pair
    if _is_network(first):
        return _network(first, second, name)
    if hasattr(first, "transform") and hasattr(first, "fit"):
        if second is not None and not isinstance(second, int):
            raise InputError(f"beside a transformer stands its images' side; not {second!r}")
        own_name = name or type(first).__name__
        return TransformerEncoder(own_name, _content=first, side=second or _SIDE)
    if _is_vectors(first, second):
        vectors = importlib.import_module("embedbench_vectors")
        made: Encoder = vectors.encoder_of_rows(first, second)
        return made
    if callable(value):
        own_name = str(getattr(value, "__name__", type(value).__name__))
        return FunctionEncoder(name or own_name, _content=value)
    who = "an encoder" if name is None else f"the encoder '{name}'"
    raise InputError(f"{who} cannot be of type {type(value).__name__}; it must be {_KINDS}")


def _is_network(value: Any) -> bool:
    """Whether it is a network of PyTorch, which is not imported for the question."""
    return any(
        base.__name__ == "Module" and base.__module__ == "torch.nn.modules.module"
        for base in type(value).__mro__
    )


def _network(network: Any, transform: Callable[[Any], Any] | None, name: str | None) -> Encoder:
    own_name = name or type(network).__name__
    if not callable(transform):
        raise InputError(
            f"a network needs the transform that prepares its images: give ({own_name}, transform)"
        )
    return NetworkEncoder(own_name, _content=(network, transform))


def _is_vectors(value: Any, names: Any) -> bool:
    """Whether it is a table, a mapping or an array of vectors."""
    is_table = type(value).__name__ == "DataFrame"
    is_array = hasattr(value, "__array__") or isinstance(value, list)
    return is_table or isinstance(value, Mapping) or (names is not None and is_array)


def _rows(value: Any, name: str, count: int) -> Vectors:
    """Return an object's output as float32 rows.

    Raises:
        EncoderError: it is no array of one row an image.
    """
    value = value.detach().cpu().float() if hasattr(value, "detach") else value
    try:
        rows = np.asarray(value)
        rows = rows if rows.dtype == np.float32 else rows.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise EncoderError(
            f"'{name}' returned a {type(value).__name__} that is no array of numbers"
        ) from error
    if rows.ndim != 2 or len(rows) != count:
        raise EncoderError(
            f"'{name}' returned shape {rows.shape} for a list of {count} images; it must return "
            "one row for each image of the list"
        )
    return rows
