"""Plain text: what can be written to every file and printed on every terminal, in one line."""

import unicodedata

__all__ = ["shown"]

_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, halves of characters (bytes that are no UTF-8), line separators."""


def shown(name: str) -> str:
    r"""Return a text that can be written and printed: `\x0a` for a line feed, and such."""
    if name.isprintable():
        return name
    return "".join(map(_shown, name))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _UNWRITABLE:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
