"""Promises of actors, without a cluster: an answer is a result or the error that it was."""

import os
import pickle
from dataclasses import dataclass
from typing import Any

import cloudpickle
import numpy as np
import pytest

from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.errors import EncoderError
from embedbench.parallel.pool import WorkerDied
from tests.support.libraries import library

library("ray")


@dataclass(frozen=True)
class Ones(Encoder):
    def encode_batch(self, images: Any) -> np.ndarray:
        return np.ones((len(images), 1), np.float32)


def fail(words: str) -> None:
    raise EncoderError(words)


def test_an_answer_is_the_result_or_the_error_with_the_node() -> None:
    from embedbench.embedding.on_ray.actor import RayActor, result_of

    actor = RayActor(dumps(Ones()), False, os.getcwd())
    assert result_of(actor.run(cloudpickle.dumps((abs, (-3,))))) == 3
    with pytest.raises(EncoderError, match=r"too dark \(on node '.+'\)"):
        result_of(actor.run(cloudpickle.dumps((fail, ("too dark",)))))


def test_an_error_keeps_its_class() -> None:
    from embedbench.embedding.on_ray.actor import result_of

    with pytest.raises(WorkerDied, match="^gone$"):
        result_of(pickle.dumps((None, (WorkerDied, "gone"))))
