r"""Text in LaTeX: every character is shown as it is, by every engine, without a package."""

import re
import unicodedata
from itertools import groupby

from embedbench.utils.text import printable

__all__ = ["escape_latex", "with_commands"]

_COMMANDS = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedblright{}",
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}",
    "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "\N{NO-BREAK SPACE}": "~",
    "–": r"\textendash{}", "—": r"\textemdash{}", "…": r"\ldots{}",
    "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
}  # fmt: skip

_ACCENTS = {
    "GRAVE ACCENT": "`", "ACUTE ACCENT": "'", "CIRCUMFLEX ACCENT": "^", "TILDE": "~",
    "DIAERESIS": '"', "MACRON": "=", "DOT ABOVE": ".", "BREVE": "u", "CARON": "v",
    "DOUBLE ACUTE ACCENT": "H", "RING ABOVE": "r", "CEDILLA": "c", "DOT BELOW": "d",
}  # fmt: skip
"""What LaTeX calls the combining characters of Unicode that its first font has."""

_LETTER_COMMAND = (
    "% Letters that pdfLaTeX lacks: XeLaTeX and LuaLaTeX show them, pdfLaTeX their numbers.\n"
    r"\providecommand{\unicodeletter}[2]{\ifdefined\Umathchar #1\else #2\fi}"
    "\n"
)


def escape_latex(text: str) -> str:
    r"""Return a text so that LaTeX shows it literally.

    Accented letters become commands. Letters of other scripts become `\unicodeletter`, which
    `with_commands` defines. What a terminal would obey is written out, as in `printable`.
    """
    parts = []
    letters = unicodedata.normalize("NFC", printable(text))
    for is_known, run in groupby(letters, lambda letter: bool(_command(letter))):
        if is_known:
            parts.append("".join(map(_command, run)))
        else:
            foreign = "".join(run)
            numbers = " ".join(f"U+{ord(letter):04X}" for letter in foreign)
            parts.append(rf"\unicodeletter{{{foreign}}}{{{numbers}}}")
    written = re.sub("-(?=-)", "-{}", "".join(parts))  # two hyphens would become a dash
    # After the end of a row, a bracket or star would be read as an argument of it.
    return "{}" + written if written.startswith(("[", "*")) else written


def with_commands(document: str) -> str:
    r"""Return a part of a document with the definition of `\unicodeletter` where it is used."""
    return _LETTER_COMMAND + document if r"\unicodeletter{" in document else document


def _command(letter: str) -> str:
    """Return what a letter is in LaTeX; empty for one of another script."""
    if letter in _COMMANDS:
        return _COMMANDS[letter]
    if letter.isascii():
        return letter
    parts = unicodedata.normalize("NFD", letter)
    base, marks = parts[0], parts[1:]
    accents = [_ACCENTS.get(unicodedata.name(one, "").removeprefix("COMBINING ")) for one in marks]
    if not (base.isascii() and base.isalpha() and all(accents)):
        return ""
    for accent in accents:
        base = rf"\{accent}{{{base}}}"
    return base
