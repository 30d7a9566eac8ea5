"""What the PyTorch encoders share: images as tensors, the device, precision and compilation.

No encoder by itself. Images stay 8-bit until they are on the device: resized by torchvision's own
antialiased filter on bytes, which is within one grey level of Pillow's and several times quicker,
and normalised a batch at a time.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from embedbench.encoder import Encoder, Facts, InputError, Pixels, Vectors

if TYPE_CHECKING:
    import torch

__all__ = [
    "PRECISIONS",
    "Preparation",
    "TorchEncoder",
    "UNTRAINED",
    "device",
    "devices",
    "running",
    "seeded",
]

UNTRAINED = "its weights are random: it is untrained"
"""What the row of a network without trained weights says."""


PRECISIONS = ("auto", "float32", "mixed", "bfloat16", "float16")
"""`mixed` computes products in bfloat16 and keeps the rest in float32 (torch.autocast);
`bfloat16` and `float16` keep weights and activations in them as well. Of the two, float16 has the
finer steps and the smaller range; it is quick on GPUs alone."""

_CPU_BATCHES = (8, 32)
_GPU_BATCHES = (128, 32, 512)


@dataclass(frozen=True)
class Preparation:
    """How an image and a batch of them come into a network.

    Attributes:
        shrink: from the 8-bit image, "3 height width", to one of the network's size. What it
            returns may also be normalised already, in float32.
        mean: of red, green, blue, in grey levels from 0 to 255; taken off 8-bit images.
        deviation: of the same; 8-bit images are divided by it.
        side: the shorter side in pixels of what the network sees.
    """

    shrink: "Callable[[torch.Tensor], torch.Tensor]"
    mean: Sequence[float]
    deviation: Sequence[float]
    side: int

    def normalise(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Return a batch of 8-bit images, "images height width 3", in float32.

        The three colours are repeated along a row, for long rows are what is quick.
        """
        import torch

        rows = batch.float().flatten(2)
        for colours, step in ((self.mean, rows.sub_), (self.deviation, rows.div_)):
            step(torch.tensor(colours, device=batch.device).repeat(batch.shape[2]))
        return rows.view(batch.shape)


class TorchEncoder(Encoder):
    """A network in PyTorch. Subclasses say how images are prepared and what is computed of them.

    Attributes:
        precision: one of `PRECISIONS`; `auto` leaves precision, batch size and compilation to a
            short measurement on the first images, and is float32 where nothing is measured.
        fast_decode: whether a large JPEG is decoded at a reduced scale, no smaller than twice
            what the network sees.
    """

    precision: str = "float32"
    fast_decode: bool = False

    @property
    @abstractmethod
    def _preparation(self) -> Preparation:
        """How images come into the network; may load it."""

    @abstractmethod
    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Return one row for each image of a normalised batch."""

    @property
    def least_side(self) -> int | None:
        """Twice what the network sees, where decoding may be fast."""
        return 2 * self._preparation.side if self.fast_decode else None

    def variants(self, device: str) -> Sequence[Encoder]:
        """Return float32 as the reference, then the other precisions, batch sizes, compiled.

        On a GPU small batches leave it waiting: the reference takes more images at once there.
        """
        if self.precision not in PRECISIONS:
            raise InputError(
                f"`precision` must be one of {', '.join(PRECISIONS)}; not '{self.precision}'"
            )
        if self.precision != "auto":
            return (self,)
        sizes = _CPU_BATCHES if device == "cpu" else _GPU_BATCHES
        size = self.batch_size if device == "cpu" else max(self.batch_size, sizes[0])
        reference = replace(self, precision="float32", batch_size=size)  # type: ignore[type-var]
        precisions = PRECISIONS[1:-1] if device == "cpu" else PRECISIONS[1:]
        plain = [
            replace(reference, precision=precision, batch_size=size)  # type: ignore[type-var]
            for size in sizes
            for precision in precisions
        ]
        plain = [reference, *(one for one in plain if one != reference)]
        return (*plain, *(replace(one, compiled=True) for one in plain))  # type: ignore[type-var]

    def outline(self) -> tuple[Facts, int | None] | None:
        """Return the facts and the dimensions, from a network that has no numbers."""
        import torch

        bare = replace(self, precision="float32")  # type: ignore[type-var]
        with torch.device("meta"):
            if not bare._build_bare():
                return None
        facts: Facts = bare.facts()
        with torch.inference_mode():
            small = bare._preparation.shrink(torch.zeros(3, 64, 64, dtype=torch.uint8))
            batch = torch.empty(1, *small.shape, device="meta")
            try:
                dim: int | None = int(bare._features(batch).shape[1])
            except RuntimeError:  # it looks at numbers on its way, which this device has not
                dim = None
        return facts, dim

    def _build_bare(self) -> bool:
        """Build the network without weights, on the device of this context; whether it can be."""
        return False

    def prepare(self, image: Image.Image) -> "torch.Tensor":
        """Return the image resized and cropped as the network wants it, in bytes."""
        return self.prepare_pixels(np.array(image))

    def prepare_pixels(self, pixels: Pixels) -> "torch.Tensor":
        """Return the image resized and cropped as the network wants it, in bytes."""
        import torch

        return self._preparation.shrink(torch.from_numpy(pixels).permute(2, 0, 1))

    def encode_batch(self, images: "Sequence[torch.Tensor]") -> Vectors:
        """Return the network's features, one row an image."""
        import torch

        batch = torch.stack([image.permute(1, 2, 0) for image in images])
        if device() == "cuda":
            batch = batch.pin_memory()
        batch = batch.to(device(), non_blocking=True)
        with self._running():
            if batch.dtype == torch.uint8:
                batch = self._preparation.normalise(batch)
            features = self._forward(batch.to(self._dtype).permute(0, 3, 1, 2))
            rows: Vectors = features.float().cpu().numpy()
        return rows

    @property
    def _dtype(self) -> "torch.dtype":
        import torch

        short = {"bfloat16": torch.bfloat16, "float16": torch.float16}
        return short.get(self.precision, torch.float32)

    def _settle(self, network: Any) -> Any:
        """Return the network where it runs, in its precision, laid out as convolutions like it."""
        import torch

        settled = network.to(self._dtype).eval().to(device())
        return settled.to(memory_format=torch.channels_last)

    @cached_property
    def _forward(self) -> "Callable[[torch.Tensor], torch.Tensor]":
        if not self.compiled:
            return self._features
        import torch
        import torch._inductor.config

        torch._inductor.config.compile_threads = 1  # no pool of processes beside the workers
        return torch.compile(self._features, dynamic=False)

    @contextmanager
    def _running(self) -> Iterator[None]:
        """As `running`, in this encoder's precision."""
        with running(self.precision == "mixed"):
            yield


@contextmanager
def running(is_mixed: bool = False) -> Iterator[None]:
    """Run without gradients; on a GPU without TF32, in one order; tell want of memory as such.

    Args:
        is_mixed: whether products are computed in bfloat16.

    Raises:
        MemoryError: the device's memory, or the machine's, ran out.
    """
    import torch

    exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
    mixed = torch.autocast(device(), torch.bfloat16, enabled=is_mixed)
    try:
        with torch.inference_mode(), exact, mixed:
            yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            torch.cuda.empty_cache()
        elif "can't allocate memory" not in str(error):  # the allocator's on a CPU
            raise
        raise MemoryError(str(error)) from error


def device() -> str:
    """Return where networks run: "cuda" or "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def devices() -> int:
    """Return how many of these there are."""
    import torch

    return torch.cuda.device_count() if device() == "cuda" else 1


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed what draws random weights; of all random states it alone is used, and is put back."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
