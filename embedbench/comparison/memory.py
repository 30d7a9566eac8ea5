"""Memory limit of a comparison, which decides how many processes compute at once.

Blocks of distances have a fixed size, for the last bits of a sum depend on it, and the tables
must be the same on every machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.clustering import clusterers
from embedbench.clustering.limits import DEFAULT_LIMIT
from embedbench.encoder import Vectors
from embedbench.errors import InputError
from embedbench.parallel.engine_options import parse_size
from embedbench.parallel.pool import Pool
from embedbench.parallel.serial import Serial
from embedbench.utils.hardware import available, cores

__all__ = ["Memory", "Size", "comparison_size", "parse_memory"]

_SHARE = 0.5
"""Share of the free memory to use, where no limit is given."""

_BLOCK = 256 * 2**20
"""Most bytes of a block of distances."""

_PAIR = 32
"""Bytes for each pair of images in a block, and for all pairs up to the sample limit."""

_PROCESS = 250 * 10**6
"""Bytes of a process with its libraries before it computes anything; estimated."""

_COPIES = 6
"""Most copies of the vectors that a process holds, in float64; estimated."""

_RUN = 40
"""Bytes for each image and run in it: clusters, silhouettes, derived arrays; estimated."""

_QUICK = 2500
"""Images times jobs times runs up to which the analysis ends before workers would have started."""

_HELD = 3
"""Copies of the vectors that the first process holds, in float32; estimated."""

_HELD_RUN = 20
"""Bytes for each image and run there; estimated."""


def parse_memory(text: str) -> "Memory":
    """Return the memory limit in a text such as `4GB` or `512MB`.

    Raises:
        InputError: the text is not a size.
    """
    return Memory(parse_size(text))


@dataclass(frozen=True)
class Size:
    """Size of a comparison.

    Attributes:
        images: number of images compared.
        widths: dimensions of each encoder's vectors.
        runs: most partitions of one encoder.
    """

    images: int
    widths: Sequence[int]
    runs: int

    @property
    def held(self) -> int:
        """About how many bytes the first process holds: vectors, partitions, the tables."""
        each = 4 * _HELD * sum(self.widths) + len(self.widths) * self.runs * _HELD_RUN
        return _PROCESS + self.images * each

    @property
    def process(self) -> int:
        """About how many bytes a process needs to cluster or score one encoder."""
        pairs = _PAIR * min(self.images, DEFAULT_LIMIT.images) ** 2
        block = min(_BLOCK, _PAIR * self.images**2)
        each = 8 * _COPIES * max(self.widths) + self.runs * _RUN
        return _PROCESS + block + pairs + self.images * each


def comparison_size(inputs: AnalysisInputs, vectors: Mapping[str, Vectors]) -> Size:
    """Return the size of the comparison of these vectors, by encoder."""
    runs = len(inputs.clusterers) * len(inputs.spaces) * len(inputs.k_grid.ks) * len(inputs.seeds)
    return Size(len(inputs.image_names), [rows.shape[1] for rows in vectors.values()], runs)


@dataclass(frozen=True)
class Memory:
    """Memory limit of a comparison's computations, all processes together.

    Attributes:
        limit: in bytes.
        asked: whether the user set it.
    """

    limit: int
    asked: bool = True

    @classmethod
    def free(cls) -> "Memory":
        """Return half of what is free on this machine now."""
        return cls(int(_SHARE * available()), asked=False)

    def workers(self, jobs: int, size: Size) -> int:
        """Return how many processes may compute at once: at least one, at most one a core.

        Args:
            jobs: number of jobs.
            size: of the comparison.
        """
        room = (self.limit - size.held) // size.process
        return max(1, min(cores(), jobs, room))

    def processes(
        self, jobs: int, inputs: AnalysisInputs, vectors: Mapping[str, Vectors]
    ) -> Pool | Serial:
        """Return what makes the calls of the analysis: worker processes, or this one for a few.

        Clusterers of other packages, and UMAP, which imports TensorFlow where it finds it, are
        always kept away from this process.
        """
        size = comparison_size(inputs, vectors)
        planes = (*inputs.spaces, *inputs.projections)
        has_umap = any(plane.startswith("umap") for plane in planes)
        is_ours = all(type(one).__module__ == clusterers.__name__ for one in inputs.clusterers)
        if is_ours and not has_umap and size.images * jobs * size.runs <= _QUICK:
            return Serial()
        return Pool(self.workers(jobs, size), patience=None)

    def shortage(self, size: Size) -> list[str]:
        """Return a remark if a single process needs more than the limit.

        Raises:
            InputError: the user set the limit.
        """
        needed = size.held + size.process
        if needed <= self.limit:
            return []
        message = (
            f"about {needed / 1e9:.1f} GB of memory are needed for {size.images:,} images; "
            f"{self.limit / 1e9:.1f} GB "
        )
        if self.asked:
            raise InputError(
                f"{message}are allowed by `memory`: allow more, or take fewer: --limit"
            )
        return [f"{message}were taken to be there"]
