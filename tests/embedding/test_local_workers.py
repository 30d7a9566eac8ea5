"""Promises of workers on this machine: no work is lost with one, and no more start than fit."""

import os
import re
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import content_hash, source_hash
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import FEW, LocalEngine, LocalWorkers, plan_workers
from embedbench.embedding.worker import Item, encode_images
from embedbench.embedding.worker_state import Placement
from embedbench.encoder import Encoder
from embedbench.errors import EncoderError
from embedbench.io.store import Store
from embedbench.parallel.pool import WorkerDied
from embedbench.utils.progress import Progress


@pytest.mark.parametrize(
    ("images", "processors", "devices", "on_cpu", "copy_mb", "available_mb", "expected"),
    [
        (1000, 8, 0, True, 500.0, 16_000.0, (8, 1)),
        (1000, 8, 0, True, 4_000.0, 16_000.0, (3, 2)),  # 0.8 of 16 GB holds three copies
        (1000, 8, 0, True, 40_000.0, 16_000.0, (1, 8)),
        (1000, 16, 4, False, 4_000.0, 16_000.0, (4, 1)),
        (FEW - 1, 8, 0, True, 500.0, 16_000.0, (1, 8)),  # done before a second one has started
        (FEW - 1, 16, 4, False, 500.0, 16_000.0, (4, 1)),
    ],
)
def test_workers_are_as_many_as_fit_and_pay(
    images: int,
    processors: int,
    devices: int,
    on_cpu: bool,
    copy_mb: float,
    available_mb: float,
    expected: tuple[int, int],
) -> None:
    assert plan_workers(images, processors, devices, on_cpu, copy_mb, available_mb) == expected


def local(encoder: Encoder, workers: int, folder: Path) -> LocalWorkers:
    """Return at most `workers` workers."""
    engine = LocalEngine(Store(folder / "store"), workers, progress=Progress(quiet=True))
    return engine.start_workers(encoder)


@dataclass(frozen=True)
class Mortal(Encoder):
    """Notes each batch; the worker is killed at the first batch of a value, once."""

    folder: str = ""
    always: bool = False

    def encode_batch(self, images: Any) -> np.ndarray:
        rows = np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])
        trap = Path(self.folder, "trap")
        if rows[0, 0] == 80 and (self.always or trap.exists()):
            trap.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return rows


def batches(folder: Path) -> list[list[Item]]:
    made: list[list[Item]] = []
    for number in range(12):
        file = folder / f"{number:02d}.png"
        Image.new("RGB", (4, 4), (10 * number, 0, 0)).save(file)
        made.append([(source_hash(file), file)])
    return made


def test_what_a_worker_died_on_is_done_again(tmp_path: Path) -> None:
    work = batches(tmp_path)
    (tmp_path / "trap").touch()
    encoder = Mortal(str(tmp_path))
    with local(encoder, 2, tmp_path) as workers:
        workers.load(print)
        done = list(workers.map(encode_images, work))
        assert workers.count == 1  # half as many: memory may have run out
    found = {batch.keys[0]: batch.vectors[0, 0] for batch in done}
    assert found == {batch[0][0]: 10 * number for number, batch in enumerate(work)}


def test_an_image_on_which_a_worker_always_dies_is_listed(tmp_path: Path) -> None:
    work = batches(tmp_path)
    pairs = [work[row] + work[row + 1] for row in range(0, 12, 2)]
    with local(Mortal(str(tmp_path), always=True), 1, tmp_path) as workers:
        workers.load(print)
        done = list(workers.map(encode_images, pairs))
    guilty = work[8][0][0]
    failures = {key: reason for batch in done for key, reason in batch.failures.items()}
    assert failures == {guilty: "its process died on it (SIGKILL)"}
    keys = sorted(key for batch in done for key in batch.keys)
    assert keys == sorted(batch[0][0] for batch in work if batch[0][0] != guilty)


