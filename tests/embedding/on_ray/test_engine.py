"""Promises of the engine on Ray: what one machine gives, from a cluster that loses a node."""

import hashlib
import importlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.data.dataset import Dataset
from embedbench.data.images.decoding import open_rgb
from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.engine import Engine
from embedbench.embedding.factory import make_engine
from embedbench.embedding.result import Embedding
from embedbench.encoder import Encoder, Facts
from embedbench.errors import EncoderError, InputError, StoreError
from embedbench.parallel.engine_options import EngineOptions
from embedbench.parallel.pool import NoAnswer
from embedbench.utils.progress import Progress
from tests.support.bucket import serve_bucket, upload
from tests.support.libraries import library

ray = library("ray")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),  # Ray Data warns of itself
]
QUIET = Progress(quiet=True)
SOON = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300}


@pytest.fixture(scope="module")
def query() -> Iterator[str]:
    with serve_bucket() as query:
        yield query


@pytest.fixture(scope="module")
def cluster(query: str) -> Iterator[Any]:
    """A cluster of one node with one CPU, on this machine; the bucket's keys are known there."""
    import ray
    from ray.cluster_utils import Cluster

    from embedbench.embedding.on_ray.cluster import connect

    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    running = Cluster(initialize_head=True, head_node_args={**node, "_system_config": SOON})
    try:
        connect(running.address)
        yield running
    finally:
        ray.shutdown()
        running.shutdown()


def engine(store: Path | str) -> Engine:
    return make_engine(EngineOptions("ray", store=store), QUIET)


def run(encoder: Encoder, dataset: Dataset, engine: Engine) -> Embedding:
    hashes = [content_hash(read_source(source)) for source in dataset.sources]
    return embed("it", encoder, dataset, hashes, engine)


def noted(log: Path, seconds: float = 0.0) -> Encoder:
    """Return an encoder that notes each image that it encodes, and takes its time."""

    @dataclass(frozen=True)
    class Noted(Encoder):
        batch_size: int = 1

        def encode_batch(self, images: Any) -> np.ndarray:
            time.sleep(seconds)
            pixels = np.asarray(images[0])
            with log.open("a") as file:
                file.write(hashlib.sha256(pixels.tobytes()).hexdigest() + "\n")
            print("this is said to nobody")
            return np.array([pixels.mean((0, 1))], np.float32)

    return Noted()


def plainly(dataset: Dataset, folder: Path) -> np.ndarray:
    """Return what the encoder makes of the images in this process."""
    images = [open_rgb(read_source(source)) for source in dataset.sources]
    rows: np.ndarray = noted(folder / "other").encode(images)
    return rows


def test_a_cluster_that_loses_a_node_goes_on(
    cluster: Any, photographs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    dataset = read_dataset(photographs)
    log = tmp_path / "encoded"
    second = cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    cluster.wait_for_nodes()
    ended = threading.Event()

    def end() -> None:
        while not log.exists() or len(log.read_text().splitlines()) < 16:
            time.sleep(0.05)
        cluster.remove_node(second, allow_graceful=False)
        ended.set()

    threading.Thread(target=end, daemon=True).start()
    capfd.readouterr()
    told = replace(engine(tmp_path / "ray"), progress=Progress())
    found = run(noted(log, 0.15), dataset, told)
    assert ended.is_set() and found.encoded == 36 and found.record.workers == 2
    out, err = capfd.readouterr()
    assert np.array_equal(found.vectors, plainly(dataset, tmp_path))
    assert out == "" and "nodes of the cluster that were lost: 1" in err
    images = [open_rgb(read_source(source)) for source in dataset.sources]
    ours = {hashlib.sha256(image.tobytes()).hexdigest() for image in images}
    times = Counter(one for one in log.read_text().splitlines() if one in ours)
    in_flight = 2  # a node has one worker, which holds two images at a time
    alone = 5  # calls of one image, to time it
    assert len(times) == 36 and 36 <= sum(times.values()) <= 36 + in_flight + alone


def test_a_bucket_serves_the_cluster(
    cluster: Any, query: str, photographs: Path, tmp_path: Path
) -> None:
    (photographs / "red" / "00.png").write_bytes(b"no image")
    upload(photographs, f"s3://bucket/photographs{query}")
    dataset = read_dataset(f"s3://bucket/photographs{query}").take(range(20, 32))
    log = tmp_path / "encoded"
    found = run(noted(log), dataset, engine(f"s3://bucket/store{query}"))
    assert found.failures.keys() == {4}
    assert found.failures[4].startswith("not an image of a known format (JPEG, PNG, ")
    kept = [row for row in range(len(dataset)) if row != 4]
    assert np.array_equal(found.vectors[kept], plainly(dataset.take(kept), tmp_path))
    before = log.read_text()
    again = run(noted(log), dataset.take(range(4)), engine(f"s3://bucket/store{query}"))
    assert again.encoded == 0 and log.read_text() == before


def test_an_image_that_ends_its_process_is_a_failure_and_the_others_go_on(
    cluster: Any, photographs: Path, tmp_path: Path
) -> None:
    dataset = read_dataset(photographs).take(range(9))  # two pieces of work
    fatal = open_rgb(read_source(dataset.sources[4])).getpixel((0, 0))

    @dataclass(frozen=True)
    class Fragile(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            if any(image.getpixel((0, 0)) == fatal for image in images):
                os._exit(1)
            return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])

    found = run(Fragile(), dataset, engine(tmp_path))
    assert found.failures == {4: "its process died on it 3 times"}
    assert np.isnan(found.vectors).any(axis=1).tolist() == [row == 4 for row in range(9)]


