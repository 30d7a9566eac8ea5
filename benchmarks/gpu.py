"""From JPEG files to vectors on one GPU, compared with forward passes only; the choice of `auto`.

python benchmarks/gpu.py [--long]

Without a GPU there are no rows. Weights are random, the architectures the real ones. The ceiling
is passes of prepared batches that are already on the GPU.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import content_hash
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine
from embedbench.encoders.registry import create_encoder
from embedbench.io.store import Store
from embedbench.parallel.pool import Pool
from embedbench.utils.hardware import cores
from embedbench.utils.progress import Progress
from forward import save_clip
from measure import Row, ratio, run, told
from photographs import Photographs

BATCHES = (128, 512)
PRECISIONS = ("float32", "bfloat16")


def rows(short: bool) -> list[Row]:
    """Return the rows of each network; none without a GPU."""
    with Pool(1) as pool:
        if not pool.call(has_gpu):
            return []
    count = 8192 if short else 32768
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Pool(1) as pool:
            pool.call(save_clip, str(home / "clip"))
        photographs = Photographs(home)
        files = sorted(photographs.write(count).iterdir())
        found = [_preparing(files, home)]
        for name, spec in {
            "CLIP ViT-B/32": f"clip:{home / 'clip'}",
            "ResNet50": "timm:resnet50,pretrained=false",
            "mobilenetv3_large_100": "timm:mobilenetv3_large_100,pretrained=false",
        }.items():
            found += _network(name, spec, files, home)
        return found


def has_gpu() -> bool:
    """Return whether PyTorch sees a GPU."""
    import torch

    return bool(torch.cuda.is_available())


def _network(name: str, spec: str, files: list[Path], home: Path) -> list[Row]:
    with Pool(1) as pool:
        ceilings = pool.call(passes, spec)
    found = [
        told(f"{name}, {precision}, batch {batch}: passes alone", (rate,) * 3, "images a second")
        for (precision, batch), rate in ceilings.items()
    ]
    return found + through(name, spec, max(ceilings, key=lambda key: ceilings[key]), files, home)


def through(
    name: str, spec: str, quickest: tuple[str, int], files: list[Path], home: Path
) -> list[Row]:
    """Return rows from files to vectors: with the fastest precision and batch size, and `auto`."""
    ways = {
        f"{quickest[0]}, batch {quickest[1]}": f",precision={quickest[0]},batch_size={quickest[1]}",
        "auto": "",
    }
    found = []
    for way, options in ways.items():
        record, seconds = _embed(spec + options, files, home)
        ran = ", ".join(f"{key} {record[key]}" for key in ("precision", "batch_size", "compiled"))
        note = f"{len(files)} files in {seconds:.1f} s with the start; {ran}"
        rate = record["images_per_second"]
        what = f"{name}, {way}: from files to vectors"
        found.append(told(what, (rate,) * 3, "images a second", note))
        print(found[-1], flush=True)
    return found


def _embed(spec: str, files: list[Path], home: Path) -> tuple[dict[str, Any], float]:
    store = home / f"store_{len(list(home.iterdir()))}"
    engine = LocalEngine(Store(store), offline=True, progress=Progress(quiet=True))
    hashes = [content_hash(file.read_bytes()) for file in files]
    start = time.perf_counter()
    found = embed(spec, create_encoder(spec), Dataset.from_images(files), hashes, engine)
    return found.record.to_json(), time.perf_counter() - start


def passes(spec: str) -> dict[tuple[str, int], float]:
    """Return images per second of passes only, by precision and batch size."""
    import torch

    found = {}
    for precision in PRECISIONS:
        for size in BATCHES:
            encoder: Any = create_encoder(f"{spec},precision={precision},batch_size={size}")
            batch = torch.rand(size, 3, 224, 224, device="cuda")
            batch = batch.to(memory_format=torch.channels_last)
            with encoder._running():
                for _ in range(3):
                    encoder._forward(batch.to(encoder._dtype))
                torch.cuda.synchronize()
                start = time.perf_counter()
                for _ in range(10):
                    encoder._forward(batch.to(encoder._dtype))
                torch.cuda.synchronize()
            found[precision, size] = 10 * size / (time.perf_counter() - start)
            del encoder, batch
            torch.cuda.empty_cache()
    return found


def _preparing(files: list[Path], home: Path) -> Row:
    """Return the speed-up of preparing images with one thread per core over one thread."""
    with Pool(1) as pool:
        one, many = (pool.call(prepare_all, files[:1024], threads) for threads in (1, cores()))
    return told(
        f"reading, decoding and resizing by {cores()} threads, against one",
        ratio([one], [many]),
        note=f"{1024 / many:.0f} images a second",
    )


def prepare_all(files: list[Path], threads: int) -> float:
    """Return the seconds that this number of threads takes to prepare images in one process."""
    from embedbench.embedding.worker import _preparing as preparing

    encoder = create_encoder("timm:resnet50,pretrained=false")
    items = [(file.name, file) for file in files]
    for count in (64, len(items)):
        start = time.perf_counter()
        with preparing(encoder, items[:count], threads) as prepared:
            list(prepared)
    return time.perf_counter() - start


if __name__ == "__main__":
    run(rows)
