"""Promises of the digest: it follows what an object holds and does, in every process alike."""

import functools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.utils.object_digest import object_digest

SCALE = 2


def doubled(value: Any) -> Any:
    return SCALE * value


class Box:
    def __init__(self, *parts: Any) -> None:
        self.parts = parts


DIFFERENT: list[Any] = [
    None, 1, 1.0, "1", b"1", True, [1], (1,), {1}, {1: 2}, {2: 1}, Path("1"), [[1], 2], [1, [2]],
    np.arange(3), np.arange(3.0), np.arange(4).reshape(2, 2), np.arange(4), np.float32(1),
    Box(1), Box(2), Box([1]), doubled, len, functools.partial(doubled, 1),
    functools.partial(doubled, 2), np, Box, lambda: 1, lambda: 2, np.dtype("f4"), np.sqrt, np.exp,
    "ab".join,
]  # fmt: skip


def test_different_objects_have_different_digests() -> None:
    digests = [object_digest(value) for value in DIFFERENT]
    assert len(set(digests)) == len(digests)
    assert digests == [object_digest(value) for value in DIFFERENT]


def test_a_set_and_a_cycle_have_one() -> None:
    assert object_digest({"a", "b", "c"}) == object_digest({"c", "b", "a"})
    ring: list[Any] = [1]
    ring.append(ring)
    assert object_digest(ring) == object_digest(ring)


def test_a_function_follows_what_it_closes_over_and_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    def adder(more: int) -> Any:
        return lambda value: doubled(value) + more

    assert object_digest(adder(1)) == object_digest(adder(1)) != object_digest(adder(2))
    before = object_digest(adder(1))
    monkeypatch.setitem(globals(), "SCALE", 3)
    assert object_digest(adder(1)) != before


def test_it_is_the_same_in_another_process() -> None:
    program = (
        "import functools, numpy as np\n"
        "from embedbench.utils.object_digest import object_digest\n"
        "def twice(value):\n    return 2 * value if value in {'x', 'y', 'z'} else 1\n"
        "value = [functools.partial(twice, 3), {'x', 'y', 'z'}, np.arange(5), {'k': (1, None)}]\n"
        "print(object_digest(value))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout != ""


def test_what_cannot_be_looked_into_is_an_error(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(TypeError):
        object_digest(file)
