"""The encoder, the only plug-in point: RGB images in, one float32 row each out.

A plug-in is a frozen dataclass that subclasses `Encoder` (or `TextEncoder`), writes `encode_batch`
and imports nothing of embedbench but this module, where all that encoders share lives.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from embedbench.errors import EncoderError, InputError, WeightsError
from embedbench.utils.fingerprint import (
    combine,
    hash_file,
    json_value,
    library_version,
    module_code,
    package_code,
)
from embedbench.utils.matching import Matches, match_names
from embedbench.utils.messages import first_sentence
from embedbench.vectors import Vectors, check_rows, join_rows

__all__ = [
    "Encoder",
    "EncoderError",
    "Facts",
    "InputError",
    "LookupEncoder",
    "Matches",
    "Pixels",
    "TextEncoder",
    "Vectors",
    "WeightsError",
    "check_rows",
    "combine",
    "first_sentence",
    "hash_file",
    "join_rows",
    "library_version",
    "match_names",
]

_NO_PLUGINS = ("abc", "builtins", "embedbench")

Pixels = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Facts:
    """What the library knows of a model; None where it does not know.

    Attributes:
        parameters: number of weights, trainable or not.
        licence: the licence of the weights.
        pretrained_on: the data that the weights were trained on.
        weights: the weights by name, as their hub or library calls them.
        revision: the version of the weights, such as the commit of a hub's repository.
        pooling: how many vectors become one, and of which layer: "cls", "mean of layer -2".
        image_size: what the model sees, in pixels: "224x224", height first.
        device: where the model runs, as its library names it: "cpu", "cuda", ...
        devices: how many of these there are.
        remark: what a reader of the results should know of how the model was read; one sentence.
        truncate_dims: numbers of leading dimensions that it was trained to be cut to (Matryoshka).
    """

    parameters: int | None = None
    licence: str | None = None
    pretrained_on: str | None = None
    weights: str | None = None
    revision: str | None = None
    pooling: str | None = None
    image_size: str | None = None
    device: str = "cpu"
    devices: int = 1
    remark: str | None = None
    truncate_dims: tuple[int, ...] = ()


class Encoder(ABC):
    """Turns RGB images into vectors.

    Subclasses are frozen dataclasses: the public fields are the encoder's identity, and the
    first field takes the text after the colon in `NAME:MODEL`. Constructing one is cheap: import
    heavy libraries and load weights at first use (for example in a
    `functools.cached_property`). That happens in a worker process of this encoder alone.

    Attributes:
        libraries: distributions that must be installed. Their versions are part of the
            fingerprint.
        examples: specs of this encoder that a person may start from, as after `-e`.
        batch_size: number of images in each call of `encode_batch`. The last batch is padded, so
            that no vector depends on the position of its image.
        compiled: whether the model is compiled at first use, which is slow; such a variant is
            tried only with many images.
        least_side: a JPEG may be decoded at a reduced scale if width and height keep at least
            this many pixels, which is faster and blurs a little; None for full size.
    """

    libraries: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[str, ...]] = ()
    batch_size: int = 8
    compiled: bool = False

    @property
    def least_side(self) -> int | None:
        """Decode all pixels of a JPEG."""
        return None

    @abstractmethod
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        """Return one float32 row for each of the `batch_size` prepared images, in their order."""

    def prepare(self, image: Image.Image) -> Any:
        """Return one RGB image as `encode_batch` wants it: resized, normalised."""
        return image

    def prepare_pixels(self, pixels: Pixels) -> Any:
        """Return one image, given as its RGB pixels, as `encode_batch` wants it.

        By default `prepare` does it. An encoder whose library works on arrays or tensors may
        override it, with the same result, and avoid the conversion to Pillow.
        """
        return self.prepare(Image.fromarray(pixels))

    def variants(self, device: str) -> "Sequence[Encoder]":
        """Return ways to run this model; the fastest one that keeps the vectors is chosen.

        The first is the reference: the vectors of the others are compared with its own. It must
        not depend on the device. Variants of the second one's batch size are timed first, other
        batch sizes only of the fastest. By default there is this encoder alone. Loads nothing.

        Args:
            device: where the model runs, as `facts` says.
        """
        return (self,)

    def weights_files(self) -> Sequence[Path]:
        """Return the local files that hold the weights, to be hashed; empty if there are none.

        Called after the model was loaded, so files that were fetched are there.
        """
        return ()

    def facts(self) -> Facts:
        """Return what the library knows of the model. Called after the model was loaded."""
        return Facts()

    def outline(self) -> tuple[Facts, int | None] | None:
        """Return facts and dimensions, as far as they are known without fetching the weights."""
        return None

    def encode(self, images: Iterable[Image.Image]) -> Vectors:
        """Return one row for each image, in their order.

        Args:
            images: pictures in RGB mode.

        Raises:
            EncoderError: the encoder returned other than one finite float32 row an image.
        """
        batches = [
            self.encode_prepared([self.prepare(image) for image in batch])
            for batch in _batches(images, self.batch_size)
        ]
        if not batches:
            raise InputError("there are no images to encode")
        return join_rows(batches)

    def encode_prepared(self, images: Sequence[Any], at_once: int | None = None) -> Vectors:
        """Return one row for each of at most `at_once` prepared images, checked.

        Args:
            images: as `prepare` or `prepare_pixels` returned them.
            at_once: how many `encode_batch` gets; `batch_size` if None.

        Raises:
            EncoderError: the encoder returned other than one finite float32 row an image.
            MemoryError: the batch does not fit the memory.
        """
        filled = [*images, *[images[-1]] * ((at_once or self.batch_size) - len(images))]
        rows = check_rows(self.encode_batch(filled), len(filled))
        return rows[: len(images)].copy()  # it may use the same memory for the next batch

    def identity(self) -> dict[str, Any]:
        """Return what identifies this encoder, weights aside: class, fields, versions."""
        return {
            "class": f"{type(self).__module__}.{type(self).__qualname__}",
            "code": _code_hash(type(self)),
            "fields": _fields(self),
            "libraries": {name: library_version(name) for name in self.libraries},
        }

    def fingerprint(self) -> str:
        """Return 16 hex digits that change with the fields, the code, the libraries, the weights.

        Loads the model where the weights have yet to be fetched.
        """
        return combine(self.identity(), [hash_file(path) for path in self.weights_files()])


class TextEncoder(Encoder):
    """An encoder that also puts texts into the space of its images."""

    @property
    def reads_texts(self) -> bool:
        """Whether it does with these fields; one that can do without says so here."""
        return True

    @abstractmethod
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return one float32 row for each text, in their order, comparable by cosine."""


