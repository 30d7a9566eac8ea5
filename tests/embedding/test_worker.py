"""Promises of what runs in a worker: each image once, failures listed, threads change nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.images.sources import source_hash
from embedbench.embedding.worker import (
    Item,
    encode_images,
    encode_into,
    failed,
    load,
    time_variants,
)
from embedbench.embedding.worker_state import Placement, init_worker, state
from embedbench.encoder import Encoder, Facts
from embedbench.encoders.pickling import dumps
from embedbench.encoders.record import WeightsFile
from embedbench.io.store import Store


def make_items(folder: Path) -> list[Item]:
    """Return 12 images of 4 x 4 pixels, darker and lighter."""
    items: list[Item] = []
    for number in range(12):
        file = folder / f"{number:02d}.png"
        Image.new("RGB", (4, 4), (10 * number, 0, 0)).save(file)
        items.append((source_hash(file), file))
    return items


@dataclass(frozen=True)
class Mean(Encoder):
    """Mean colours; its second variant does not run."""

    file: Path | None = None
    is_broken: bool = False

    def variants(self, device: str) -> Sequence[Encoder]:
        return self, replace(self, is_broken=True)

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        if self.is_broken:
            raise ValueError("it does not run here")
        return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])

    def weights_files(self) -> Sequence[Path]:
        return [self.file] if self.file else []

    def facts(self) -> Facts:
        return Facts(licence="MIT")


def test_loading_says_what_was_loaded(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_text("1")
    init_worker(dumps(Mean(file)), offline=False)
    loaded, first = load([])
    assert loaded.weights == (WeightsFile.read(file),) and loaded.facts == Facts(licence="MIT")
    assert loaded.load_seconds >= 0 and loaded.peak_memory_mb > 1
    assert first.keys == [] and first.vectors.shape == (0, 0)


def test_what_loading_encodes_is_what_encoding_gives(tmp_path: Path) -> None:
    items: list[Item] = [(f"{99:064x}", tmp_path / "absent.png"), *make_items(tmp_path)[:7]]
    init_worker(dumps(Mean()), offline=False)
    _, first = load(items)
    assert first.keys == [key for key, _ in items[1:]] and first.failures == {}
    assert first.vectors[:, 0].tolist() == [10 * number for number in range(7)]
    assert first.seconds > 0


def test_threads_that_run_ahead_of_a_device_change_nothing(
    tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    items: list[Item] = make_items(tmp_path)
    items.insert(5, (f"{99:064x}", tmp_path / "absent.png"))
    init_worker(dumps(colour_encoder()), offline=False)
    plain, ahead = encode_images(items), encode_images(items, Placement(threads=4))
    assert plain.keys == ahead.keys and np.array_equal(plain.vectors, ahead.vectors)
    assert list(ahead.failures) == [f"{99:064x}"]


def test_a_heartbeat_follows_each_batch(tmp_path: Path) -> None:
    beats: list[int] = []
    init_worker(dumps(Mean()), offline=False)
    state().heartbeat = lambda: beats.append(1)
    encode_images(make_items(tmp_path))
    assert len(beats) == 2  # 12 images, 8 at once


def test_work_that_is_done_again_encodes_only_what_is_missing(tmp_path: Path) -> None:
    items, store = make_items(tmp_path), Store(tmp_path / "store")
    init_worker(dumps(Mean()), offline=False)
    first = encode_into(items, Placement(), store, "f")
    assert first.keys == [key for key, _ in items] and len(first.vectors) == 0
    for _, file in items:
        Path(str(file)).unlink()  # now nothing can be encoded
    again = encode_into(items, Placement(), store, "f")
    assert sorted(again.keys) == sorted(first.keys) and not again.failures
    assert store.rows("f", first.keys)[:, 0].tolist() == [10 * number for number in range(12)]


def test_a_variant_that_does_not_run_has_no_timing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    items = make_items(tmp_path)
    init_worker(dumps(Mean()), offline=False)
    timings = time_variants(items, [Placement(0), Placement(1)])
    assert list(timings) == [0] and "it does not run here" in capfd.readouterr().err
    assert timings[0].rows[:, 0].tolist() == [10 * number for number in range(12)]


def test_a_failure_is_a_batch_of_no_rows() -> None:
    batch = failed(("k", Path("a.png")), "it is broken")
    assert batch.failures == {"k": "it is broken"} and not batch.keys and len(batch.vectors) == 0
