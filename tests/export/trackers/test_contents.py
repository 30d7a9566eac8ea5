"""Promises of what a store of runs gets: the page, the main figures, and no folder above."""

from pathlib import Path

from embedbench.export.trackers.contents import (
    draw_page,
    settings_of,
    shared,
    title_of,
    verdict_of,
)
from tests.support.example_results import example_results


def test_the_page_and_figures_of_each_encoder_are_drawn(tmp_path: Path) -> None:
    figures = draw_page(example_results(), tmp_path)
    names = {file.relative_to(tmp_path / "figures").with_suffix("").as_posix() for file in figures}
    assert {"comparison", "ranks", "01_pixels/map_tsne", "01_pixels/elbow"} <= names
    assert all(file.stat().st_size for file in figures)
    assert "<html" in (tmp_path / "report.html").read_text()


def test_what_is_told_names_no_folder_above_the_images() -> None:
    results = shared(example_results())
    assert title_of(results) == "<photos>"
    assert settings_of(results)["source"] == "<photos>"
    assert "/data" not in str(results.run)


def test_the_verdict_has_a_line_for_each_purpose() -> None:
    results = example_results()
    lines = verdict_of(results).splitlines()
    assert [line.partition(":")[0] for line in lines] == list(results.verdicts)
