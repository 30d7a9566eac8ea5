"""An engine whose workers stay, so that their start and the loading of weights are not timed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from embedbench.dataset import Dataset, content_hash, read_dataset, read_source
from embedbench.embed import Embedding, Engine, embed
from embedbench.encoder import Encoder
from embedbench.encoding import dumps, hold, load
from embedbench.progress import Progress
from embedbench.registry import create
from embedbench.store import Store
from embedbench.workers import Pool, cores

__all__ = ["KeptPool", "Pictures", "Warm", "read"]

Result = TypeVar("Result")
Pictures = tuple[Dataset, list[str]]
"""Images and the hashes of their bytes."""


def read(folder: Path) -> Pictures:
    """Return the images of a folder, with their hashes."""
    dataset = read_dataset(folder)
    return dataset, [content_hash(read_source(source)) for source in dataset.sources]


class KeptPool(Pool):
    """Worker processes that outlive their contexts, and answer what they have answered before."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._answers: dict[Callable[..., Any], Any] = {}

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call; of one without arguments, the first result for ever."""
        if arguments:
            return super().call(function, *arguments)
        if function not in self._answers:
            self._answers[function] = super().call(function)
        answer: Result = self._answers[function]
        return answer

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the processes where they are."""

    def close(self) -> None:
        """End the processes."""
        super().__exit__(None, None, None)


@dataclass(frozen=True)
class _WarmEngine(Engine):
    kept: dict[int, KeptPool] = field(default_factory=dict)

    def pool(self, workers: int, encoder: Encoder) -> Pool:
        """Return the processes of this number, which are started once."""
        if workers not in self.kept:
            self.kept[workers] = KeptPool(
                workers, self.environment, hold, (dumps(encoder), self.offline)
            )
        return self.kept[workers]


class Warm:
    """An encoder with warm workers: the real way from files to vectors, without its start.

    Args:
        spec: the encoder, as on the command line.
        store: a new folder.
    """

    def __init__(self, spec: str, store: Path) -> None:
        self.spec = spec
        self._encoder = create(spec)
        self._engine = _WarmEngine(Store(store), cores(), True, Progress(quiet=True))

    def embed(self, pictures: Pictures) -> Embedding:
        """Return the vectors of all images; those in the store are not encoded."""
        dataset, hashes = pictures
        return embed(self.spec, self._encoder, dataset, hashes, self._engine)

    def start(self, pictures: Pictures) -> Embedding:
        """Start the workers and have all of them load, with more images than one batch."""
        found = self.embed(pictures)
        for pool in self._engine.kept.values():
            pool.gather([(load,)] * pool.workers, lambda _: None)
        return found

    def close(self) -> None:
        """End the workers."""
        for pool in self._engine.kept.values():
            pool.close()
