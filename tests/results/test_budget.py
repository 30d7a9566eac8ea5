"""Promises of budgets: what a text means, what is refused, and how limits are told."""

import pytest

from embedbench.errors import InputError
from embedbench.results.budget import Budget, budget_lines, read_budget


@pytest.mark.parametrize(
    ("at_least", "at_most", "budget"),
    [
        ("50/s", None, Budget(50.0, None)),
        (" 0.5 / s", "512B", Budget(0.5, 512)),
        (50, "1kB", Budget(50.0, 1000)),
        (None, "1.5 MB", Budget(None, 1_500_000)),
    ],
)
def test_speeds_and_sizes_are_read(at_least: object, at_most: object, budget: Budget) -> None:
    assert read_budget(at_least, at_most) == budget and budget
    assert not read_budget()


@pytest.mark.parametrize(
    "text", ["fast", "0/s", "-1/s", "nan/s", "1e3/s", "50/min", "", "9" * 5000]
)
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="^`at_least` must be images a second such as 50/s; not"):
        read_budget(text)


@pytest.mark.parametrize("text", ["small", "0B", "1", "-1kB", "1kiB", "0.5B", ""])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="^`at_most` must be a size such as 1kB or 512B; not"):
        read_budget(None, text)


def test_limits_are_told_with_every_digit_that_tells_them_apart() -> None:
    assert str(Budget(49.96, 1001)) == (
        "at least 49.96 images a second and at most 1,001 bytes an image"
    )
    assert str(Budget(50.0)) == "at least 50 images a second"
    assert str(Budget(None, 1)) == "at most 1 byte an image"


def test_each_purpose_has_a_line_and_there_is_none_without_a_budget() -> None:
    verdicts = {"search": {"budget": {"sentences": ["One.", "Two."]}}, "clustering": {}}
    assert budget_lines({"verdicts": verdicts}) == ["search: One. Two."]
    assert budget_lines({}) == []
