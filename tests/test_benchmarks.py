"""The benchmarks' ruler: ratios and targets by hand."""

import pytest

from measure import at_least, at_most, interleaved, ratio, table, told


def test_a_ratio_is_the_median_of_the_repetitions_own_ratios() -> None:
    assert ratio([2.0, 9.0, 8.0], [1.0, 3.0, 2.0]) == (3.0, 2.0, 4.0)


def test_repetitions_that_lack_a_partner_are_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_a_target_is_held_by_the_median_and_its_edge() -> None:
    assert at_least("speed", 2.0, (2.0, 1.0, 3.0)).met
    assert not at_least("speed", 2.0, (1.99, 1.0, 3.0)).met
    assert at_most("delay", 0.25, (0.25, 0.1, 0.9)).met
    assert not at_most("delay", 0.25, (0.26, 0.1, 0.9)).met


def test_ways_are_run_in_turn_and_back() -> None:
    called: list[str] = []
    ways = {name: lambda name=name: called.append(name) for name in "ab"}
    seconds = interleaved(ways, 3)
    assert called == ["a", "b", "b", "a", "a", "b"]
    assert {name: len(taken) for name, taken in seconds.items()} == {"a": 3, "b": 3}


def test_the_table_says_what_was_missed_and_nothing_where_there_is_no_target() -> None:
    rows = [at_least("speed", 2, (1.5, 1.0, 3.0), note="8 images"), told("size", (4.0, 4.0, 4.0))]
    assert table(rows).splitlines()[2:] == [
        "| speed (8 images) | 2 or more | 1.5 times | 1 to 3 | **no** |",
        "| size |  | 4 times | 4 to 4 |  |",
    ]
