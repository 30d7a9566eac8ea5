"""Encoders of the benchmark of the verdict that no backend has: stages of networks, plain pixels.

Each writes several vectors of one pass side by side; `PARTS` says which columns are which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32
from PIL import Image

from embedbench.encoder import Encoder, Vectors
from embedbench_timm import TimmEncoder, load_packaged


@dataclass(frozen=True)
class Stages(TimmEncoder):
    """A network of the EfficientNet kind, as timm builds it: two of its stages, and its vector."""

    def _features(self, batch: Any) -> Any:
        """Return the means of the second and the fifth stage over the image, then the vector."""
        import torch

        network = self._network
        found = network.bn1(network.conv_stem(batch))
        rows = []
        for number, stage in enumerate(network.blocks):
            found = stage(found)
            if number in (1, 4):
                rows.append(found.mean((2, 3)))
        last = network.bn2(network.conv_head(found))
        return torch.cat([*rows, network.forward_head(last, pre_logits=True)], 1)


@dataclass(frozen=True)
class ClassifierStages(Stages):
    """The same with the logits of ImageNet's classes, for one of timm's packaged models."""

    @cached_property
    def _classifier(self) -> Any:
        return self._settle(load_packaged(self.model).classifier)

    def _features(self, batch: Any) -> Any:
        """Return the stages, the vector and 1,000 logits."""
        import torch

        rows = super()._features(batch)
        vector = rows[:, -self._classifier.in_features :]
        return torch.cat([rows, self._classifier(vector)], 1)


_THUMBNAIL, _SIDE = 16, 128


@dataclass(frozen=True)
class PlainColours(Encoder):
    """A thumbnail of 16 x 16 as it is, and the mean and the spread of red, green and blue."""

    libraries: ClassVar[tuple[str, ...]] = ("pillow",)

    def prepare(self, image: Image.Image) -> Float32[np.ndarray, " dim"]:
        """Return 768 numbers of the thumbnail, 3 means and 3 standard deviations, 0 to 1."""
        thumbnail, pixels = (
            np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), np.float32) / 255
            for side in (_THUMBNAIL, _SIDE)
        )
        moments = [pixels.mean((0, 1)), pixels.std((0, 1))]
        return np.concatenate([thumbnail.ravel(), *moments])

    def encode_batch(self, images: Sequence[Float32[np.ndarray, " dim"]]) -> Vectors:
        """Return the rows."""
        return np.stack(images)


PARTS: dict[str, dict[str, slice]] = {
    "lite0 stages": {
        "early": slice(0, 24),
        "middle": slice(24, 136),
        "lite0": slice(136, 1416),
        "logits": slice(1416, 2416),
    },
    "mobilenet stages": {
        "mobilenet early": slice(0, 24),
        "mobilenet middle": slice(24, 120),
        "mobilenet": slice(120, 1400),
    },
    "pixels": {
        "pixels": slice(0, 1860),
        "colours": slice(0, 96),
        "edges": slice(96, 1860),
    },
    "plain colours": {
        "thumbnail": slice(0, 768),
        "mean and spread of colour": slice(768, 774),
    },
}
"""Columns of the vectors that an encoder writes side by side, by the name of each."""
