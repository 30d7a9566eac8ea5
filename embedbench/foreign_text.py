"""Foreign text: names, labels, words and errors that others wrote, made harmless where shown.

What is here is for showing alone; tables keep a text as it is (`embedbench.csv_files`), and the
page escapes all that is put into it (`embedbench.report`).
"""

import re
import unicodedata

__all__ = ["in_latex_cell", "in_markdown", "printable"]

_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's kinds of what steers a terminal or a line, turns its direction, or shows nothing."""

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Parts of words in Persian and Hindi, and of emoji; they steer nothing."""

_MARKDOWN = re.compile(
    r"[\\`*|<>&\[\]~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it means nothing
    r"|:(?=//)|(?<=www)\.|@"  # what becomes a link by itself
    r"|^(?:[#+=-]|\d+(?=[.)]))|(?<=\d)[.)](?=\s)",
    re.IGNORECASE,
)


def printable(text: str) -> str:
    r"""Return a text on one line; what a terminal would obey is written out, as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written_out(letter) if _steers(letter) else letter for letter in text)


def _steers(letter: str) -> bool:
    return unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS


def _written_out(letter: str) -> str:
    return (
        letter.encode("ascii", "backslashreplace").decode()
        if ord(letter) > 126
        else ({"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter, f"\\x{ord(letter):02x}"))
    )


def in_markdown(text: str) -> str:
    """Return a text for a cell of a Markdown table: it shows as itself, no link, no HTML."""
    return _MARKDOWN.sub(lambda found: "\\" + found[0], printable(text))


def in_latex_cell(escaped: str) -> str:
    """Return a text that is escaped for LaTeX so that it may also be the first cell of a row.

    There, behind the end of the row before, a bracket or a star would be an argument of that.
    """
    return "{}" + escaped if escaped.startswith(("[", "*")) else escaped
