"""Promises of latency: the time of one image alone, few calls, and no harm where it fails."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.images.sources import source_hash
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.latency import time_one_image
from embedbench.embedding.local_workers import LocalEngine
from embedbench.embedding.worker_state import Placement, init_worker
from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.io.store import Store
from embedbench.utils.progress import Progress


@dataclass(frozen=True)
class Slow(Encoder):
    """Waits in each call, longer in the first; notes each call in a file, if any."""

    notes: str
    first: float = 0.0
    others: float = 0.0
    takes_one: bool = True

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        if len(images) == 1 and not self.takes_one:
            raise ValueError("it takes whole batches only")
        time.sleep(self.others if Path(self.notes).exists() else self.first)
        if self.notes:
            with open(self.notes, "a") as file:
                file.write(f"{len(images)}\n")
        return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])


def time_it(folder: Path, **fields: Any) -> tuple[float | None, list[str]]:
    """Return the latency, and how many images each call had."""
    file, notes = folder / "image.png", folder / "notes"
    Image.new("RGB", (4, 4), "red").save(file)
    init_worker(dumps(Slow(str(notes), **fields)), offline=False)
    found = time_one_image(source_hash(file), file, Placement())
    return found, notes.read_text().split() if notes.exists() else []


def test_the_first_call_does_not_count_and_each_has_one_image(tmp_path: Path) -> None:
    found, calls = time_it(tmp_path, first=0.4, others=0.05)
    assert found is not None and 50 <= found < 400
    assert calls == ["1"] * 5


def test_a_slow_encoder_is_called_twice(tmp_path: Path) -> None:
    found, calls = time_it(tmp_path, others=1.1)
    assert found is not None and found >= 1100 and len(calls) == 2


def test_an_encoder_of_whole_batches_has_no_latency(tmp_path: Path) -> None:
    assert time_it(tmp_path, takes_one=False) == (None, [])


@pytest.mark.parametrize("takes_one", [True, False])
def test_vectors_are_whole_either_way_and_a_second_run_knows_the_latency(
    photographs: Path, tmp_path: Path, takes_one: bool
) -> None:
    dataset = read_dataset(photographs)
    hashes = [source_hash(source) for source in dataset.sources]
    engine = LocalEngine(Store(tmp_path / "store"), workers=1, progress=Progress(quiet=True))
    encoder = Slow("", others=0.01, takes_one=takes_one)
    first, second = (embed("it", encoder, dataset, hashes, engine) for _ in range(2))
    assert np.isfinite(first.vectors).all() and np.array_equal(first.vectors, second.vectors)
    assert second.encoded == 0 and second.record == first.record
    latency = first.record.latency_ms
    assert (latency is not None and latency >= 10) if takes_one else latency is None