class LookupEncoder(Encoder):
    """An encoder whose vectors were made elsewhere and are found by the image's name."""

    @abstractmethod
    def lookup(self, names: Sequence[str]) -> Vectors:
        """Return one row for each name, in their order; a row of nan for a name without one.

        Images without a row are left out of the comparison of all encoders, and listed.

        Args:
            names: paths of the images below the source, with forward slashes; unique.

        Raises:
            InputError: what was made elsewhere cannot be read, or does not belong to the names.
        """

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        """Raise EncoderError: what was made elsewhere cannot encode another image."""
        raise EncoderError("its vectors were made elsewhere; it cannot encode other images")


def _fields(encoder: Encoder) -> dict[str, Any]:
    if not is_dataclass(encoder):
        return {}
    names = [field.name for field in fields(encoder)]
    return {name: json_value(getattr(encoder, name)) for name in names if not name.startswith("_")}


@cache
def _code_hash(cls: type) -> str:
    """Hash the code that an encoder comes from, without its comments.

    Hash the whole package of each encoder class, bases included; the module of other classes; a
    class in a script or a notebook by itself. The contract's own classes do not count.
    """
    classes = [base for base in cls.__mro__ if base.__module__.partition(".")[0] not in _NO_PLUGINS]
    codes = [
        package_code(base) if issubclass(base, Encoder) else module_code(base) for base in classes
    ]
    return hashlib.sha256("\0".join(dict.fromkeys(codes)).encode()).hexdigest()[:16]


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
