"""CLIP and its family (SigLIP, SigLIP 2, AltCLIP, MetaCLIP ...) as encoders of images and texts.

Source: transformers, https://huggingface.co/docs/transformers.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from safetensors import SafetensorError

from embedbench.encoder import (
    EncoderError,
    Facts,
    InputError,
    TextEncoder,
    Vectors,
    WeightsError,
    first_sentence,
)
from embedbench_torch import Preparation, TorchEncoder, device, devices

if TYPE_CHECKING:
    import torch

__all__ = ["ClipEncoder"]

_TEXTS_AT_ONCE = 64
_SETTINGS = (".json", ".txt", ".model")


@dataclass(frozen=True)
class ClipEncoder(TorchEncoder, TextEncoder):
    """CLIP, SigLIP and their family, by transformers: images and texts in one space.

    All rows have length 1. Weights are read from safetensors where there are any, else from
    pickles of tensors alone (`weights_only=True`); code that comes with a model is never run.

    Attributes:
        model: a name on the Hugging Face hub, or a folder that `save_pretrained` wrote.
        precision: `auto`, `float32`, `mixed`, `bfloat16` or `float16`; by default the quickest
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
        compiled: whether torch.compile is used; left to the same measurement by `auto`.
        fast_decode: whether large JPEGs are decoded at a reduced scale, which blurs a little.
    """

    model: str = "openai/clip-vit-base-patch32"
    precision: str = "auto"
    batch_size: int = 8
    compiled: bool = False
    fast_decode: bool = False

    libraries: ClassVar[tuple[str, ...]] = ("transformers", "torch", "torchvision", "pillow")

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

    def weights_files(self) -> Sequence[Path]:
        """Return the files of weights, and those that configure model, processor and tokenizer."""
        folder = self._folder
        weights = list(folder.glob("*.safetensors")) or list(folder.glob("*.bin"))
        settings = [path for path in folder.iterdir() if path.suffix in _SETTINGS]
        return sorted(weights) + sorted(settings)

    def facts(self) -> Facts:
        """Return the number of parameters, and the licence if a model card lies beside them."""
        parameters = sum(parameter.numel() for parameter in self._network.parameters())
        licence = _licence(self._folder / "README.md")
        return Facts(parameters, licence=licence, device=device(), devices=devices())

    @cached_property
    def _network(self) -> Any:
        if not _is_hub_name(self.model) and not Path(self.model).is_dir():
            raise WeightsError(
                f"there is no folder '{self.model}'; the model must be a local folder or a name "
                "on the Hugging Face hub"
            )
        from transformers import AutoModel

        network, loaded = self._from_pretrained(
            AutoModel, weights_only=True, output_loading_info=True
        )
        for features in ("get_image_features", "get_text_features"):
            if not hasattr(network, features):
                raise EncoderError(
                    f"'{self.model}' is a {type(network).__name__}, which has no {features}; "
                    "the model must be of CLIP's family: CLIP, SigLIP, AltCLIP ..."
                )
        if getattr(network.config, "auto_map", None):
            raise WeightsError(
                f"'{self.model}' asks for code of its own (`auto_map` in its config.json), "
                "which is never run; use a model that transformers knows by itself"
            )
        if missing := sorted(loaded["missing_keys"]):
            raise WeightsError(
                f"the weights of '{self.model}' lack {len(missing)} tensors of "
                f"{type(network).__name__}; the first is '{missing[0]}'"
            )
        return self._settle(network)

    @cached_property
    def _preparation(self) -> Preparation:
        _ = self._network  # first, for its errors say more
        from transformers import AutoImageProcessor

        return _preparation_by(self._from_pretrained(AutoImageProcessor))

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return self._from_pretrained(AutoTokenizer)

    @property
    def _longest_text(self) -> int:
        """How many tokens a text may have; a tokenizer that does not know says a huge number."""
        positions = getattr(self._network.config.text_config, "max_position_embeddings", None)
        known: int = self._tokenizer.model_max_length
        return min(known, positions or known)

    @property
    def _folder(self) -> Path:
        """Where the files are: the local folder, or the hub's in the cache."""
        _ = self._network  # fetches them
        from transformers.utils.hub import cached_file

        return Path(str(cached_file(self.model, "config.json", local_files_only=True))).parent

    def _from_pretrained(self, kind: Any, **options: bool) -> Any:
        from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            return kind.from_pretrained(self.model, trust_remote_code=False, **options)
        except (
            OSError,
            ValueError,
            RuntimeError,
            SafetensorError,
            pickle.UnpicklingError,
        ) as error:
            if Path(self.model).is_dir():
                step = "the folder must hold what save_pretrained writes"
            else:
                step = (
                    "fetch the model on a machine that reaches the hub and give the folder: "
                    "clip:FOLDER"
                )
            raise WeightsError(
                f"cannot load '{self.model}': {first_sentence(error)}; {step}"
            ) from error

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        return _unit_rows(self._network.get_image_features(pixel_values=batch))

    def _text_features(self, batch: "dict[str, torch.Tensor]") -> Vectors:
        batch = {name: tensor.to(device()) for name, tensor in batch.items()}
        with self._running():
            rows: Vectors = _unit_rows(self._network.get_text_features(**batch)).cpu().numpy()
        return rows


