"""Promises of kinds: an object is recognised by its classes, and described in few words."""

import io
from pathlib import Path

import numpy as np
import pytest

from embedbench.utils.kinds import described, is_of


class Inner(io.BytesIO):
    pass


def test_classes_that_inherit_are_of_the_class_too() -> None:
    assert is_of(Inner(), "_io", "BytesIO") and is_of(Inner(), "_io")
    assert not is_of(Inner(), "_io", "StringIO") and not is_of("_io", "_io")
    assert is_of(np.float32(1), "numpy") and not is_of(1, "numpy.")


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "None"), (3, "an int"), (Path(), "a pathlib."), (np.zeros(1), "a numpy.ndarray")],
)
def test_objects_are_described(value: object, words: str) -> None:
    assert described(value).startswith(words)
