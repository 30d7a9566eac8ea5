"""Promises of activity: a worker that downloads is no worker that hangs."""

import os
import time
from pathlib import Path

import pytest

from embedbench.parallel.activity import bytes_written
from embedbench.parallel.pool import NoAnswer, Pool


def download(path: str, parts: int) -> int:
    """Write two megabytes every half second, as a slow download does."""
    with open(path, "wb") as file:
        for _ in range(parts):
            file.write(b"x" * 2_000_000)
            file.flush()
            time.sleep(0.5)
    return parts


def fails(path: str) -> None:
    raise TimeoutError("its own")


@pytest.fixture
def writes_are_known() -> None:
    before = bytes_written([os.getpid()])
    os.write(os.open(os.devnull, os.O_WRONLY), b"x" * 2_000_000)
    if bytes_written([os.getpid()]) - before < 2_000_000:
        pytest.skip("this system does not say what a process writes")


@pytest.mark.usefixtures("writes_are_known")
def test_a_download_that_takes_longer_than_the_patience_comes_to_its_end(tmp_path: Path) -> None:
    told: list[int] = []
    with Pool(1, patience=1.5) as pool:
        assert pool.call(download, str(tmp_path / "file"), 8, tick=told.append) == 8
    assert sum(told) > 8_000_000


def test_without_a_sign_of_life_it_ends(tmp_path: Path) -> None:
    with Pool(1, patience=1.0) as pool, pytest.raises(NoAnswer, match="for 1 seconds"):
        pool.call(time.sleep, 30, tick=print)
    with Pool(1, patience=1.0) as pool, pytest.raises(NoAnswer, match="for 1 seconds"):
        pool.call(download, str(tmp_path / "file"), 40)


def test_a_timeout_of_the_call_itself_is_its_own() -> None:
    with Pool(1, patience=5.0) as pool, pytest.raises(TimeoutError, match="its own"):
        pool.call(fails, "", tick=print)


def test_a_process_that_is_gone_has_written_nothing() -> None:
    assert bytes_written([2**22 + 1]) == 0
