"""Plain text: what can be written to every file and printed on every terminal, in one line."""

import unicodedata

__all__ = ["printable", "shown"]

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
