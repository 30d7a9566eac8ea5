"""Promises of the conformance kit: a good encoder passes, and each check has one that fails it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench import conformance
from embedbench.encoder import Encoder, TextEncoder
from embedbench.errors import EncoderError
from embedbench.registry import create


def colours(images: Sequence[Image.Image]) -> np.ndarray:
    """Mean colours: right in every way, to be spoilt below."""
    return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])


@dataclass(frozen=True)
class Good(TextEncoder):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[len(text), 1, hash(text) % 7] for text in texts], np.float32)


class NotFrozen(Good):
    pass


NotFrozen.__dataclass_params__ = None  # type: ignore[attr-defined]


@dataclass(frozen=True)
class NotPicklable(Good):
    hook: Callable[[], int] = field(default=lambda: 1)


@dataclass(frozen=True)
class TooFewRows(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images)[:-1]


@dataclass(frozen=True)
class OneSizeOnly(Good):
    def prepare(self, image: Image.Image) -> Image.Image:
        return image.crop((0, 0, 20, 20)) if min(image.size) > 20 else _refuse(image)


def _refuse(image: Image.Image) -> Image.Image:
    raise ValueError(f"cannot take {image.size}")


@dataclass(frozen=True)
class Random(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return colours(images) + np.random.default_rng().random((len(images), 3), np.float32)


@dataclass(frozen=True)
class Sorting(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        rows = colours(images)
        brightest_last: np.ndarray = rows[np.argsort(rows[:, 0])]
        return brightest_last


@dataclass(frozen=True)
class Mixing(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        rows = colours(images)
        return np.asarray(rows - rows.mean(axis=0))


@dataclass(frozen=True)
class Constant(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return np.ones((len(images), 3), np.float32)


@dataclass(frozen=True)
class Wandering(Good):
    def identity(self) -> dict[str, Any]:
        return {"chance": random.random()}


@dataclass(frozen=True)
class Seeding(Good):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        np.random.seed(0)
        return colours(images)


@dataclass(frozen=True)
class OtherSpace(Good):
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 5), np.float32)


FAILS = {
    "fields_are_the_identity": NotFrozen,
    "pickles_to_a_worker": NotPicklable,
    "returns_one_row_per_image": TooFewRows,
    "takes_any_size_and_mode": OneSizeOnly,
    "is_deterministic": Random,
    "keeps_the_order": Sorting,
    "does_not_mix_images": Mixing,
    "tells_images_apart": Constant,
    "fingerprint_is_steady": Wandering,
    "leaves_global_state_alone": Seeding,
    "texts_share_the_space": OtherSpace,
}


@pytest.mark.parametrize("check", conformance.CHECKS)
@pytest.mark.parametrize("encoder", [Good(), create("pixels")])
def test_a_good_encoder_passes(encoder: Encoder, check: conformance.Check) -> None:
    check(encoder)


def test_every_check_has_an_encoder_that_fails_it() -> None:
    assert set(FAILS) == {check.__name__ for check in conformance.CHECKS}


@pytest.mark.parametrize("check", conformance.CHECKS)
def test_each_check_can_fail(check: conformance.Check) -> None:
    name = check.__name__
    with pytest.raises((EncoderError, AttributeError, ValueError, TypeError)):
        check(FAILS[name]())
    assert conformance.run_checks(FAILS[name]())[name] != ""


def test_a_good_encoder_has_no_complaints() -> None:
    assert set(conformance.run_checks(Good()).values()) == {""}
