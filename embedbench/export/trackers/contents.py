"""What a store of runs gets beside numbers: the page, figures, the verdict."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from embedbench.report.page import write_report
from embedbench.report.page_data.sharing import shareable
from embedbench.results.results import Results

__all__ = ["FIGURES", "draw_page", "settings_of", "shared", "title_of", "verdict_of"]

FIGURES = ("comparison", "ranks", "signals", "aligned*", "*/map_*", "*/elbow")
"""The figures that are drawn, those of them that there are."""


def shared(results: Results) -> Results:
    """Return the results as others may see them: without folders above the images."""
    return shareable(results)


def draw_page(results: Results, folder: Path) -> list[Path]:
    """Write the page `report.html` and figures in `figures` to a folder; return the figures."""
    from embedbench.report.plots.drawing import draw_figures  # imports matplotlib
    from embedbench.report.plots.figures import figure_specs

    write_report(results, folder)
    names = {PurePath(spec.file).with_suffix("").as_posix() for spec in figure_specs(results)}
    wanted = [name for name in FIGURES if any(PurePath(one).match(name) for one in names)]
    return draw_figures(results, folder / "figures", wanted) if wanted else []


def settings_of(results: Results) -> dict[str, Any]:
    """Return how the comparison was made, in few words."""
    run: Mapping[str, Any] = results.run
    dataset = run.get("dataset") or {}
    versions = run.get("versions") or {}
    found = {
        "source": run.get("source"),
        "images": len(results.images),
        "classes": dataset.get("classes"),
        "fingerprint": dataset.get("fingerprint"),
        "clusterers": ", ".join(map(str, run.get("clusterers") or [])),
        "spaces": ", ".join(results.spaces),
        "seeds": len(run.get("seeds") or []),
        "embedbench": versions.get("image-embedbench"),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def title_of(results: Results) -> str:
    """Return a short name of the comparison: the last part of its source."""
    return PurePath(str(results.run.get("source") or "images")).name or "images"


def verdict_of(results: Results) -> str:
    """Return the verdict of each purpose in words, one a line."""
    return "\n".join(f"{purpose}: {answer}" for purpose, answer in results.verdicts.items())
