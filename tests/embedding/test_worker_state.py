"""Promises of a worker's state: one variant at a time, memory that runs out, rows in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from embedbench.embedding.worker_state import (
    Placement,
    WorkerState,
    encode_rows,
    init_worker,
    state,
)
from embedbench.encoder import Encoder
from embedbench.encoders.checking.row_order import probe_images
from embedbench.encoders.pickling import dumps
from embedbench.errors import EncoderError


@dataclass(frozen=True)
class Sized(Encoder):
    """Row i is the mean colour of image i; takes at most `most` images at once."""

    most: int = 8
    batch_size: int = 8

    def variants(self, device: str) -> Sequence[Encoder]:
        return self, replace(self, batch_size=16)

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        if len(images) > self.most:
            raise MemoryError
        return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])


class Backwards(Sized):
    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return super().encode_batch(images)[::-1].copy()


def test_a_process_holds_the_encoder_that_it_was_started_with() -> None:
    init_worker(dumps(Sized(5)), offline=False)
    assert state().encoder == Sized(5)


def test_a_variant_stays_until_another_one_is_selected() -> None:
    worker = WorkerState(dumps(Sized()))
    first = worker.select_variant(Placement(0))
    assert worker.select_variant(Placement(0)) is first and worker.at_once == 8
    assert worker.select_variant(Placement(1)) == Sized(batch_size=16) and worker.at_once == 16


def test_loading_a_variant_finds_out_how_many_images_fit() -> None:
    worker = WorkerState(dumps(Sized(most=2)))
    worker.load_variant(Placement(0))
    assert worker.at_once == 2


def test_a_batch_that_does_not_fit_is_halved_and_one_image_must_fit() -> None:
    images = probe_images(5)
    rows, at_once = encode_rows(Sized(most=3), images, 8)
    assert at_once == 2
    np.testing.assert_array_equal(rows, Sized().encode(images))
    with pytest.raises(EncoderError, match="out of memory with one image at a time"):
        encode_rows(Sized(most=0), images, 8)


def test_rows_in_another_order_are_an_error() -> None:
    for encoder, is_wrong in ((Sized(), False), (Backwards(), True)):
        worker, images = WorkerState(dumps(encoder)), probe_images(20)
        rows, _ = encode_rows(worker.load_variant(Placement()), images, worker.at_once)
        if not is_wrong:
            worker.check_row_order(images, rows)
            continue
        with pytest.raises(EncoderError, match="order of the images"):
            worker.check_row_order(images, rows)


def test_an_encoder_that_cannot_be_loaded_is_one_line() -> None:
    with pytest.raises(EncoderError, match="it cannot be loaded: "):
        _ = WorkerState(b"no pickle").encoder
