"""Promises of the list of options: the call, the command line and TOML have every one of them."""

import inspect
from dataclasses import MISSING
from pathlib import Path

import pytest

from embedbench import compare
from embedbench.cli.toml import read_toml
from embedbench.comparison.options import OPTIONS
from embedbench.utils.options import Option


def test_compare_has_a_parameter_for_each_option_with_its_default_in_the_same_order() -> None:
    parameters = inspect.signature(compare).parameters.values()
    assert [(one.name, one.default) for one in parameters] == [
        (one.keyword, inspect.Parameter.empty if one.default is MISSING else one.default)
        for one in OPTIONS
    ]


def test_compare_explains_every_option() -> None:
    text = inspect.getdoc(compare) or ""
    assert [one.keyword for one in OPTIONS if f"\n    {one.keyword}: " not in text] == []


def test_keywords_words_and_flags_are_each_one_options_alone() -> None:
    for names in ([one.keyword for one in OPTIONS], [one.word for one in OPTIONS]):
        assert len(set(names)) == len(names)
    flags = [flag for one in OPTIONS for flag in one.flags]
    assert len(set(flags)) == len(flags) and all(flag.startswith("-") for flag in flags)


@pytest.mark.parametrize("one", [one for one in OPTIONS if one.flags], ids=lambda one: one.word)
def test_every_option_has_a_help_and_a_value_in_it_unless_it_is_a_flag(one: Option) -> None:
    assert one.help[0].isupper() or one.help.split()[0].rstrip(",") in {
        "kmeans", "pca", "NAME[:MODEL][",
    }  # fmt: skip
    assert (one.metavar is None) == (one.kind is bool)


@pytest.mark.parametrize("one", OPTIONS, ids=lambda one: one.word)
def test_every_option_is_a_word_of_a_toml_file(one: Option, tmp_path: Path) -> None:
    texts = {str: '"a"', int: "3", float: "2.5", bool: "true", list: '["a", "b"]'}
    values = {str: "a", int: 3, float: 2.5, bool: True, list: ["a", "b"]}
    file = tmp_path / "options.toml"
    file.write_text(f"{one.word} = {texts[one.kind]}\n")
    assert read_toml(file) == {one.word: values[one.kind]}
