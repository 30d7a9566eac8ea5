"""Promises of text: foreign text is shown literally, and short forms read well."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.utils.text import (
    agreeing,
    escape_markdown,
    join_names,
    pluralise,
    printable,
    safe_name,
    safe_names,
    shorten,
    two_decimals,
)

ANY = st.text(st.characters(categories=None))  # lone surrogates too
BITING = st.text(st.sampled_from("\\`*_|<>&[]()!#+-=~:/.@$1a \t\n\r\x1b\u202e'\""))


@given(ANY | BITING)
def test_printable_text_is_one_line_without_control_characters(text: str) -> None:
    shown = printable(text)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert shown.splitlines() in ([shown], [])
    shown.encode()
    assert printable(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("a\nb\r\tc", r"a\x0ab\x0d\x09c"),
        ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
        ("\x9b31m", r"\x9b31m"),
        ("\udcff.jpg", r"\xff.jpg"),
        ("naïve 東京 🧑\u200d🚀", "naïve 東京 🧑\u200d🚀"),
    ],
)
def test_terminal_control_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def _unescaped(written: str) -> str:
    """Remove backslash escapes as CommonMark does (section 2.4)."""
    letters, shown = iter(written), ""
    for letter in letters:
        shown += next(letters) if letter == "\\" else letter
    return shown


@given(BITING)
def test_markdown_shows_the_text_literally(text: str) -> None:
    assert _unescaped(escape_markdown(text)) == printable(text)


@given(BITING)
def test_markdown_leaves_no_sign_unescaped(text: str) -> None:
    written, escaped = escape_markdown(text), False
    for letter in written:
        assert escaped or letter not in "`*|<>&[]~$@"
        escaped = letter == "\\" and not escaped
    assert not re.search(r"(?<!\\)://", written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("timm:tf_efficientnet_lite0,pretrained=false", None),
        ("hdbscan,min_cluster_size=10", None),
        ("a|b", r"a\|b"),
        ("![x](http://evil.example/a.png)", r"!\[x\](http\://evil.example/a.png)"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("www.evil.example me@evil.example", r"www\.evil.example me\@evil.example"),
        ("_a_ __b__", r"\_a\_ \_\_b\_\_"),
        ("# a", r"\# a"),
    ],
)
def test_markdown_escapes_of_known_cases(text: str, written: str | None) -> None:
    assert escape_markdown(text) == (written or text)


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "image", "1 image"), (2, "class", "2 classes"), (1200, "image", "1,200 images")],
)
def test_nouns_are_counted(number: int, noun: str, text: str) -> None:
    assert pluralise(number, noun) == text


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")],
)
def test_names_are_listed_as_in_a_sentence(names: list[str], text: str) -> None:
    assert join_names(names) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.126, "0.13"), (-0.126, "-0.13"), (-0.004, "0.00"), (-10.0, "-10.00")]
)
def test_what_rounds_to_zero_has_no_sign(value: float, text: str) -> None:
    assert two_decimals(value) == text


@given(st.lists(st.text(max_size=90), max_size=12))
def test_safe_names_are_plain_and_differ_where_case_does_not_count(labels: list[str]) -> None:
    names = safe_names(labels)
    assert set(names) == set(labels)
    assert len({name.lower() for name in names.values()}) == len(names)
    assert all(re.fullmatch(r"[0-9]{2}[A-Za-z0-9_]{0,61}", name) for name in names.values())


@given(st.text(), st.integers(8, 40))
def test_shortened_text_fits_on_its_line(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length
    assert "\n" not in shorten(text, length)


def test_shortened_text_keeps_both_ends() -> None:
    assert shorten("timm:resnet50,pretrained=false", 16) == "timm:resne…false"


def test_a_verb_agrees_with_its_number() -> None:
    assert [agreeing(1, verb) for verb in ("are", "have", "look")] == ["is", "has", "looks"]
    assert agreeing(0, "are") == "are" and agreeing(2, "have") == "have"


def test_nouns_have_their_plurals() -> None:
    nouns = ("image", "class", "query", "day")
    plurals = ["2 images", "2 classes", "2 queries", "2 days"]
    assert [pluralise(2, noun) for noun in nouns] == plurals
    assert pluralise(1, "query") == "1 query"


def test_a_safe_name_starts_with_its_number() -> None:
    assert safe_name(7, "a/b <i>", digits=3) == "007_a_b_i"
    assert safe_name(0, "") == "00"