def _unit_rows(features: Any) -> "torch.Tensor":
    """Return the rows in float32, of length 1."""
    import torch

    # transformers 5 returns an object, transformers 4 the tensor itself.
    rows: torch.Tensor = getattr(features, "pooler_output", features)
    return torch.nn.functional.normalize(rows.float(), dim=-1)


def _preparation_by(processor: Any) -> Preparation:
    """Return how an image processor prepares an image.

    The usual sequence (resize, crop the middle, normalise) runs the processor's own steps on
    bytes, one image as it is laid out and normalised in batches; any other is left to it whole.
    """
    size = processor.size if isinstance(processor.size, dict) else dict(processor.size)
    crop = getattr(processor, "do_center_crop", None)
    sides = dict(processor.crop_size) if crop else {k: v for k, v in size.items() if v}
    usual = _is_usual(processor)

    def whole(image: "torch.Tensor") -> "torch.Tensor":
        prepared: torch.Tensor = processor(images=image, return_tensors="pt")["pixel_values"][0]
        return prepared

    def on_bytes(image: "torch.Tensor") -> "torch.Tensor":
        small: torch.Tensor = processor.resize(
            image[None], processor.size, resample=processor.resample
        )
        return (processor.center_crop(small, processor.crop_size) if crop else small)[0]

    mean, deviation = (
        [value / processor.rescale_factor for value in getattr(processor, name)] if usual else ()
        for name in ("image_mean", "image_std")
    )
    side = min(value for value in sides.values() if isinstance(value, int))
    return Preparation(on_bytes if usual else whole, mean, deviation, side)


def _is_usual(processor: Any) -> bool:
    """Whether a processor does no more than resize, crop, rescale and normalise."""
    try:
        from transformers.image_processing_backends import TorchvisionBackend
    except ModuleNotFoundError:  # transformers 4
        return False
    steps = all(getattr(processor, f"do_{step}") for step in ("resize", "rescale", "normalize"))
    return (
        steps
        and not getattr(processor, "do_pad", False)
        and isinstance(processor, TorchvisionBackend)
        and type(processor)._preprocess is TorchvisionBackend._preprocess
    )


def _is_hub_name(model: str) -> bool:
    return model.count("/") <= 1 and not model.startswith(("/", ".", "~"))


def _licence(card: Path) -> str | None:
    """Return the licence in a model card's header."""
    from huggingface_hub import metadata_load

    header = metadata_load(card) if card.is_file() else None
    return str(header["license"]) if header and "license" in header else None
