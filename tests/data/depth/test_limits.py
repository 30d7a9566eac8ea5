"""Promises of limits: the depth that all images use, robust limits, and what is said of them."""

import numpy as np
import pytest

from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.limits import Look, choose_rendering, remarks_on
from embedbench.data.images.deep.raster import Kind


def look(kind: Kind, *values: float) -> Look:
    numbers = np.array(values, dtype=np.float64)
    return Look(True, kind, float(numbers.min()), float(numbers.max()), numbers)


@pytest.mark.parametrize(
    ("highest", "limits"),
    [(255, 255), (256, 1023), (1024, 4095), (4095, 4095), (4096, 16383), (65535, 65535)],
)
def test_unsigned_integers_get_the_depth_that_holds_all(highest: float, limits: float) -> None:
    rendering = choose_rendering([look("unsigned", 0, 9), look("unsigned", highest)], Drawing())
    assert rendering.unsigned == (0, limits) and rendering.whole == ("unsigned",)


def test_signed_integers_without_negative_ones_have_a_depth_too() -> None:
    assert choose_rendering([look("signed", 0, 4000)], Drawing()).signed == (0, 4095)
    assert choose_rendering([look("signed", 0, 32767)], Drawing()).signed == (0, 32767)


def test_numbers_from_0_to_1_are_drawn_as_such() -> None:
    assert choose_rendering([look("float", 0.2, 0.8)], Drawing()).floating == (0, 1)


def test_other_numbers_get_limits_that_a_few_do_not_move() -> None:
    values = np.linspace(-5, 15, 20_001)
    spoiled = np.append(values, [1e9, -1e9])
    found = Look(True, "float", -1e9, 1e9, spoiled)
    low, high = choose_rendering([found], Drawing()).floating or (0, 0)
    assert abs(low + 5) < 0.05 and abs(high - 15) < 0.05


def test_one_value_everywhere_is_no_error() -> None:
    rendering = choose_rendering([look("float", 7, 7)], Drawing())
    assert rendering.floating is not None and rendering.floating[0] < rendering.floating[1]


def test_what_is_asked_for_holds() -> None:
    looks = [look("unsigned", 0, 60_000), look("float", 0, 9)]
    rendering = choose_rendering(looks, Drawing(depth=12, bands=(1,), plane=2))
    assert rendering.unsigned == (0, 4095) and rendering.told == ("unsigned", "signed")
    assert (rendering.bands, rendering.plane, rendering.whole) == ((1,), 2, ())
    rendering = choose_rendering(looks, Drawing(limits=(2.0, 5.0)))
    assert rendering.unsigned == rendering.floating == (2, 5)


def test_everything_is_said() -> None:
    looks = [
        look("unsigned", 0, 4000),
        look("float", -1, 5),
        Look(True, states_limits=True, has_missing=True, planes=7),
        Look(True, bands=5, planes=3),
        Look(True, bands=2),
    ]
    said = "\n".join(remarks_on(looks, choose_rendering(looks, Drawing()), True))
    for part in (
        "1 deep image: 12 bits are taken for all of them, as no value in a sample of them goes "
        "beyond 4,095",
        "all but 0.1 % at either end",
        "drawn by the range that the file states",
        "values that are no data are drawn black",
        "the first 3 of 5 bands",
        "the first of 2 bands",
        "the first of 3 to 7 planes",
    ):
        assert part in said
    assert remarks_on([Look()], choose_rendering([Look()], Drawing()), False) == []
