"""Promises of pickling: an encoder of a notebook travels, and one that cannot is named."""

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.errors import EncoderError

GREY = [Image.new("RGB", (4, 4), (51, 51, 51))]


def test_a_class_that_no_module_holds_travels_to_another_process(
    colour_encoder: Callable[..., Encoder],
) -> None:
    program = (
        "import pickle, sys; from PIL import Image\n"
        "encoder = pickle.loads(sys.stdin.buffer.read())\n"
        "print(encoder.side, encoder.encode([Image.new('RGB', (4, 4), (51, 51, 51))]).tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=dumps(colour_encoder(side=1)), capture_output=True,
        check=True,
    )  # fmt: skip
    expected = np.float32(51) / np.float32(255)
    assert done.stdout.decode().split() == ["1", *str([[float(expected)] * 3]).split()]


def test_a_cached_property_travels_and_is_still_computed_once() -> None:
    @dataclass(frozen=True)
    class Cached(Encoder):
        @cached_property
        def scale(self) -> float:
            self.count()
            return 2.0

        def count(self) -> None:
            object.__setattr__(self, "calls", getattr(self, "calls", 0) + 1)

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.full((len(images), 1), self.scale, np.float32)

    copy = pickle.loads(dumps(Cached()))
    assert [copy.encode(GREY).tolist() for _ in range(2)] == [[[2.0]], [[2.0]]]
    assert copy.calls == 1


def test_an_encoder_that_cannot_travel_is_an_error_that_says_why() -> None:
    @dataclass(frozen=True)
    class Locked(Encoder):
        lock: Any

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.zeros((len(images), 1), np.float32)

    with pytest.raises(EncoderError, match="cannot be sent to its process: TypeError: .*lock"):
        dumps(Locked(threading.Lock()))
