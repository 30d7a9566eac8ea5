"""A promise of reproducibility: two equal runs write the same bytes, their times apart."""

from pathlib import Path

import pytest

from tests.support.golden_run import compare_golden, write_images


@pytest.mark.slow
def test_two_runs_differ_in_their_timings_alone(tmp_path: Path) -> None:
    images = write_images(tmp_path / "images")
    for name in ("one", "two"):
        compare_golden(images, tmp_path / name, tmp_path / f"store-{name}")
    one, two = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert set(one) == set(two) and len(one) > 20
    assert {name for name in one if one[name] != two[name]} <= {"timings.csv"}
