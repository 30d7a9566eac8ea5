"""The models of OpenCLIP as encoders of images and texts.

Source: open_clip_torch, https://github.com/mlfoundations/open_clip.
"""

import difflib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from embedbench.encoder import Facts, InputError, TextEncoder, Vectors, WeightsError, first_sentence
from embedbench_torch import Preparation, TorchEncoder, device, devices, seeded

if TYPE_CHECKING:
    import torch

__all__ = ["OpenClipEncoder"]

_TEXTS_AT_ONCE = 64
_PREPARATION = ("mean", "std", "interpolation", "resize_mode", "fill_color")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")


@dataclass(frozen=True)
class OpenClipEncoder(TorchEncoder, TextEncoder):
    """Any model of OpenCLIP: images and texts in one space.

    All rows have length 1. Weights are read from safetensors, or from pickles of tensors alone
    (`weights_only=True`).

    Attributes:
        model: a name that open_clip knows: "ViT-B-32", "RN50", "coca_ViT-B-32".
        pretrained: the weights, as open_clip calls them: "laion2b_s34b_b79k", "openai"; `none`
            leaves them random: the untrained control.
        weights: a local .safetensors, .bin, .pt or .pth file in place of those; `pretrained` then
            says whose activation and preparation of images they want.
        seed: of the random weights.
        precision: `auto`, `float32`, `mixed`, `bfloat16` or `float16`; by default the quickest
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
        compiled: whether torch.compile is used; left to the same measurement by `auto`.
        fast_decode: whether large JPEGs are decoded at a reduced scale, which blurs a little.
    """

    model: str = "ViT-B-32"
    pretrained: str = "laion2b_s34b_b79k"
    weights: str = ""
    seed: int = 0
    precision: str = "auto"
    batch_size: int = 8
    compiled: bool = False
    fast_decode: bool = False

    libraries: ClassVar[tuple[str, ...]] = (
        "open-clip-torch",
        "timm",
        "torch",
        "torchvision",
        "pillow",
    )

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the text features, of length 1, one row a text; a long text is cut off."""
        if not texts:
            raise InputError("there are no texts to encode")
        parts = [
            texts[start : start + _TEXTS_AT_ONCE] for start in range(0, len(texts), _TEXTS_AT_ONCE)
        ]
        return np.concatenate([self._text_features(list(part)) for part in parts])

    def weights_files(self) -> Sequence[Path]:
        """Return the file that the weights were loaded from; none where they are random."""
        return [self._weights_file] if self._weights_file else []

    def facts(self) -> Facts:
        """Return the number of parameters and the name of the weights."""
        trained = self._weights_file is not None and not self.weights
        return Facts(
            parameters=sum(parameter.numel() for parameter in self._network.parameters()),
            pretrained_on=self.pretrained if trained else None,
            device=device(),
            devices=devices(),
        )

    @cached_property
    def _weights_file(self) -> Path | None:
        """The local file of weights, fetched if it was not; None where they are random."""
        config = self._published
        if self.weights:
            path = Path(self.weights)
            if not path.is_file():
                raise WeightsError(f"there is no file '{path}'; `weights` must be a local file")
            if path.suffix not in _WEIGHTS:
                raise InputError(f"`weights` must be one of {', '.join(_WEIGHTS)}; not '{path}'")
            return path
        if not config:
            return None
        from open_clip.pretrained import download_pretrained

        try:
            return Path(download_pretrained(config))
        except (OSError, RuntimeError, ValueError) as error:
            raise WeightsError(
                f"cannot fetch the weights '{self.pretrained}' of '{self.model}': "
                f"{first_sentence(error)}; fetch them on a machine that reaches the hub and "
                "give the file: weights=FILE, or leave them random: pretrained=none"
            ) from error

    @property
    def _published(self) -> dict[str, Any]:
        """What open_clip has on record of the weights `pretrained`; empty if it has none."""
        import open_clip

        known = open_clip.list_models()
        if self.model not in known:
            close = difflib.get_close_matches(self.model, known, n=4, cutoff=0.5) or known[:4]
            raise InputError(f"unknown OpenCLIP model '{self.model}'; some are: {', '.join(close)}")
        config: dict[str, Any] = open_clip.get_pretrained_cfg(self.model, self.pretrained)
        if not config and not self.weights and self.pretrained != "none":
            tags = ", ".join(open_clip.list_pretrained_tags_by_model(self.model))
            raise InputError(
                f"OpenCLIP has no weights '{self.pretrained}' of '{self.model}'; `pretrained` must "
                f"be one of: {', '.join(filter(None, [tags, 'none']))}"
            )
        return config

    @cached_property
    def _network(self) -> Any:
        import open_clip

        config, path = self._published, self._weights_file
        with seeded(self.seed), _silent_log():
            try:
                network = open_clip.create_model(
                    self.model,
                    pretrained=str(path) if path else None,
                    weights_only=True,
                    pretrained_text=False,
                    # OpenAI's weights want the activation that they were trained with.
                    force_quick_gelu=bool(config.get("quick_gelu")),
                    force_preprocess_cfg=_preparation_on_record(self.model, config),
                )
            except Exception as error:  # safetensors, pickle and torch raise errors of their own
                raise WeightsError(
                    f"cannot load '{path or self.model}' as OpenCLIP's {self.model}: "
                    f"{first_sentence(error)}"
                ) from error
        return self._settle(network)

    @cached_property
    def _preparation(self) -> Preparation:
        return _preparation_of(self._network)

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        features: torch.Tensor = self._network.encode_image(batch, normalize=False)
        return _unit(features)

    @cached_property
    def _tokenizer(self) -> Callable[[list[str]], "torch.Tensor"]:
        import open_clip

        try:
            with _silent_log():
                tokenizer: Callable[[list[str]], torch.Tensor] = open_clip.get_tokenizer(self.model)
        except (ImportError, OSError, ValueError) as error:
            raise WeightsError(
                f"cannot load the tokenizer of '{self.model}', which OpenCLIP takes from the "
                f"Hugging Face hub: {first_sentence(error)}"
            ) from error
        return tokenizer

    def _text_features(self, texts: list[str]) -> Vectors:
        tokens = self._tokenizer(texts).to(device())
        with self._running():
            features = self._network.encode_text(tokens, normalize=False)
            rows: Vectors = _unit(features).cpu().numpy()
        return rows


def _unit(features: "torch.Tensor") -> "torch.Tensor":
    """Return the rows in float32, of length 1."""
    import torch

    rows: torch.Tensor = torch.nn.functional.normalize(features.float(), dim=-1)
    return rows


def _preparation_on_record(model: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return how images are prepared for these weights; of unknown ones, for the model's first."""
    import open_clip

    if not config:
        tags = open_clip.list_pretrained_tags_by_model(model)
        config = open_clip.get_pretrained_cfg(model, tags[0]) if tags else {}
    return {name: value for name, value in config.items() if name in _PREPARATION}


