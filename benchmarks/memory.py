"""Growth of the memory of an embedding run with the number of images.

python benchmarks/memory.py [--long]

The short form has a light encoder, of 64 colours; the long one also `pixels` and `timm`. Each run
is a separate process with an empty store, so that it has its own peak. The memory of an image is
the slope between few and many images: the memory of the program and of the model, the same for
both, cancels. A vector takes 4 bytes a dimension.
"""

import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from embedbench.data.scan import scan_images
from embedbench.embedding.embed import embed
from embedbench.embedding.factory import make_engine
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoder
from embedbench.parallel.engine_options import EngineOptions
from embedbench.parallel.pool import Pool
from embedbench.utils.hardware import cores, peak_memory_mb
from embedbench.utils.progress import Progress
from measure import Row, at_most, run, told
from photographs import commented
from warm import read

FEW, MANY = 1_000, 10_000
"""Numbers of images."""

ROOM_MB = 20.0
"""Tolerance for the variation of the allocator."""


@dataclass(frozen=True)
class ColourEncoder(Encoder):
    """Histogram of colours."""

    def encode_batch(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Return the shares of 64 colours in each image."""
        codes = [np.asarray(image) // 64 @ np.array([16, 4, 1]) for image in images]
        counts = [np.bincount(code.ravel(), minlength=64) / code.size for code in codes]
        return np.array(counts, dtype=np.float32)


def rows(short: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        images = {count: _write(home / f"images_{count}", count) for count in (FEW, MANY)}
        found = []
        encoders: dict[str, Encoder] = {"colours": ColourEncoder()}
        if not short:
            encoders |= {spec: create_encoder(spec) for spec in ("pixels", "timm")}
        for name, encoder in encoders.items():
            peaks = {count: _peaks(encoder, path, home) for count, path in images.items()}
            found += _rows(name, peaks[FEW], peaks[MANY])
        return found


def _rows(name: str, few: dict[str, float], many: dict[str, float]) -> list[Row]:
    vectors = (MANY - FEW) * 4 * few["dim"] / 1e6
    more = {figure: many[figure] - few[figure] for figure in few}
    against = f"{MANY:,} images against {FEW:,}"
    unit = f"MB, of which vectors {vectors:.0f}"
    return [
        at_most(
            f"`{name}`: memory of the main process, {against}",
            round(vectors + ROOM_MB),
            (more["embed"], more["embed"], more["embed"]),
            unit,
        ),
        at_most(
            f"`{name}`: memory of a worker, {against}",
            ROOM_MB,
            (more["worker"], more["worker"], more["worker"]),
            "MB",
        ),
        told(
            f"`{name}`: memory of the main process with the images scanned first, {against}",
            (more["survey"], more["survey"], more["survey"]),
            "MB",
            note="sizes and thumbnails of all images, for the report",
        ),
    ]


def _peaks(encoder: Encoder, images: Path, home: Path) -> dict[str, float]:
    """Return the peaks of one run: of the main process and of the largest worker."""
    store = tempfile.mkdtemp(dir=home)
    with Pool(1, patience=None) as pool:
        found = pool.call(embed_folder, encoder, images, store)
    with Pool(1, patience=None) as pool:
        return found | {"survey": pool.call(survey_folder, images, store)}


def embed_folder(encoder: Encoder, images: Path, store: str) -> dict[str, float]:
    """Embed a folder; return the peaks in MB, and how long a vector is."""
    engine = make_engine(EngineOptions(store=store, offline=True), Progress(quiet=True))
    dataset, hashes = read(images)
    found: Any = embed("encoder", encoder, dataset, hashes, engine)
    worker, dim = float(found.record.peak_memory_mb or 0), float(found.vectors.shape[1])
    return {"embed": peak_memory_mb(), "worker": worker, "dim": dim}


def survey_folder(images: Path, store: str) -> float:
    """Look at all images as a comparison does first; return the peak in MB."""
    engine = make_engine(EngineOptions(store=store, offline=True), Progress(quiet=True))
    scan_images(read(images)[0], engine.store, cores(), engine.progress)
    return peak_memory_mb()


def _write(folder: Path, count: int) -> Path:
    """Write `count` small images; return their folder."""
    folder.mkdir()
    for number, content in zip(range(count), _contents(), strict=False):
        (folder / f"{number:05d}.jpg").write_bytes(content)
    return folder


def _contents() -> Iterator[bytes]:
    content = io.BytesIO()
    colours = np.random.default_rng(0).integers(256, size=(8, 8, 3), dtype=np.uint8)
    Image.fromarray(colours).resize((96, 96)).save(content, "JPEG")
    number = 0
    while True:
        yield commented(content.getvalue(), str(number))
        number += 1


if __name__ == "__main__":
    run(rows)
