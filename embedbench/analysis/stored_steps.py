"""Steps of the analysis, computed once: their results are kept in the store by what made them."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.k_selection import KSelection
from embedbench.analysis.label_free import EncoderScores
from embedbench.analysis.measurement import Evaluation
from embedbench.analysis.robustness.corruption_effects import CleanBaseline, CorruptionEffect
from embedbench.analysis.robustness.domain_shift import DomainAlignment
from embedbench.analysis.shortcuts import Shortcut
from embedbench.analysis.sweep import Sweep
from embedbench.clustering.clusterers import Agglomerative, Hdbscan, KMeans
from embedbench.clustering.limits import SampleLimit
from embedbench.clustering.partitions import Partitions
from embedbench.data.images.corruptions import Corruption
from embedbench.io.structured import digest_of, read_structured, write_structured
from embedbench.metrics.base import Estimate
from embedbench.metrics.embedding.neighbours import Neighbourhood
from embedbench.metrics.embedding.retrieval import Retrieval
from embedbench.parallel.pool import Pool
from embedbench.parallel.serial import Serial
from embedbench.utils.fingerprint import embedbench_code

__all__ = ["RESULT_TYPES", "ResultStore", "StoredSteps"]

Key = TypeVar("Key", bound=Hashable)

RESULT_TYPES = (
    Agglomerative,
    CleanBaseline,
    Corruption,
    CorruptionEffect,
    DomainAlignment,
    EncoderScores,
    Estimate,
    Evaluation,
    EvaluationSettings,
    Hdbscan,
    KMeans,
    KSelection,
    Neighbourhood,
    Partitions,
    Retrieval,
    SampleLimit,
    Shortcut,
    Sweep,
    Targets,
)
"""The dataclasses that the results of steps are made of."""

_KIND = "analysis"
_ROOMS = ("analysis", "clustering", "comparison", "metrics", "results", "utils", "vectors.py")
"""The code that the steps run."""

_LIBRARIES = (
    "faiss-cpu",
    "hdbscan",
    "kneed",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "umap-learn",
)

_MOST_BYTES = 2 * 10**9
"""More than this in a local store, and the results that were not used for longest are removed."""


@runtime_checkable
class ResultStore(Protocol):
    """Where results are kept, by kind and key; `embedbench.io.store.Store` is one."""

    def get_bytes(self, kind: str, key: str) -> bytes | None:
        """Return what was kept; None if it is not there."""

    def put_bytes(self, kind: str, key: str, content: bytes) -> None:
        """Keep it."""

    def trim(self, kind: str, most: int) -> None:
        """Remove what was not used for longest if there are more bytes than this."""


@dataclass(frozen=True)
class StoredSteps:
    """Calls of the analysis, spread over worker processes; those in the store are read instead.

    A step is known by its function, its arguments, the code of the analysis and the versions of
    its libraries. One whose arguments are of other packages' classes is always computed.

    Attributes:
        store: where results are kept; None to compute every step.
        processes: computes the others.
        tick: called with 1 after each step.
    """

    store: ResultStore | None
    processes: Pool | Serial
    tick: Callable[[int], object]

    def gather(self, calls: Mapping[Key, tuple[Any, ...]]) -> dict[Key, Any]:
        """Return the result of each call, (function, argument ...), by its key."""
        names = {key: self._name(call) for key, call in calls.items()}
        found = {key: result for key, name in names.items() if (result := self._read(name))}
        self.tick(len(found))
        missing = [key for key in calls if key not in found]
        computed = dict(
            zip(
                missing,
                self.processes.gather([calls[key] for key in missing], self.tick),
                strict=True,
            )
        )
        for key, result in computed.items():
            self._keep(names[key], result)
        if self.store and computed:
            self.store.trim(_KIND, _MOST_BYTES)
        return {key: found[key][0] if key in found else computed[key] for key in calls}

    def _name(self, call: tuple[Any, ...]) -> str | None:
        """Return the name of a call's result in the store; None where it cannot be told."""
        if self.store is None:
            return None
        try:
            return digest_of((embedbench_code(_ROOMS, _LIBRARIES), call))
        except TypeError:
            return None

    def _read(self, name: str | None) -> tuple[Any] | None:
        """Return a stored result in a tuple, for a result may be anything; None without one."""
        content = self.store.get_bytes(_KIND, name) if self.store and name else None
        if content is None:
            return None
        try:
            return (read_structured(content, RESULT_TYPES),)
        except ValueError:
            return None

    def _keep(self, name: str | None, result: Any) -> None:
        """Keep a result that is read back as it is written."""
        if self.store is None or name is None:
            return
        try:
            content = write_structured(result)
            is_same = write_structured(read_structured(content, RESULT_TYPES)) == content
        except (TypeError, ValueError):
            return
        if is_same:
            self.store.put_bytes(_KIND, name, content)
