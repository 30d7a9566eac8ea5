"""Promises of encoders side by side: `concat:A+B` is an encoder, with the sum of what both cost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.preprocessing import normalize

from embedbench.encoder import Encoder, Facts, TextEncoder
from embedbench.encoders.concatenation import (
    Concatenation,
    joined_record,
    parts_of,
    specs_of_parts,
)
from embedbench.encoders.record import EncoderRecord, WeightsFile
from embedbench.encoders.registry import create_encoder, create_encoders, encoder_class
from embedbench.errors import InputError, UnknownEncoderError
from embedbench.utils.spec import Spec

MakeEncoder = Callable[..., Encoder]
COLOURS = [
    Image.fromarray(pixels)
    for pixels in np.random.default_rng(0).integers(0, 256, (11, 9, 7, 3), np.uint8)
]


@dataclass(frozen=True)
class Lengths(TextEncoder):
    """Reads texts, in small batches."""

    batch_size: int = 3

    def encode_batch(self, images: Any) -> np.ndarray:
        assert len(images) == 3
        return np.array([[image.width, image.height, 1] for image in images], np.float32)

    def encode_texts(self, texts: Any) -> np.ndarray:
        return np.array([[len(text), 0, 1] for text in texts], np.float32)

    def facts(self) -> Facts:
        return Facts(parameters=3, licence="MIT", weights="lengths", image_size="9x7")


def test_its_rows_are_the_unit_rows_of_its_encoders(colour_encoder: MakeEncoder) -> None:
    parts = (colour_encoder(), Lengths(), colour_encoder(side=1))
    expected = np.hstack([normalize(part.encode(COLOURS)) for part in parts])
    np.testing.assert_allclose(Concatenation(parts).encode(COLOURS), expected, atol=1e-6)


def test_a_spec_names_its_encoders_and_their_fields() -> None:
    found = create_encoder("concat: pixels + timm:resnet18,pretrained=false")
    assert parts_of(found) == (
        create_encoder("pixels"), create_encoder("timm:resnet18,pretrained=false"),
    )  # fmt: skip
    specs = ["concat:pixels+timm:resnet18,pretrained=false", "pixels"]
    assert list(create_encoders(specs)) == specs
    assert list(create_encoders([found])) == ["concat:PixelsEncoder+TimmEncoder:resnet18,"
                                              "pretrained=false"]  # fmt: skip
    assert specs_of_parts("pixels") == [] and encoder_class(Spec("concat", None, {}))


@pytest.mark.parametrize("spec", ["concat", "concat:", "concat:pixels", "concat:pixels+"])
def test_fewer_than_two_encoders_are_an_error(spec: str) -> None:
    with pytest.raises(InputError, match="takes two encoders or more: concat:A"):
        create_encoder(spec)


def test_the_same_encoder_twice_or_a_concatenation_inside_is_an_error() -> None:
    with pytest.raises(InputError, match="has the same encoder twice"):
        create_encoder("concat:pixels + pixels")
    with pytest.raises(InputError, match="name all encoders in one, concat:A"):
        create_encoder("concat:concat:timm+pixels+conse")


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(UnknownEncoderError, match="unknown encoder 'clop'"):
        create_encoder("concat:pixels+clop")


def test_it_reads_texts_if_all_of_its_encoders_do(colour_encoder: MakeEncoder) -> None:
    both = Concatenation((Lengths(), Lengths(batch_size=3)))
    assert both.reads_texts and not Concatenation((Lengths(), colour_encoder())).reads_texts
    unit = np.array([3, 0, 1]) / 10**0.5
    np.testing.assert_allclose(both.encode_texts(["abc"]), [[*unit, *unit]], 1e-6)


def test_its_identity_changes_with_each_part(colour_encoder: MakeEncoder) -> None:
    one, other = colour_encoder(), colour_encoder(side=1)
    prints = {Concatenation(pair).fingerprint() for pair in [(one, other), (other, one)]}
    assert len(prints) == 2
    assert Concatenation((one, other)).fingerprint() in prints


def test_its_record_has_the_sum_of_what_both_cost() -> None:
    encoder = Concatenation((Lengths(), Lengths()))
    file = WeightsFile("a.bin", 10**6, 0, "ab")
    left = EncoderRecord(
        "left", (file,), Facts(3, "MIT"), 8, 1.5, 300, 30.0, 4.0, 2, "bfloat16", 8, False
    )
    right = replace(left, facts=Facts(4, "CC0"), dim=4, images_per_second=60.0, workers=1)
    found = joined_record(encoder, [left, right])
    assert (found.dim, found.facts.parameters, found.facts.licence) == (12, 7, "MIT + CC0")
    # 100 images take 100 / 30 and 100 / 60 seconds: 100 in 5, 20 a second.
    assert (found.images_per_second, found.latency_ms, found.load_seconds) == (20.0, 8.0, 3.0)
    assert (found.peak_memory_mb, found.weights_mb, found.precision) == (600, 1.0, "bfloat16")
    unknown = joined_record(encoder, [left, EncoderRecord("other", (), Facts())])
    assert (unknown.images_per_second, unknown.dim, unknown.facts.parameters) == (None, None, None)
