"""Text: printable names, escaping for Markdown, short forms."""

import re
import unicodedata
from collections.abc import Sequence

__all__ = [
    "agreeing",
    "escape_markdown",
    "join_names",
    "pluralise",
    "printable",
    "safe_name",
    "safe_names",
    "shorten",
    "shown",
    "two_decimals",
]

_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Categories: control characters, surrogates (bytes that are not UTF-8), line separators."""

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Format characters that are part of Persian and Hindi words and of emoji, and harmless."""


def shown(name: str) -> str:
    r"""Return the name with unwritable characters escaped, such as `\x0a` for a line feed."""
    if name.isprintable():
        return name
    return "".join(
        _written_out(character) if _kind(character) in _UNWRITABLE else character
        for character in name
    )


def printable(text: str) -> str:
    """Return the text for a terminal: as `shown`, with bidirectional and invisible marks too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _written_out(character)
        if _kind(character) == "Cf" and character not in _JOINERS
        else character
        for character in shown(text)
    )


_kind = unicodedata.category


def _written_out(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # Python's surrogate for a byte that is not UTF-8
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_MARKDOWN = re.compile(
    r"[\\`*|<>&\[\]~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside a word it has no meaning
    r"|:(?=//)|(?<=www)\.|@"  # automatic links
    r"|^[#+=-]|^\d+(?=[.)])",
    re.IGNORECASE,
)


def escape_markdown(text: str) -> str:
    """Escape the text for a cell of a Markdown table, so that it is shown literally."""
    return _MARKDOWN.sub(
        lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}",
        printable(text),
    )


def safe_names(labels: Sequence[str]) -> dict[str, str]:
    """Return a unique file name for each label, made of letters, digits and _.

    Each name starts with the number of the label. So names are unique on file systems that
    ignore case, none is reserved by Windows, and a folder lists them in the order of the tables.
    """
    unique = list(dict.fromkeys(labels))
    return {label: safe_name(number, label) for number, label in enumerate(unique, start=1)}


def safe_name(number: int, label: str, digits: int = 2) -> str:
    """Return a file name: the number, and after it the label in letters, digits and _."""
    cleaned = re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")[:60]
    return f"{number:0{digits}d}_{cleaned}".rstrip("_")


def shorten(text: str, length: int = 30) -> str:
    """Return the text on one line, without its middle if it is longer than `length`."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    head = (length - 1) * 2 // 3
    return f"{line[:head]}…{line[head + 1 - length :]}"


def pluralise(number: int, noun: str) -> str:
    """Return a number and its noun: 1 image, 2 images, 3 classes, 4 queries."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    plural = re.sub("(?<=[^aeiou])ys$", "ies", plural)
    return f"{number:,} {noun if number == 1 else plural}"


def agreeing(number: int, verb: str) -> str:
    """Return a verb as it agrees with a number: 1 is, 2 are."""
    if number != 1:
        return verb
    return {"are": "is", "have": "has"}.get(verb, f"{verb}s")


def join_names(names: Sequence[str], word: str = "and") -> str:
    """Join names as in a sentence: `a`, `a and b`, `a, b and c`; `or` may be the word."""
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def two_decimals(value: float) -> str:
    """Return the number with two decimals; 0.00 has no sign."""
    return f"{value:.2f}".replace("-0.00", "0.00")
