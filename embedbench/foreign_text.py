"""Foreign text: names, labels, words and errors that others wrote, made harmless where shown.

What is here is for showing alone; tables keep a text as it is (`embedbench.csv_files`), and the
page escapes all that is put into it (`embedbench.report`).
"""

import re

from embedbench.plain_text import printable

__all__ = ["in_latex_cell", "in_markdown"]

_MARKDOWN = re.compile(
    r"[\\`*|<>&\[\]~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it means nothing
    r"|:(?=//)|(?<=www)\.|@"  # what becomes a link by itself
    r"|^(?:[#+=-]|\d+(?=[.)]))|(?<=\d)[.)](?=\s)",
    re.IGNORECASE,
)


def in_markdown(text: str) -> str:
    """Return a text for a cell of a Markdown table: it shows as itself, no link, no HTML."""
    return _MARKDOWN.sub(lambda found: "\\" + found[0], printable(text))


def in_latex_cell(escaped: str) -> str:
    """Return a text that is escaped for LaTeX so that it may also be the first cell of a row.

    There, behind the end of the row before, a bracket or a star would be an argument of that.
    """
    return "{}" + escaped if escaped.startswith(("[", "*")) else escaped
