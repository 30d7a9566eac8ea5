"""A promise of reproducibility: the same command writes the same bytes again, times apart."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from embedbench.parallel.pool import Pool
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
        files = [file for file in Path("run").rglob("*") if file.is_file()]
        found.append({file.as_posix(): file.read_bytes() for file in files})
    one, two = found
    assert set(one) == set(two) and len(one) > 20
    changed = {name for name in one if one[name] != two[name]}
    assert changed <= {"run/timings.csv", "run/SHA256SUMS"}


@pytest.mark.slow
def test_the_same_run_again_computes_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of no kind: the comparison has corruptions, domains, mixed-in images, copies and names."""
    gathered: list[int] = []
    gather = Pool.gather

    def counted(pool: Pool, calls: Sequence[Any], tick: Callable[[int], object]) -> list[Any]:
        gathered.append(len(calls))
        return gather(pool, calls, tick)

    monkeypatch.setattr(Pool, "gather", counted)
    monkeypatch.setattr("embedbench.comparison.memory._QUICK", 0)  # workers make every call
    images, store = write_images(tmp_path / "images"), tmp_path / "store"
    compare_golden(images, tmp_path / "one", store)
    first = sum(gathered)
    gathered.clear()
    compare_golden(images, tmp_path / "two", store)
    assert first > 40 and sum(gathered) == 0
