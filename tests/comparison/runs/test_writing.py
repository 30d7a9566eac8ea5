"""Promises of what a run folder holds beside its tables."""

from pathlib import Path

import pytest

from embedbench import read_results
from embedbench.comparison.runs.writing import Contents, write_run
from embedbench.results.run_folder import OutFolder
from embedbench.utils.progress import Progress
from tests.support.example_results import example_results


@pytest.mark.parametrize("pictures", [True, False])
def test_the_page_has_pictures_if_asked_and_the_tables_always(
    tmp_path: Path, pictures: bool
) -> None:
    with OutFolder(tmp_path / "run") as place:
        write_run(example_results(), place, Progress(quiet=True), Contents(pictures=pictures))
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert ("data:image/webp" in page) == pictures
    assert "thumbnail" in read_results(tmp_path / "run").images
    assert (tmp_path / "run" / "comparison.tex").exists()
    assert not (tmp_path / "run" / "figures").exists()