@dataclass(frozen=True)
class Slow(Encoder):
    """Never comes to an end with one image, and leaves no way back to Python."""

    def prepare(self, image: Image.Image) -> Any:
        if image.getpixel((0, 0)) == (80, 0, 0):
            re.fullmatch(r"(a+)+b", "a" * 60)  # takes longer than there is time
        return image

    def encode_batch(self, images: Any) -> np.ndarray:
        return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])


@pytest.mark.parametrize("threads", [1, 3])
def test_an_image_that_hangs_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setenv("EMBEDBENCH_IMAGE_SECONDS", "1")
    work = batches(tmp_path)
    encode = partial(encode_images, placement=Placement(threads=threads))
    with local(Slow(), 1, tmp_path) as workers:
        workers.load(print)
        done = list(workers.map(encode, [work[7] + work[8] + work[9], work[10]]))
    failures = {key: reason for batch in done for key, reason in batch.failures.items()}
    assert failures == {work[8][0][0]: "took longer than 1 s"}
    assert sum(len(batch.keys) for batch in done) == 3


@dataclass(frozen=True)
class Doomed(Encoder):
    """Dies on every image but the grey one that it is loaded with."""

    def encode_batch(self, images: Any) -> np.ndarray:
        if images[0].width == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.ones((len(images), 1), np.float32)


def test_an_encoder_that_dies_on_everything_is_given_up(tmp_path: Path) -> None:
    with local(Doomed(), 1, tmp_path) as workers:
        workers.load(print)
        with pytest.raises(WorkerDied, match="its process died"):
            list(workers.map(encode_images, batches(tmp_path)))


@dataclass(frozen=True)
class Hungry(Encoder):
    """Runs out of memory above `most` images."""

    most: int = 2

    def encode_batch(self, images: Any) -> np.ndarray:
        if len(images) > self.most:
            raise MemoryError("too many")
        return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])


def test_too_many_images_at_once_are_halved_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batches(tmp_path)
    files = sorted(tmp_path.glob("*.png"))
    hashes = [content_hash(file.read_bytes()) for file in files]
    engine = LocalEngine(Store(tmp_path / "store"), workers=1, progress=Progress())
    dataset = Dataset.from_images(files)
    found = embed("hungry", Hungry(), dataset, hashes, engine)
    assert found.vectors[:, 0].tolist() == [10 * number for number in range(12)]
    assert "8 images at once did not fit the memory; went on with 2" in capsys.readouterr().err
    with pytest.raises(EncoderError, match="out of memory with one image at a time"):
        embed("hungry", Hungry(most=0), dataset, hashes, engine)


def test_a_slow_image_holds_up_its_own_worker_alone(tmp_path: Path) -> None:
    """It is not done before all are, but for the one that waits behind it."""
    (tmp_path / "done").mkdir()

    @dataclass(frozen=True)
    class Slow(Encoder):
        folder: str

        def prepare(self, image: Image.Image) -> Any:
            done, value = Path(self.folder), image.getpixel((0, 0))[0]  # type: ignore[index]
            while image.width == 4 and value == 0 and len(list(done.iterdir())) < 10:
                time.sleep(0.05)
            if image.width == 4:
                (done / str(value)).touch()
            return image

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.ones((len(images), 1), np.float32)

    with local(Slow(str(tmp_path / "done")), 2, tmp_path) as workers:
        workers.load(print)
        work = batches(tmp_path)
        order = [batch.keys[0] for batch in workers.map(encode_images, work)]
    assert len(order) == 12 and work[0][0][0] in order[-2:]


def test_a_worker_that_takes_much_memory_stays(tmp_path: Path) -> None:
    """With it stays the model that it has loaded."""

    @dataclass(frozen=True)
    class Growing(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            if images[0].width == 4:
                held.append(bytearray(os.urandom(1) * 500_000_000))
                time.sleep(1.1)  # loky looks once a second
            return np.full((len(images), 1), os.getpid(), np.float32)

    held: list[bytearray] = []
    with local(Growing(), 1, tmp_path) as workers:
        workers.load(print)
        work = batches(tmp_path)[:3]
        processes = {float(done.vectors[0, 0]) for done in workers.map(encode_images, work)}
    assert len(processes) == 1
