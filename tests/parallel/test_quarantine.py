"""Promises of quarantine: guilty images are found, all others are processed exactly once."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from embedbench.data.loading import read_dataset
from embedbench.data.scan import scan_images
from embedbench.errors import InputError
from embedbench.io.store import Store
from embedbench.parallel.pool import Pool, WorkerDied
from embedbench.parallel.quarantine import image_seconds, map_with_quarantine, under_alarm
from embedbench.utils.progress import Progress


class TwoWorkers:
    """A pool of two, or of one for a single batch."""

    def __init__(self) -> None:
        self.pool: Pool | None = None

    def start(self, wanted: int) -> list[Pool]:
        self.pool = self.pool or Pool(min(2, wanted))
        return [self.pool]

    def end(self, error: WorkerDied | None = None) -> None:
        if self.pool:
            self.pool.__exit__(type(error) if error else None, error, None)
        self.pool = None


def double(items: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the numbers doubled; other values kill or hang the worker, as images may."""
    done = []
    for key, value in items:
        with under_alarm():
            if isinstance(value, signal.Signals):
                os.kill(os.getpid(), value)
            if value == "exit":
                os._exit(3)
            if value == "hang":
                re.fullmatch(r"(a+)+b", "a" * 60)
            done.append((key, 2 * value))
    return done


def test_only_guilty_images_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDBENCH_IMAGE_SECONDS", "1")
    items: list[tuple[str, Any]] = [(f"{number:02d}", number) for number in range(40)]
    reasons = {3: signal.SIGSEGV, 4: "exit", 5: "hang", 30: signal.SIGKILL}
    for row, deed in reasons.items():
        items[row] = (f"{row:02d}", deed)
    workers = TwoWorkers()
    batches = [items[start : start + 4] for start in range(0, 40, 4)]
    found = list(
        map_with_quarantine(workers, double, batches, lambda item, reason: [(item[0], reason)])
    )
    workers.end()
    results = [one for batch in found for one in batch]
    assert sorted(key for key, _ in results) == [key for key, _ in items]
    told = dict(results)
    assert {row: told.pop(f"{row:02d}") for row in reasons} == {
        3: "its process died on it (SIGSEGV)",
        4: "its process died on it",
        5: "took longer than 1 s",
        30: "its process died on it (SIGKILL)",
    }
    assert told == {f"{number:02d}": 2 * number for number in range(40) if number not in reasons}


def die(items: list[tuple[str, Any]]) -> None:
    os._exit(3)


def test_a_worker_that_dies_without_an_image_blames_none() -> None:
    workers = TwoWorkers()
    with pytest.raises(WorkerDied):
        list(map_with_quarantine(workers, die, [[("a", 1)]], lambda item, reason: None))
    workers.end(WorkerDied("ended"))


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "soon"])
def test_the_time_for_an_image_must_be_a_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDBENCH_IMAGE_SECONDS", text)
    with pytest.raises(InputError, match="must be a number of seconds above 0; not"):
        image_seconds()


def test_an_image_that_takes_too_long_is_listed_and_tried_again_the_next_time(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("1", (13_000, 13_000)).save(photographs / "large.png")  # 20 kB
    store, quiet = Store(tmp_path / "s"), Progress(quiet=True)
    monkeypatch.setenv("EMBEDBENCH_IMAGE_SECONDS", "0.5")
    readable, _, failures = scan_images(read_dataset(photographs), store, 1, quiet)
    assert failures[["name", "error"]].to_numpy().tolist() == [
        ["large.png", "took longer than 0.5 s"]
    ]
    assert len(readable) == 36
    monkeypatch.setenv("EMBEDBENCH_IMAGE_SECONDS", "600")
    readable, _, failures = scan_images(read_dataset(photographs), store, 1, quiet)
    assert len(readable) == 37 and failures.empty
