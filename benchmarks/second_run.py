"""A second run on the same images, with all vectors in the store, compared with the first.

python benchmarks/second_run.py [--long]

600 photographs and timm's default model, from files to vectors: reading, hashing, scanning and
encoding. Starting workers and loading weights count. The long form also measures a whole
comparison, of which the second run reads every step from the store.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedbench import compare
from embedbench.data.loading import read_dataset
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine, LocalWorkers
from embedbench.embedding.worker import Item
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoder
from embedbench.io.store import Store
from embedbench.utils.progress import Progress
from measure import Row, Spread, at_most, run, spread, told
from photographs import ASSETS, Photographs

IMAGES = 600


@dataclass(frozen=True)
class CountingEngine(LocalEngine):
    """An engine that counts how often an encoder's workers were asked for."""

    starts: list[Encoder] = field(default_factory=list)

    def start_workers(self, encoder: Encoder, items: Sequence[Item] | None = None) -> LocalWorkers:
        """Return the workers."""
        self.starts.append(encoder)
        return super().start_workers(encoder, items)


def rows(short: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        photographs, what = _photographs(home)
        first, started = _embedding(photographs, home / "store")
        seconds = [_embedding(photographs, home / "store") for _ in range(3 if short else 9)]
        share = spread([100 * one / first for one, _ in seconds])
        starts = float(max(number for _, number in seconds))
        note = f"{IMAGES} {what}; the first took {first:.0f} s"
        found = [
            at_most("second run, files to vectors", 10, share, "% of the first", note),
            at_most("encoder processes that the second run starts", 0, (starts,) * 3, ""),
        ]
        assert started == 1
        if short:
            return found
        whole = [_seconds(lambda: _whole(photographs, home / "whole")) for _ in range(2)]
        share = _once(100 * whole[1] / whole[0])
        note = f"the first took {whole[0]:.0f} s; what is left is imports, reading and the page"
        return [*found, told("second run, whole comparison", share, "% of the first", note)]


def _embedding(photographs: Path, store: Path) -> tuple[float, int]:
    """Return the seconds from files to vectors, and how often workers were started."""
    engine = CountingEngine(Store(store), offline=True, progress=Progress(quiet=True))

    def way() -> None:
        dataset, images, _ = scan_images(
            read_dataset(photographs), engine.store, engine.workers, engine.progress
        )
        embed("timm", create_encoder("timm"), dataset, list(images["hash"]), engine)

    return _seconds(way), len(engine.starts)


def _whole(photographs: Path, store: Path) -> None:
    """Compare as `embedbench run FOLDER -e timm` does, with the report, in a new folder."""
    with tempfile.TemporaryDirectory() as out:
        compare(photographs, ["timm"], out=out, store=store, offline=True, quiet=True)


def _photographs(home: Path) -> tuple[Path, str]:
    found = ASSETS / "caltech101_subset"
    if found.is_dir():
        return found, "photographs of Caltech 101"
    photographs = Photographs(home)
    return photographs.write(IMAGES), photographs.what


def _seconds(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def _once(figure: float) -> Spread:
    return figure, figure, figure


if __name__ == "__main__":
    run(rows)
