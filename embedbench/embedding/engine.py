"""Engine: where and how encoders run, and what its workers must do."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar, runtime_checkable

from embedbench.data.download import DownloadSettings
from embedbench.embedding.local_workers import LocalWorkers
from embedbench.embedding.worker import Batch, Item
from embedbench.encoder import Encoder
from embedbench.io.store import Store
from embedbench.parallel.pool import PATIENCE
from embedbench.utils.hardware import cores
from embedbench.utils.offline import hub_environment
from embedbench.utils.progress import Progress

__all__ = ["Engine", "Workers"]

Result = TypeVar("Result")


@runtime_checkable
class Workers(Protocol):
    """Workers that hold one encoder: processes of this machine, or of a cluster.

    Attributes:
        workers: how many there are, as far as is known.
        writes: whether they write vectors to the store themselves, for it is far to the caller.
    """

    @property
    def writes(self) -> bool:
        """Whether they write vectors to the store themselves, for it is far to the caller."""

    @property
    def workers(self) -> int:
        """How many there are, as far as is known."""

    def load(self) -> dict[str, Any]:
        """Load the encoder in one worker; return what `worker.load` tells of it."""

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in a worker."""

    def map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Iterator[Batch]:
        """Yield the function's results as they come; what a worker died on is done again."""


@dataclass(frozen=True)
class Engine:
    """Where and how encoders run.

    Attributes:
        store: where vectors are kept.
        workers: processes for each encoder; on a GPU there is one.
        offline: they may not use the network.
        progress: how it is shown.
        patience: seconds without any answer after which an encoder is given up.
        memory: bytes that the processes of an encoder may hold together; None for most of what
            is free.
    """

    store: Store
    workers: int = field(default_factory=cores)
    offline: bool = False
    progress: Progress = field(default_factory=Progress)
    patience: float = PATIENCE
    memory: int | None = None

    @cached_property
    def environment(self) -> dict[str, str]:
        """Variables set in the processes; found out when the first of them is needed."""
        return hub_environment(self.offline)

    def download_settings(self, allow_local: bool) -> DownloadSettings:
        """Return how images are downloaded: into the store, unless they have a place."""
        folder = self.store.folder / "downloads"
        return DownloadSettings(folder, self.offline, allow_local, progress=self.progress)

    def start_workers(self, encoder: Encoder) -> AbstractContextManager[Workers]:
        """Return workers that hold this encoder; to be used as a context."""
        return LocalWorkers(
            encoder, self.offline, self.environment, self.workers, self.progress, self.patience,
            self.memory,
        )  # fmt: skip
