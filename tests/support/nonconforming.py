"""For each conformance check, an encoder that fails only this check; and one that passes all."""

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from embedbench.encoder import Encoder, Pixels, TextEncoder, combine

__all__ = ["CHANGING", "FAILS", "Good"]

_NUMBERS = count()


def colours(images: Sequence[Image.Image]) -> np.ndarray:
    return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])


@dataclass(frozen=True)
class Good(TextEncoder):
    """Mean colours: correct, and the base of the faulty encoders below."""

    offset: float = 0.0

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images) + np.float32(self.offset)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[len(text), 1, text.count("a")] for text in texts], np.float32)

    def weights_files(self) -> Sequence[Path]:
        return [Path(__file__)]


class NotFrozen(Good):
    pass


NotFrozen.__dataclass_params__ = None  # type: ignore[attr-defined]


@dataclass(frozen=True)
class NotPicklable(Good):
    hook: Callable[[], int] = field(default=lambda: 1)


@dataclass(frozen=True)
class Eager(Good):
    def __post_init__(self) -> None:
        import matplotlib  # noqa: F401


class TooFewRows(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images)[:-1]


class Float64(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images).astype(np.float64)


class NanOfBlack(Good):
    """Like an encoder that divides by a sum that is zero for black images."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        rows = colours(images)
        rows[rows.sum(axis=1) == 0] = np.nan
        return rows


class OneSizeOnly(Good):
    def prepare(self, image: Image.Image) -> Image.Image:
        if min(image.size) < 20:
            raise ValueError(f"cannot take {image.size}")
        return image


class OtherPixels(Good):
    """Blue, green, red: the channel order of another library."""

    def prepare_pixels(self, pixels: Pixels) -> Any:
        return Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))


class Random(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        noise = np.random.default_rng().random((len(images), 3), np.float32)
        return colours(images) + np.float32(1e-3) * noise  # type: ignore[no-any-return]


class Reversed(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images)[::-1].copy()


class Mixing(Good):
    """Like an encoder that normalises over the batch."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        rows = colours(images)
        return rows - np.float32(0.05) * rows.mean(axis=0)  # type: ignore[no-any-return]


class Constant(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return np.ones((len(images), 3), np.float32)


class Wandering(Good):
    def fingerprint(self) -> str:
        return f"{next(_NUMBERS):016x}"


class ForgetsWeights(Good):
    def fingerprint(self) -> str:
        return combine(self.identity(), [])


class Seeding(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        np.random.seed(0)
        return colours(images)


class Inverting(Good):
    """Modifies its input picture."""

    def prepare(self, image: Image.Image) -> Image.Image:
        kept = image.copy()
        image.paste(ImageOps.invert(image))
        return kept


class Printing(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        os.write(1, b"100 %\n")
        return colours(images)


class OtherSpace(Good):
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 5), np.float32)


FAILS: dict[str, tuple[type[Encoder], str]] = {
    "fields_are_the_identity": (NotFrozen, "must be a frozen dataclass"),
    "pickles_to_a_worker": (NotPicklable, "it cannot be pickled: PicklingError"),
    "loads_nothing_before_use": (Eager, "constructing it imports matplotlib; import at first use"),
    "returns_one_row_per_image": (TooFewRows, r"it returned \(7, 3\) for 8 images"),
    "returns_float32": (Float64, "it returned float64; it must return float32"),
    "returns_finite_numbers": (NanOfBlack, "values that are not finite"),
    "takes_any_size_and_mode": (OneSizeOnly, r"ValueError: cannot take \(1, 1\)"),
    "prepares_pixels_alike": (OtherPixels, "different rows for the same image"),
    "is_deterministic": (Random, "different rows the second time"),
    "keeps_the_order": (Reversed, "are not in the order of the images"),
    "does_not_mix_images": (Mixing, "depends on the other images in its batch"),
    "tells_images_apart": (Constant, "different images gave the same row"),
    "fingerprint_is_steady": (Wandering, "changed while its fields did not"),
    "fingerprint_follows_the_weights": (
        ForgetsWeights,
        "not depend on the bytes of 'nonconforming.py'",
    ),
    "leaves_global_state_alone": (
        Seeding,
        "state of the process: the seed of NumPy's random numbers",
    ),
    "leaves_its_images_alone": (Inverting, "it modified its input image"),
    "prints_nothing": (Printing, "it prints to standard output: 100 %"),
    "texts_share_the_space": (OtherSpace, "rows of texts and of images differ in length"),
}
"""By name of the check: the encoder that fails it, and a pattern of the message."""


def _seed() -> None:
    random.seed(0)


def _go() -> None:
    os.chdir("/")


def _set() -> None:
    os.environ["EMBEDBENCH_TEST"] = "1"


def _warn() -> None:
    import warnings

    warnings.simplefilter("ignore", DeprecationWarning)


def _raise() -> None:
    np.seterr(under="raise")


def _ignore() -> None:
    import signal

    signal.signal(signal.SIGUSR2, signal.SIG_IGN)


CHANGING: dict[str, Callable[[], None]] = {
    "the seed of Python's random numbers": _seed,
    "the working folder": _go,
    "the environment": _set,
    "the filters of warnings": _warn,
    "how NumPy takes errors": _raise,
    "the handlers of signals": _ignore,
}
"""Functions that change state of the whole process, by name."""


@dataclass(frozen=True)
class Changing(Good):
    """Changes state of the whole process."""

    what: str = ""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        CHANGING[self.what]()
        return colours(images)


class Hanging(Good):
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        time.sleep(600)
        return super().encode_texts(texts)


class Crashing(Good):
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        os._exit(1)
