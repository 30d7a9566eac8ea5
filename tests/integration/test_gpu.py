"""PyTorch encoders on a GPU; skipped where there is none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedbench.data.images.sources import source_hash
from embedbench.embedding.worker import Item, encode_images
from embedbench.embedding.worker_state import Placement, init_worker
from embedbench.encoders.pickling import dumps
from embedbench.encoders.registry import create_encoder


@pytest.fixture(autouse=True)
def _gpu() -> None:
    module = pytest.importorskip("torch")
    if not module.cuda.is_available():
        pytest.skip("there is no GPU")


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    random = np.random.default_rng(0)
    found: list[Item] = []
    for number in range(64):
        small = random.integers(0, 255, (6, 8, 3), np.uint8)
        path = tmp_path / f"{number:02d}.jpg"
        Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC).save(path)
        found.append((source_hash(path), path))
    return found


def rows(spec: str, items: list[Item], device: str, threads: int) -> np.ndarray:
    init_worker(dumps(create_encoder(spec)), offline=True)
    batch = encode_images(items, Placement(0, device, threads))
    assert not batch.failures
    assert batch.keys == [key for key, _ in items]
    return batch.vectors


def test_float32_on_a_gpu_gives_the_vectors_of_the_cpu(
    items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = "timm:resnet50,pretrained=false,precision=float32,batch_size=16"
    on_gpu = rows(spec, items, "cuda", 4)
    again = rows(spec, items, "cuda", 1)
    monkeypatch.setattr("embedbench_torch.device", lambda: "cpu")
    on_cpu = rows(spec, items, "cpu", 1)
    np.testing.assert_array_equal(on_gpu, again)
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-3, atol=1e-4 * np.abs(on_cpu).max())