def _preparation_of(network: Any) -> Preparation:
    """Return how open_clip prepares an image for this model when it is evaluated.

    The usual sequences (resize and crop the middle, or squash) work on bytes; any other is
    open_clip's own, on a Pillow image.
    """
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    config = PreprocessCfg(**network.visual.preprocess_cfg)
    height, width = config.input_size[1:]
    squash = config.resize_mode == "squash"
    usual = squash or (config.resize_mode == "shortest" and height == width)
    bilinear = config.interpolation == "bilinear"
    filter_ = InterpolationMode.BILINEAR if bilinear else InterpolationMode.BICUBIC
    steps = image_transform_v2(config, is_train=False)

    def by_openclip(image: "torch.Tensor") -> "torch.Tensor":
        prepared: torch.Tensor = steps(functional.to_pil_image(image))
        return prepared

    def on_bytes(image: "torch.Tensor") -> "torch.Tensor":
        size = [height, width] if squash else [height]
        small = functional.resize(image, size, filter_, antialias=True)
        cropped: torch.Tensor = functional.center_crop(small, [height, width])
        return cropped

    mean, deviation = ([255 * value for value in values] for values in (config.mean, config.std))
    return Preparation(on_bytes if usual else by_openclip, mean, deviation, min(height, width))


@contextmanager
def _silent_log() -> Iterator[None]:
    """Let nobody hear what open_clip logs, unless the program has set up a log."""
    root, nobody = logging.getLogger(), logging.NullHandler()
    root.addHandler(nobody)
    try:
        yield
    finally:
        root.removeHandler(nobody)
