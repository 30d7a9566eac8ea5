"""A promise of reproducibility: the same command writes the same bytes again, times apart."""

from pathlib import Path

import pytest

from tests.support.golden_run import compare_golden, write_images


@pytest.mark.slow
def test_two_runs_differ_in_their_timings_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a folder of its own, so the second one finds nothing in the store of the first."""
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        compare_golden(write_images(Path("images")), Path("run"), Path("store"))
        found.append({file.name: file.read_bytes() for file in Path("run").iterdir()})
    one, two = found
    assert set(one) == set(two) and len(one) > 20
    assert {name for name in one if one[name] != two[name]} <= {"timings.csv"}
