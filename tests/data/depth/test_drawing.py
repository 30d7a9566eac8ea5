"""Promises of what is asked for: its forms, and errors that name the right one."""

from typing import Any

import pytest

from embedbench.data.depth.drawing import Drawing, read_drawing
from embedbench.errors import InputError


def read(**given: Any) -> Drawing:
    names = ("bands", "depth", "value_range", "plane")
    return read_drawing(**{name: given.get(name) for name in names})


def test_all_that_may_be_asked_for() -> None:
    assert read() == Drawing() and read().asks == []
    asked = read(bands="4, 3,2", depth=12, plane=5)
    assert asked == Drawing((4, 3, 2), 12, None, 5) and asked.asks == ["bands", "depth", "plane"]
    assert read(value_range="-200..300").limits == (-200, 300)
    assert read(value_range="0.5..1.5").limits == (0.5, 1.5)
    assert read(bands="2").bands == (2,)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"bands": "1,2"}, "`bands` must be one or three numbers from 1, .* not '1,2'"),
        ({"bands": "0,1,2"}, "not '0,1,2'"),
        ({"bands": "red"}, "not 'red'"),
        ({"depth": 0}, "`depth` must be from 1 to 64 bits; not 0"),
        ({"value_range": "3000"}, "`range` must be LOW..HIGH, such as 0..3000; not '3000'"),
        ({"value_range": "5..5"}, "not '5..5'"),
        ({"value_range": "nan..5"}, "not 'nan..5'"),
        ({"plane": 0}, "`plane` must be at least 1; not 0"),
        ({"depth": 8, "value_range": "0..1"}, "exclude each other"),
    ],
)
def test_what_cannot_be_is_an_error(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(**given)
