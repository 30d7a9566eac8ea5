"""The encoder that a worker process holds: how it gets there, is loaded and tried out."""

import gc
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_type_hints

import cloudpickle
from PIL import Image

from embedbench.encoder import Encoder, Facts, Vectors, join_rows
from embedbench.encoders.row_order import check_row_order, is_close, probe_images, shifted_by_one
from embedbench.errors import EncoderError
from embedbench.utils.messages import describe_error, one_line
from embedbench.utils.offline import forbid_network

__all__ = ["Placement", "WorkerState", "check_facts", "encode_rows", "init_worker", "state"]

_GREY = Image.new("RGB", (64, 64), "grey")
"""What an encoder is loaded with."""

_TRIED = 8
"""On so many pictures it is seen whether rows stand in the order of the images."""


@dataclass(frozen=True)
class Placement:
    """Where and how an encoder runs in its worker.

    Attributes:
        variant: which of its variants, by number.
        device: as `Facts` tells it.
        threads: how many open and prepare images beside the device; one on a CPU.
    """

    variant: int = 0
    device: str = "cpu"
    threads: int = 1


@dataclass
class WorkerState:
    """What a worker process keeps between calls: one encoder.

    Attributes:
        pickled: the encoder as it was sent.
        folder: the one that files are named from.
        place: of the variant in use.
        variant: that one; None before the first.
        at_once: how many images it takes at once, fewer where memory was found to be too small.
        beat: called after each batch: a sign of life for who waits for many.
    """

    pickled: bytes
    folder: str = field(default_factory=os.getcwd)
    place: Placement = Placement(-1)
    variant: Encoder | None = None
    at_once: int = 0
    beat: Callable[[], object] = lambda: None

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder as it was sent, with nothing loaded."""
        try:
            made: Encoder = cloudpickle.loads(self.pickled)
        except BaseException as error:
            traceback.print_exc()
            raise EncoderError(f"it cannot be loaded: {describe_error(error)}") from None
        return made

    def take(self, place: Placement) -> Encoder:
        """Return the variant for this place; another one, and its weights, are let go of."""
        if self.variant is None or self.place != place:
            variant = self.encoder.variants(place.device)[place.variant]
            if variant != self.variant:
                self.variant, self.at_once = variant, variant.batch_size
            self.place = place
        return self.variant

    def take_loaded(self, place: Placement) -> Encoder:
        """Return the variant for this place, loaded and compiled, so that this is not timed.

        It encodes a grey image, as often as it takes images at once.
        """
        before, encoder = self.variant, self.take(place)
        if encoder is not before:
            _, self.at_once = encode_rows(encoder, [encoder.prepare(_GREY)], self.at_once)
        return encoder

    def try_out(self, encoder: Encoder) -> None:
        """Raise EncoderError if its rows are not in the order of the images; it is loaded."""
        images = [encoder.prepare(one) for one in probe_images(min(self.at_once, _TRIED))]
        rows, moved = (
            encode_rows(encoder, some, self.at_once)[0] for some in (images, shifted_by_one(images))
        )
        try:
            check_row_order(rows, moved)
        except EncoderError:
            if is_close(encode_rows(encoder, images, self.at_once)[0], rows):
                raise  # else it is chance that moves them


_held: list[WorkerState] = []


def init_worker(pickled: bytes, offline: bool) -> None:
    """Keep the encoder for the calls to come; without a network if `offline`."""
    if offline:
        forbid_network()
    _held[:] = [WorkerState(pickled)]


def state() -> WorkerState:
    """Return what this process holds."""
    return _held[0]


def encode_rows(encoder: Encoder, images: Sequence[Any], at_once: int) -> tuple[Vectors, int]:
    """Return the rows, and how many images fitted at once: half as many where memory gave out."""
    while True:
        try:
            parts = [
                encoder.encode_prepared(images[start : start + at_once], at_once)
                for start in range(0, len(images), at_once)
            ]
            return join_rows(parts), at_once
        except MemoryError as error:
            if at_once == 1:
                raise EncoderError("out of memory with one image at a time") from error
            at_once //= 2
        gc.collect()  # a traceback may still hold what did not fit


def check_facts(facts: Any) -> Facts:
    """Return the facts if they are such as the tables can show.

    Raises:
        EncoderError: they are not.
    """
    if not isinstance(facts, Facts):
        raise EncoderError(f"its facts are a {type(facts).__name__}; they must be Facts")
    kinds = {name: type(None) | kind for name, kind in get_type_hints(Facts).items()}
    for name, kind in kinds.items():
        value = getattr(facts, name)
        if not isinstance(value, kind) or (value is None and name in ("device", "devices")):
            raise EncoderError(f"its facts say {name}={one_line(repr(value))}, which cannot be")
    if facts.devices < 1:
        raise EncoderError(f"its facts say devices={facts.devices}, which cannot be")
    return facts
