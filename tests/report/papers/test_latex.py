"""Promises of texts in LaTeX: they are shown literally, and are never commands."""

import pytest

from embedbench.report.papers.latex import escape_latex, with_commands


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50%_a&b#1", r"50\%\_a\&b\#1"),
        (r"\input{x}$", r"\textbackslash{}input\{x\}\$"),
        ("~^", r"\textasciitilde{}\textasciicircum{}"),
        ("[2cm] *", "{}[2cm] *"),
        ("* b", "{}* b"),
        ("a<b>--c", r"a\textless{}b\textgreater{}-{}-c"),
        ("---", "-{}-{}-"),
        ("Šárka Größe", r"\v{S}\'{a}rka Gr\"{o}\ss{}e"),
        ("e\N{COMBINING ACUTE ACCENT}", r"\'{e}"),
        ("ế", r"\'{\^{e}}"),
        ("a猫のb", r"a\unicodeletter{猫の}{U+732B U+306E}b"),
        ("ά", r"\unicodeletter{ά}{U+03AC}"),
        ("a\nb\u202e", r"a\textbackslash{}x0ab\textbackslash{}u202e"),
    ],
)
def test_a_text_is_written_so_that_it_is_shown_as_it_is(text: str, written: str) -> None:
    assert escape_latex(text) == written


def test_the_command_for_letters_is_defined_where_it_is_used_alone() -> None:
    assert with_commands("plain") == "plain"
    assert r"\providecommand{\unicodeletter}[2]" in with_commands(escape_latex("猫"))
