"""Text: names made printable, escaping for Markdown and LaTeX, short forms."""

import re
import unicodedata
from collections.abc import Sequence

__all__ = [
    "escape_latex_cell",
    "escape_markdown",
    "join_names",
    "pluralise",
    "printable",
    "safe_names",
    "shorten",
    "shown",
    "two_decimals",
]

_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, halves of characters (bytes that are no UTF-8), line separators."""

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Parts of words in Persian and Hindi, and of emoji; they steer nothing."""


def shown(name: str) -> str:
    r"""Return a text that can be written to a file: `\x0a` for a line feed, and such."""
    if name.isprintable():
        return name
    return "".join(_written_out(one) if _kind(one) in _UNWRITABLE else one for one in name)


def printable(text: str) -> str:
    """Return a text for a terminal: what turns the direction or shows nothing is told as well."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _written_out(one) if _kind(one) == "Cf" and one not in _JOINERS else one
        for one in shown(text)
    )


_kind = unicodedata.category


def _written_out(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_MARKDOWN = re.compile(
    r"[\\`*|<>&\[\]~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it means nothing
    r"|:(?=//)|(?<=www)\.|@"  # what becomes a link by itself
    r"|^(?:[#+=-]|\d+(?=[.)]))|(?<=\d)[.)](?=\s)",
    re.IGNORECASE,
)


def escape_markdown(text: str) -> str:
    """Return a text for a cell of a Markdown table: it shows as itself, no link, no HTML."""
    return _MARKDOWN.sub(lambda found: "\\" + found[0], printable(text))


def escape_latex_cell(escaped: str) -> str:
    """Return a text that is escaped for LaTeX so that it may also be the first cell of a row.

    There, behind the end of the row before, a bracket or a star would be an argument of that.
    """
    return "{}" + escaped if escaped.startswith(("[", "*")) else escaped


def safe_names(labels: Sequence[str]) -> dict[str, str]:
    """Return a file name for each label: letters, digits and _, different on every system.

    Each starts with the label's number, so that no two collide where case does not count, none
    is a name that Windows keeps to itself, and a folder lists them in the order of the tables.
    """
    unique = list(dict.fromkeys(labels))
    cleaned = [re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")[:60] for label in unique]
    return {
        label: f"{number:02d}_{name}".rstrip("_")
        for number, (label, name) in enumerate(zip(unique, cleaned, strict=True), start=1)
    }


def shorten(text: str, length: int = 30) -> str:
    """Return `text` on one line, the middle left out where it is longer than `length`."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    head = (length - 1) * 2 // 3
    return f"{line[:head]}…{line[head + 1 - length :]}"


def pluralise(number: int, noun: str) -> str:
    """Return a number with its noun: 1 image, 2 images, 3 classes."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def join_names(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: `a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def two_decimals(value: float) -> str:
    """Return a number with two decimals; what rounds to zero has no sign."""
    return f"{value:.2f}".replace("-0.00", "0.00")
