"""Where and how encoders run, and what their workers must do.

An engine starts workers, all processes of one encoder, for a job.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar, runtime_checkable

from embedbench.data.downloads.download import DownloadSettings
from embedbench.embedding.worker import Batch, Item
from embedbench.encoder import Encoder
from embedbench.encoders.record import LoadedEncoder
from embedbench.io.store import Store
from embedbench.parallel.pool import PATIENCE
from embedbench.utils.hardware import cores
from embedbench.utils.offline import hub_environment
from embedbench.utils.progress import Progress

__all__ = ["Engine", "Workers"]

Result = TypeVar("Result")


@runtime_checkable
class Workers(Protocol):
    """All processes that hold one encoder, on this machine or on a cluster."""

    @property
    def count(self) -> int:
        """How many there are, as far as is known."""

    @property
    def threads(self) -> int:
        """How many math threads each of them has on a CPU."""

    @property
    def writes(self) -> bool:
        """Whether they write vectors to the store themselves, because the caller is far away."""

    def begin(self) -> "Future[Any] | None":
        """Start to load the encoder; return what is done once it is, None where nobody knows."""

    def load(self, tick: Callable[[int], object]) -> tuple[LoadedEncoder, Batch]:
        """Load the encoder in one worker; return what it is, and the rows of a few images.

        Args:
            tick: called with the bytes that it downloads.
        """

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in a worker."""

    def map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Iterator[Batch]:
        """Yield the results as they come; repeat what a worker died on."""


@dataclass(frozen=True)
class Engine(ABC):
    """Where and how encoders run.

    Attributes:
        store: where vectors are kept.
        workers: processes on this machine, at most.
        offline: whether workers may not use the network.
        progress: shows progress.
        patience: seconds without an answer after which workers are ended.
        memory: bytes that all workers of an encoder may hold together; None for most of the free
            memory.
    """

    store: Store
    workers: int = field(default_factory=cores)
    offline: bool = False
    progress: Progress = field(default_factory=Progress)
    patience: float = PATIENCE
    memory: int | None = None

    @cached_property
    def environment(self) -> dict[str, str]:
        """Environment variables of the workers."""
        return hub_environment(self.offline)

    def download_settings(self, allow_local: bool) -> DownloadSettings:
        """Return how to download images: into the store, unless their dataset names a folder."""
        folder = self.store.folder / "downloads"
        return DownloadSettings(folder, self.offline, allow_local, progress=self.progress)

    @property
    def at_once(self) -> int:
        """How many encoders may be loaded at the same time."""
        return 1

    @abstractmethod
    def start_workers(
        self, encoder: Encoder, items: Sequence[Item] | None = None
    ) -> AbstractContextManager[Workers]:
        """Return a context manager for workers that hold this encoder; leaving it ends them.

        Args:
            encoder: not yet loaded.
            items: the images to encode, whose number decides how many workers start, and of
                which the first are encoded when it is loaded; None if they are not known.
        """
