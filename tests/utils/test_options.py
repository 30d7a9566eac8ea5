"""Promises of options: made from fields, nested ones in their place, read back from keywords."""

from dataclasses import MISSING, dataclass
from typing import Any

from embedbench.utils.options import as_list, from_keywords, list_options, option, value_of


@dataclass(frozen=True)
class Oven:
    kind: str = option("gas", "--oven", metavar="NAME", help="Which oven.", keyword="oven")
    degrees: int | None = option(None, "--degrees", kind=int, help="How hot.", shown_default="180")


@dataclass(frozen=True)
class Cake:
    flour: Any = option(MISSING, kind=list, is_file=True)
    layers: int = option(2, "-n", "--layer-count", kind=int, help="How many.")
    oven: Oven = Oven()
    vegan: bool = option(False, "--vegan", kind=bool, help="No eggs.")


def test_nested_options_are_listed_in_the_order_of_the_fields() -> None:
    assert [one.keyword for one in list_options(Cake)] == [
        "flour", "layers", "oven", "degrees", "vegan",
    ]  # fmt: skip
    assert [one.word for one in list_options(Cake)] == [
        "flour", "layer-count", "oven", "degrees", "vegan",
    ]  # fmt: skip


def test_the_help_shows_the_default() -> None:
    assert [one.help for one in list_options(Cake)] == [
        "", "How many.  [default: 2]", "Which oven.  [default: gas]", "How hot.  [default: 180]",
        "No eggs.",
    ]  # fmt: skip


def test_options_are_created_from_keywords_and_read_back() -> None:
    cake = from_keywords(Cake, {"flour": ["rye"], "oven": "wood", "vegan": True, "other": 1})
    assert cake == Cake(["rye"], oven=Oven("wood"), vegan=True)
    assert [value_of(cake, one) for one in list_options(Cake)] == [["rye"], 2, "wood", None, True]


def test_one_text_is_a_list_of_one() -> None:
    assert as_list("blur:1") == ["blur:1"] and as_list(("a", "b")) == ["a", "b"]
