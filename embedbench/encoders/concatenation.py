"""Encoders side by side: `concat:A+B` has the unit vectors of both, one after the other."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from embedbench.encoder import Encoder, Facts, Pixels, TextEncoder, combine
from embedbench.encoders.record import EncoderRecord
from embedbench.errors import InputError
from embedbench.vectors import check_rows, join_rows, side_by_side

__all__ = ["CONCAT", "Concatenation", "joined_record", "parts_of", "specs_of_parts"]

CONCAT = "concat"
"""The name of such a spec, before its colon."""


@dataclass(frozen=True)
class Concatenation(TextEncoder):
    """Several encoders side by side: the unit vectors of each, one after the other.

    The cosine of two images is the mean of the encoders' cosines. In a comparison, vectors that an
    encoder has made already are not made again.

    Attributes:
        parts: the encoders, two or more.
    """

    parts: tuple[Encoder, ...]

    examples: ClassVar[tuple[str, ...]] = ("concat:timm+pixels",)

    @property
    def reads_texts(self) -> bool:
        """Whether all of them do."""
        return all(isinstance(part, TextEncoder) and part.reads_texts for part in self.parts)

    def identity(self) -> dict[str, Any]:
        """Return the class, and the identity of each encoder."""
        return {"class": CONCAT, "parts": [part.identity() for part in self.parts]}

    def weights_files(self) -> list[Path]:
        """Return the files of all of them."""
        return [file for part in self.parts for file in part.weights_files()]

    def facts(self) -> Facts:
        """Return the sum of the parameters, and the other facts of each."""
        return _joined_facts([part.facts() for part in self.parts])

    def prepare(self, image: Image.Image) -> tuple[Any, ...]:
        """Return the image as each encoder wants it."""
        return tuple(part.prepare(image) for part in self.parts)

    def prepare_pixels(self, pixels: Pixels) -> tuple[Any, ...]:
        """Return the image as each encoder wants it."""
        return tuple(part.prepare_pixels(pixels) for part in self.parts)

    def encode_batch(self, images: Sequence[tuple[Any, ...]]) -> np.ndarray:
        """Return the unit vectors of the encoders side by side."""
        rows = []
        for part, prepared in zip(self.parts, zip(*images, strict=True), strict=True):
            starts, size = range(0, len(prepared), part.batch_size), part.batch_size
            rows.append(join_rows([part.encode_prepared(prepared[i : i + size]) for i in starts]))
        return side_by_side(rows)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return the same of texts; every encoder must read them."""
        readers = [part for part in self.parts if isinstance(part, TextEncoder)]
        return side_by_side([check_rows(part.encode_texts(texts), len(texts)) for part in readers])


def specs_of_parts(spec: str) -> list[str]:
    """Return the specs of the encoders of `concat:A+B`; none of another spec.

    Raises:
        InputError: there are fewer than two, one is empty, twice there, or a concatenation.
    """
    name, _, rest = spec.strip().partition(":")
    if name.strip() != CONCAT:
        return []
    specs = [part.strip() for part in rest.split("+")]
    if any(part.partition(":")[0] == CONCAT for part in specs):
        raise InputError(f"'{CONCAT}' holds no other: name all encoders in one, {CONCAT}:A+B+C")
    if len(set(specs)) < len(specs):
        raise InputError(f"'{spec}' has the same encoder twice")
    if len(specs) < 2 or not all(specs):
        raise InputError(f"'{CONCAT}' takes two encoders or more: {CONCAT}:A+B; not '{spec}'")
    return specs


def parts_of(encoder: Encoder) -> tuple[Encoder, ...]:
    """Return the encoders of which one is made, itself if it is no concatenation."""
    return encoder.parts if isinstance(encoder, Concatenation) else (encoder,)


def joined_record(encoder: Concatenation, records: Sequence[EncoderRecord]) -> EncoderRecord:
    """Return the record of a concatenation: times and sizes of its encoders, which run in turn.

    Args:
        encoder: the concatenation.
        records: of its encoders, in their order.
    """
    return EncoderRecord(
        fingerprint=combine(encoder.identity(), [record.fingerprint for record in records]),
        weights=tuple(dict.fromkeys(file for record in records for file in record.weights)),
        facts=_joined_facts([record.facts for record in records]),
        dim=_over(sum, (record.dim for record in records)),
        load_seconds=_over(sum, (record.load_seconds for record in records)),
        peak_memory_mb=_over(sum, (record.peak_memory_mb for record in records)),
        images_per_second=_over(_in_turn, (record.images_per_second for record in records)),
        latency_ms=_over(sum, (record.latency_ms for record in records)),
        workers=_over(min, (record.workers for record in records)),
        precision=_in_words(record.precision for record in records),
        compiled=_over(any, (record.compiled for record in records)),
    )


def _joined_facts(facts: Sequence[Facts]) -> Facts:
    return Facts(
        parameters=_over(sum, (one.parameters for one in facts)),
        licence=_in_words(one.licence for one in facts),
        pretrained_on=_in_words(one.pretrained_on for one in facts),
        weights=_in_words(one.weights for one in facts),
        revision=_in_words(one.revision for one in facts),
        pooling=_in_words(one.pooling for one in facts),
        image_size=_in_words(one.image_size for one in facts),
        device=" + ".join(dict.fromkeys(one.device for one in facts)),
        devices=max(one.devices for one in facts),
    )


def _in_turn(speeds: Sequence[float]) -> float:
    """Return the images a second of encoders that each see every image."""
    return round(1 / sum(1 / speed for speed in speeds), 2)


def _over(function: Callable[[list[Any]], Any], values: Iterable[Any]) -> Any:
    """Return a function of the values, None unless all are known."""
    found = list(values)
    return None if any(value is None for value in found) else function(found)


def _in_words(values: Iterable[Any]) -> str | None:
    """Return the different known values, joined by a plus; None if none is known."""
    return " + ".join(dict.fromkeys(str(value) for value in values if value is not None)) or None