@pytest.mark.soak
def test_an_encoder_that_ends_its_process_on_all_images_is_given_up(
    cluster: Any, photographs: Path, tmp_path: Path
) -> None:
    dataset = read_dataset(photographs)

    @dataclass(frozen=True)
    class Fatal(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            if images[0].size == (32, 24):
                os._exit(1)
            return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])

    with pytest.raises(EncoderError, match="its process died 3 times on the same images"):
        run(Fatal(), dataset, engine(tmp_path))


def test_an_encoder_that_hangs_is_given_up(
    cluster: Any,
    photographs: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the middle of its work, and with no way back to Python; the next one gets its place."""
    dataset = read_dataset(photographs)

    @dataclass(frozen=True)
    class Hanging(Encoder):
        seconds: float
        batch_size: int = 1

        def encode_batch(self, images: Any) -> np.ndarray:
            if images[0].size == (32, 24):
                time.sleep(self.seconds)
                if not self.seconds:
                    re.fullmatch(r"(a+)+b", "a" * 60)  # takes longer than there is time
            return np.array([np.asarray(images[0], np.float32).mean((0, 1))])

    hasty = make_engine(EngineOptions("ray", store=tmp_path, patience=5.0), QUIET)
    capfd.readouterr()
    for some in (dataset, dataset.take([0])):  # pieces of work, and a single one
        with pytest.raises(NoAnswer, match="^no answer from its process for 5 seconds$"):
            run(Hanging(0.0), some, hasty)
    assert capfd.readouterr().err == ""
    # A piece of work, of four images, takes longer than that, but no batch does.
    monkeypatch.setattr("embedbench.embedding.job._SHARES", 2)
    slow = run(Hanging(2.0), dataset.take(range(8)), hasty)
    assert slow.encoded == 8 and not slow.failures


def test_a_node_without_the_encoders_library_says_so(
    cluster: Any, photographs: Path, tmp_path: Path
) -> None:
    @dataclass(frozen=True)
    class Elsewhere(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            importlib.import_module("not_installed")
            return np.zeros((len(images), 1), np.float32)

    class Unknown(Elsewhere):
        def __reduce__(self) -> Any:
            return importlib.import_module, ("not_there",)

    dataset = read_dataset(photographs)
    with pytest.raises(EncoderError, match=r"No module named 'not_installed' \(on node '.*'\)"):
        run(Elsewhere(), dataset, engine(tmp_path))
    with pytest.raises(EncoderError, match="cannot be loaded: .* No module named 'not_there'"):
        run(Unknown(), dataset, engine(tmp_path))


def test_a_store_that_cannot_be_written_is_told_by_the_workers(
    cluster: Any, query: str, photographs: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Not a directory"):
        run(noted(tmp_path / "log"), read_dataset(photographs), engine(tmp_path / "file"))


def test_an_encoder_gets_a_gpu_of_the_cluster_if_it_uses_one(
    cluster: Any, photographs: Path, tmp_path: Path
) -> None:
    @dataclass(frozen=True)
    class Chooser(Encoder):
        """Says of itself that it runs on a GPU where Ray shows it one."""

        uses_gpu: bool = True

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.array([[len(self.device)]] * len(images), np.float32)

        def facts(self) -> Facts:
            return Facts(device=self.device)

        @property
        def device(self) -> str:
            return "cuda" if self.uses_gpu and os.environ.get("CUDA_VISIBLE_DEVICES") else "cpu"

    from embedbench.embedding.on_ray.cluster import nodes

    node = cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=80 * 2**20)
    cluster.wait_for_nodes()
    try:
        for encoder, device, workers in ((Chooser(), "cuda", 1), (Chooser(False), "cpu", 2)):
            found = run(encoder, read_dataset(photographs), engine(tmp_path))
            assert found.record.facts.device == device
            assert found.record.workers == workers
            assert (found.vectors == len(device)).all()
    finally:
        cluster.remove_node(node)
        while len(nodes()) > 1:  # until the head knows
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": "dask"}, "must be one of local, ray; not 'dask'"),
        ({"address": "head:6379"}, "`address` is for the engine 'ray'"),
        ({"workers": 0}, "`workers` must be at least 1; not 0"),
    ],
)
def test_what_cannot_be_asked_for_is_told(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_engine(EngineOptions(**asked), QUIET)


def test_an_address_that_does_not_answer_is_told_soon() -> None:
    from embedbench.embedding.on_ray.cluster import connect

    ray.shutdown()
    with socket.socket() as closed, socket.create_server(("127.0.0.1", 0)) as silent:
        closed.bind(("127.0.0.1", 0))
        for port in (closed.getsockname()[1], silent.getsockname()[1]):
            start = time.monotonic()
            with pytest.raises(InputError, match=f"no Ray cluster answers at '127.0.0.1:{port}'"):
                connect(f"127.0.0.1:{port}", patience=3.0)
            assert time.monotonic() - start < 30
    with pytest.raises(InputError, match="ray job submit"):
        connect("ray://head:10001")


def test_without_ray_its_extra_is_named(photographs: Path) -> None:
    code = (
        "import sys; sys.modules['ray'] = None; from embedbench.cli import main; "
        f"main(['run', '{photographs}', '-e', 'pixels', '--engine', 'ray'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    *notes, error = done.stderr.splitlines()
    assert done.returncode == 2 and '".[ray]"' in error
    assert all(note.startswith("note: ") for note in notes)
