"""The files for a paper in a run folder."""

from pathlib import Path

from embedbench.report.papers.methods import methods_text
from embedbench.report.papers.references import bibliography, cited
from embedbench.report.papers.table import latex_table
from embedbench.results.results import Results

__all__ = ["write_papers"]


def write_papers(results: Results, folder: Path) -> list[Path]:
    """Write `comparison.tex`, `methods.tex` and `references.bib`; return their paths.

    Args:
        results: the comparison.
        folder: where they go.
    """
    methods = methods_text(results)
    texts = {
        "comparison.tex": latex_table(results),
        "methods.tex": methods,
        "references.bib": bibliography(cited(methods)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]
