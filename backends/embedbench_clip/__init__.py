"""CLIP and its family (SigLIP, SigLIP 2, AltCLIP, FLAVA ...) as encoders of images and texts.

Source: transformers, https://huggingface.co/docs/transformers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from embedbench.encoder import EncoderError, Facts, InputError, TextEncoder, Vectors
from embedbench_clip.blip2 import (
    ARCHITECTURE,
    POOLING,
    blip2_class,
    image_vectors,
    text_vectors,
)
from embedbench_torch import device
from embedbench_transformers import TransformersEncoder
from embedbench_transformers.kinds import configured_class, model_type
from embedbench_transformers.preparation import unpack

if TYPE_CHECKING:
    import torch

__all__ = ["ClipEncoder"]

_TEXTS_AT_ONCE = 64


@dataclass(frozen=True)
class ClipEncoder(TransformersEncoder, TextEncoder):
    """CLIP, SigLIP and their family, by transformers: images and texts in one space.

    All rows have length 1. Weights are read from safetensors where there are any, else from
    pickles of tensors alone (`weights_only=True`); code that comes with a model is never run.
    Of SigLIP 2 those of any aspect ratio (NaFlex) are read too, and CLIP as sentence-transformers
    keeps it. FLAVA's vectors are those of its contrastive head, the projected class tokens. Those
    of BLIP-2 for retrieval are the mean of an image's query vectors, where BLIP-2 itself compares a
    text with the nearest of them.

    Attributes:
        model: a name on the Hugging Face hub, or a folder that `save_pretrained` wrote.
        revision: a branch, tag or commit on the hub; empty for its newest.
        precision: `auto`, `float32`, `mixed`, `bfloat16` or `float16`; by default the quickest
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
        compiled: whether torch.compile is used; left to the same measurement by `auto`.
        fast_decode: whether large JPEGs are decoded at a reduced scale, which blurs a little.
    """

    model: str = "openai/clip-vit-base-patch32"
    revision: str = ""
    precision: str = "auto"
    batch_size: int = 8
    compiled: bool = False
    fast_decode: bool = False

    libraries: ClassVar[tuple[str, ...]] = ("transformers", "torch", "torchvision", "pillow")
    examples: ClassVar[tuple[str, ...]] = (
        "clip:openai/clip-vit-base-patch32",
        "clip:google/siglip2-base-patch16-224",
        "clip:google/siglip-so400m-patch14-384",
    )

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the text features, of length 1, one row a text; a long text is cut off."""
        if not texts:
            raise InputError("there are no texts to encode")
        rows = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            batch = self._tokenizer(
                list(texts[start : start + _TEXTS_AT_ONCE]),
                # SigLIP was trained on texts that are all filled up, so it needs them so.
                padding="max_length" if "siglip" in self._network.config.model_type else True,
                max_length=self._longest_text,
                truncation=True,
                return_tensors="pt",
            )
            rows.append(self._text_features(dict(batch)))
        return np.concatenate(rows)

    def facts(self) -> Facts:
        """Return what is known of the model, with the pooling of a BLIP-2."""
        return replace(super().facts(), pooling=POOLING if self._is_blip2 else None)

    def _network_class(self, settings: dict[str, Any]) -> Any:
        family = model_type(self.model, settings)
        kind = configured_class(family, settings)
        if family == "blip-2":
            return blip2_class(self.model, settings)
        name = getattr(kind, "__name__", family)
        for features in ("get_image_features", "get_text_features"):
            if not hasattr(kind, features):
                raise EncoderError(
                    f"'{self.model}' is a {name}, which has no {features}; the model must be of "
                    "CLIP's family: CLIP, SigLIP, AltCLIP ...; for images alone take "
                    f"vision:{self.model}"
                )
        from transformers import AutoModel

        return AutoModel

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return self._source.load(AutoTokenizer)

    @property
    def _longest_text(self) -> int:
        """How many tokens a text may have; a tokenizer that does not know says a huge number."""
        config = self._network.config
        reader = config.qformer_config if self._is_blip2 else config.text_config
        positions = getattr(reader, "max_position_embeddings", None)
        known: int = self._tokenizer.model_max_length
        return min(known, positions or known)

    @property
    def _is_blip2(self) -> bool:
        return type(self._network).__name__ == ARCHITECTURE

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        if self._is_blip2:
            return _unit_rows(image_vectors(self._network, batch))
        inputs = unpack(batch) if batch.shape[1] == 1 else {"pixel_values": batch}
        return _unit_rows(self._network.get_image_features(**inputs))

    def _text_features(self, batch: "dict[str, torch.Tensor]") -> Vectors:
        batch = {name: rows.to(device()) for name, rows in batch.items()}
        with self._running():
            if self._is_blip2:
                features = text_vectors(self._network, batch)
            else:
                features = self._network.get_text_features(**batch)
            rows: Vectors = _unit_rows(features).cpu().numpy()
        return rows


def _unit_rows(features: Any) -> "torch.Tensor":
    """Return the rows in float32, of length 1; of projected tokens (FLAVA) the first, the class."""
    import torch

    # transformers 5 returns an object, transformers 4 the tensor itself.
    rows: torch.Tensor = getattr(features, "pooler_output", features)
    rows = rows[:, 0] if rows.ndim == 3 else rows
    return torch.nn.functional.normalize(rows.float(), dim=-1)
