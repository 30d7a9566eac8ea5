"""Promises of the files for a paper: LaTeX and BibTeX take them as they are."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from embedbench.report import redraw
from embedbench.report.papers.files import write_papers
from embedbench.results.results import Results
from tests.support.example_results import ENCODERS, example_results

NAMES = {
    ENCODERS[0]: r"a_b&c%d#e\f~g^h{i$j}<k>|l",
    ENCODERS[1]: "[2cm] Šárka's Größe, ế – 猫の絵 “ά”",
    ENCODERS[2]: '*--x ```` "q" \N{ZERO WIDTH JOINER}\u202e',
}
PAPER = r"""\documentclass{article}
\usepackage{booktabs}
\begin{document}
\input{comparison}
\input{methods}
\bibliographystyle{plain}
\bibliography{references}
\end{document}
"""


def renamed(results: Results) -> Results:
    """Return the results with encoders of names that bite."""
    changes = {
        name: getattr(results, name).replace({"encoder": NAMES})
        for name in ("comparison", "encoders", "purposes", "label_free")
    }
    verdicts = {
        purpose: verdict | {"group": [NAMES[one] for one in verdict["group"]]}
        for purpose, verdict in results.run["verdicts"].items()
    }
    return Results(**vars(results) | changes | {"run": results.run | {"verdicts": verdicts}})


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.skipif(
    not shutil.which("pdflatex") or not shutil.which("bibtex"),
    reason="needs pdflatex and bibtex (Debian: texlive-latex-recommended)",
)
def test_a_bare_document_with_booktabs_compiles_and_finds_every_citation(
    truth: bool, tmp_path: Path
) -> None:
    write_papers(renamed(example_results(truth)), tmp_path)
    (tmp_path / "paper.tex").write_text(PAPER)
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"]
    for command in (latex, ["bibtex", "paper"], latex, latex):
        run = subprocess.run(
            command, cwd=tmp_path, capture_output=True, encoding="utf-8", errors="replace"
        )
        assert run.returncode == 0, run.stdout[-2000:]
        assert command[0] != "bibtex" or "Warning" not in run.stdout, run.stdout
    log = (tmp_path / "paper.log").read_text(encoding="utf-8", errors="replace")
    assert not re.search("Citation .* undefined|multiply|Missing character", log)


def test_the_references_are_those_that_the_methods_cite(tmp_path: Path) -> None:
    files = write_papers(example_results(), tmp_path)
    assert [file.name for file in files] == ["comparison.tex", "methods.tex", "references.bib"]
    cited = re.findall(r"\\cite\{(.*?)\}", files[1].read_text(encoding="utf-8"))
    held = re.findall(r"^@\w+\{(\w+),$", files[2].read_text(encoding="utf-8"), re.MULTILINE)
    assert set(",".join(cited).split(",")) == set(held) and len(held) == len(set(held)) > 20


def test_a_run_folder_of_before_gets_them_with_its_page(tmp_path: Path) -> None:
    example_results().write(tmp_path / "run")
    assert not (tmp_path / "run" / "methods.tex").exists()
    redraw(tmp_path / "run")
    assert (tmp_path / "run" / "methods.tex").stat().st_size > 1000
    assert (tmp_path / "run" / "references.bib").stat().st_size > 1000
