"""State of an encoding worker: the unpickled encoder and its selected variant."""

import gc
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import cloudpickle
from PIL import Image

from embedbench.encoder import Encoder, Vectors, join_rows
from embedbench.encoders.checking.row_order import check_row_order, is_close, shifted_by_one
from embedbench.errors import EncoderError
from embedbench.utils.messages import describe_error
from embedbench.utils.offline import forbid_network

__all__ = ["Placement", "WorkerState", "encode_rows", "init_worker", "state"]

_GREY = Image.new("RGB", (64, 64), "grey")
"""Encoded first, so that the encoder is loaded."""

_CHECKED = 8
"""Images on which the order of the rows is checked, at most."""


@dataclass(frozen=True)
class Placement:
    """Where and how an encoder runs in its worker.

    Attributes:
        variant: number of the encoder's variant.
        device: as in `Facts`.
        threads: threads that open and prepare images while the device computes; one on a CPU,
            unless the worker has several.
    """

    variant: int = 0
    device: str = "cpu"
    threads: int = 1


@dataclass
class WorkerState:
    """What a worker process keeps between calls: one encoder.

    Attributes:
        pickled: the encoder as it was sent.
        folder: the folder that relative paths start from.
        placement: of the variant in use.
        variant: the variant in use; None before the first.
        at_once: images that it encodes at once; fewer after memory ran out.
        heartbeat: called after each batch, so that a caller who waits for many sees progress.
    """

    pickled: bytes
    folder: str = field(default_factory=os.getcwd)
    placement: Placement = Placement(-1)
    variant: Encoder | None = None
    at_once: int = 0
    heartbeat: Callable[[], object] = lambda: None

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder as it was sent, with nothing loaded."""
        try:
            encoder: Encoder = cloudpickle.loads(self.pickled)
        except BaseException as error:
            traceback.print_exc()
            raise EncoderError(f"it cannot be loaded: {describe_error(error)}") from None
        return encoder

    def select_variant(self, placement: Placement) -> Encoder:
        """Return the variant for this placement; forget another one, with its weights."""
        if self.variant is None or self.placement != placement:
            variant = self.encoder.variants(placement.device)[placement.variant]
            if variant != self.variant:
                self.variant, self.at_once = variant, variant.batch_size
            self.placement = placement
        return self.variant

    def load_variant(self, placement: Placement) -> Encoder:
        """Return the variant for this placement, loaded and compiled: it encodes a grey image."""
        before, encoder = self.variant, self.select_variant(placement)
        if encoder is not before:
            _, self.at_once = encode_rows(encoder, [self.grey(encoder)], self.at_once)
        return encoder

    def grey(self, encoder: Encoder) -> Any:
        """Return a grey image as the encoder wants it."""
        return encoder.prepare(_GREY)

    def check_row_order(self, images: Sequence[Any], rows: Vectors) -> None:
        """Raise EncoderError if these rows are not in the order of their prepared images.

        Only the first few are encoded again, shifted by one.
        """
        assert self.variant is not None
        few = min(len(images), self.at_once, _CHECKED)
        again = partial(encode_rows, self.variant, at_once=self.at_once)
        images, rows = list(images[:few]), rows[:few]
        try:
            check_row_order(rows, again(shifted_by_one(images))[0])
        except EncoderError:
            if is_close(again(images)[0], rows):
                raise  # otherwise they are not deterministic


_states: list[WorkerState] = []


def init_worker(pickled: bytes, offline: bool) -> None:
    """Keep the encoder for later calls; forbid the network if `offline`."""
    if offline:
        forbid_network()
    _states[:] = [WorkerState(pickled)]


def state() -> WorkerState:
    """Return the state of this process."""
    return _states[0]


def encode_rows(encoder: Encoder, images: Sequence[Any], at_once: int) -> tuple[Vectors, int]:
    """Return the rows, and how many images fit in memory at once: halved until they do."""
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
