"""An encoder with persistent workers, so that starting and loading are not timed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine, LocalWorkers
from embedbench.embedding.result import Embedding
from embedbench.embedding.worker import Batch, Item
from embedbench.encoder import Encoder
from embedbench.encoders.record import LoadedEncoder
from embedbench.encoders.registry import create_encoder
from embedbench.io.store import Store
from embedbench.utils.progress import Progress

__all__ = ["Pictures", "Warm", "read"]

Pictures = tuple[Dataset, list[str]]
"""Images and the hashes of their bytes."""


def read(folder: Path) -> Pictures:
    """Return the images of a folder, with their hashes."""
    dataset = read_dataset(folder)
    return dataset, [content_hash(read_source(source)) for source in dataset.sources]


@dataclass
class _KeptWorkers(LocalWorkers):
    """Workers that outlive their contexts, and load once."""

    _loaded: tuple[LoadedEncoder, Batch] | None = None

    def load(self, tick: Callable[[int], object]) -> tuple[LoadedEncoder, Batch]:
        """Return what was known when the encoder was loaded first."""
        self._loaded = self._loaded or super().load(tick)
        return self._loaded

    def __exit__(self, *error: object) -> None:
        """Keep the processes running."""

    def close(self) -> None:
        """End the processes."""
        super().__exit__(None, None, None)


@dataclass(frozen=True)
class _WarmEngine(LocalEngine):
    kept: list[_KeptWorkers] = field(default_factory=list)

    def start_workers(self, encoder: Encoder, items: Sequence[Item] | None = None) -> LocalWorkers:
        """Return the workers, started at first use: as many as there are cores."""
        if not self.kept:
            self.kept.append(_KeptWorkers(self, encoder))
        return self.kept[0]


class Warm:
    """An encoder with warm workers: from files to vectors, without the start.

    Args:
        spec: encoder, as on the command line, with all options fixed.
        store: a new folder.
        first: images to warm up with, several batches for each worker.
    """

    def __init__(self, spec: str, store: Path, first: Pictures) -> None:
        self._spec = spec
        self._encoder = create_encoder(spec)
        self._engine = _WarmEngine(Store(store), offline=True, progress=Progress(quiet=True))
        self.embed(first)

    def embed(self, pictures: Pictures) -> Embedding:
        """Return the vectors of all images; images in the store are not encoded again."""
        dataset, hashes = pictures
        return embed(self._spec, self._encoder, dataset, hashes, self._engine)

    def close(self) -> None:
        """End the workers."""
        for workers in self._engine.kept:
            workers.close()
