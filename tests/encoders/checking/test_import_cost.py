"""Promises of the import cost: what loads at construction is found, what waits for use passes."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from embedbench.encoder import Encoder
from embedbench.encoders.checking import import_cost
from embedbench.encoders.checking.import_cost import HEAVY, check_import_cost
from embedbench.errors import EncoderError
from tests.support.nonconforming import Eager, Good


def test_a_heavy_library_is_one_that_takes_long() -> None:
    assert {"torch", "tensorflow", "keras", "transformers", "timm"} <= set(HEAVY)


def test_an_encoder_that_imports_at_first_use_passes() -> None:
    check_import_cost(Good(offset=1.0))


def test_a_heavy_import_at_construction_is_named() -> None:
    with pytest.raises(EncoderError, match="constructing it imports matplotlib"):
        check_import_cost(Eager())


def test_a_slow_construction_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Busy(Encoder):
        def __post_init__(self) -> None:
            end = time.process_time() + 0.3
            while time.process_time() < end:
                pass

        def encode_batch(self, images: Any) -> np.ndarray:
            raise NotImplementedError

    monkeypatch.setattr(import_cost, "_MOST_SECONDS", 0.2)
    with pytest.raises(EncoderError, match=r"constructing it takes 0\.[3-9] seconds"):
        check_import_cost(Busy())
