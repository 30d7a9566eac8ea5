"""The classification models of torchvision as encoders: what enters their classifier.

Source: torchvision, https://docs.pytorch.org/vision/stable/models.html.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from embedbench.encoder import Facts, InputError, WeightsError, first_sentence
from embedbench_torch import UNTRAINED, Preparation, TorchEncoder, device, devices, seeded
from embedbench_torch.checkpoints import CHECKPOINTS, check_file, load_checkpoint

if TYPE_CHECKING:
    import torch

__all__ = ["TorchvisionEncoder"]

_RANDOM = "none"
_AUXILIARY = ("aux1", "aux2", "AuxLogits")
"""Classifiers in the midst of a network, used in training alone."""

_OLD_DENSENET = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var))$"
)
"""How the files of DenseNet name their tensors, where modules' names could have dots."""


@dataclass(frozen=True)
class TorchvisionEncoder(TorchEncoder):
    """A classification model of torchvision without its classifier.

    The vector is what enters the last linear layer (SqueezeNet: the last convolution, averaged
    over the image). Images are prepared as the weights' own `transforms()` say.

    Attributes:
        model: a name that torchvision knows: "resnet50", "vit_b_16".
        weights: as torchvision calls the model's weights: "IMAGENET1K_V2", "DEFAULT"; `none`
            leaves them random, the untrained control; or a local file, as a training script saves
            it, whose images are prepared as for the default weights.
        seed: of the random weights.
        precision: `auto`, `float32`, `mixed`, `bfloat16` or `float16`; by default the quickest
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
        compiled: whether torch.compile is used; left to the same measurement by `auto`.
        fast_decode: whether large JPEGs are decoded at a reduced scale, which blurs a little.
    """

    model: str = "resnet50"
    weights: str = "DEFAULT"
    seed: int = 0
    precision: str = "auto"
    batch_size: int = 8
    compiled: bool = False
    fast_decode: bool = False

    libraries: ClassVar[tuple[str, ...]] = ("torch", "torchvision", "pillow")
    examples: ClassVar[tuple[str, ...]] = (
        "torchvision:resnet50",
        "torchvision:vit_b_16,weights=IMAGENET1K_SWAG_E2E_V1",
        "torchvision:convnext_tiny,weights=FILE",
    )

    def weights_files(self) -> Sequence[Path]:
        """Return the file that the weights were loaded from; none where they are random."""
        return [self._file] if self._file else []

    def facts(self) -> Facts:
        """Return the number of parameters, and what torchvision has on record of the weights."""
        side = self._preparation.side
        published = self._published
        return Facts(
            parameters=sum(parameter.numel() for parameter in self._network.parameters()),
            licence=published.meta.get("license") if published else None,
            pretrained_on=_data(published.name) if published else None,
            weights=published.name if published else (self._file.name if self._file else None),
            pooling=_pooling(self.model),
            image_size=f"{side}x{side}",
            device=device(),
            devices=devices(),
            remark=UNTRAINED if self.weights == _RANDOM else self._loaded[1],
        )

    def _build_bare(self) -> bool:
        _check_name(self.model)
        if self._is_local:
            check_file(Path(self.weights))
        vars(self)["_file"] = Path(self.weights) if self._is_local else None
        network = _create(self.model, self._published, None, self.seed)
        _replace(network, self._head(network))
        vars(self)["_loaded"] = (network.eval(), None)
        return True

    @cached_property
    def _published(self) -> Any:
        """The member of the model's enumeration of weights; None for a file and for random ones."""
        from torchvision import models

        if self._is_local or self.weights == _RANDOM:
            return None
        known = models.get_model_weights(self.model)
        if self.weights not in known.__members__:
            names = ", ".join([*(one.name for one in known), "DEFAULT", _RANDOM])
            raise InputError(
                f"torchvision has no weights '{self.weights}' of '{self.model}'; `weights` must be "
                f"one of {names}, or a file"
            )
        return known[self.weights]

    @property
    def _is_local(self) -> bool:
        path = Path(self.weights)
        return path.is_file() or path.suffix in CHECKPOINTS or len(path.parts) > 1

    @cached_property
    def _file(self) -> Path | None:
        """The local file of weights, fetched if it was not; None where they are random."""
        _check_name(self.model)
        if self._is_local:
            check_file(Path(self.weights))
            return Path(self.weights)
        return _fetched(self._published, self.model) if self._published else None

    @cached_property
    def _preparation(self) -> Preparation:
        from torchvision import models

        _check_name(self.model)
        weights = self._published or models.get_model_weights(self.model).DEFAULT
        return _preparation_of(weights.transforms())

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        features: torch.Tensor = self._network(batch)
        return features

    @property
    def _network(self) -> Any:
        return self._loaded[0]

    @cached_property
    def _loaded(self) -> tuple[Any, str | None]:
        """The network, and what was left out of the file of its weights."""
        _check_name(self.model)
        file = self._file
        network = _create(self.model, self._published, file, self.seed)
        head = self._head(network)
        _replace(network, head)
        remark = load_checkpoint(network, file, (head, *_AUXILIARY), _renamed) if file else None
        return self._settle(network), None if self._published else remark

    def _head(self, network: Any) -> str:
        only_map = self._published is not None and self._published.name.endswith("_FEATURES")
        return "classifier" if only_map else _classifier(network)


def _create(model: str, published: Any, file: Path | None, seed: int) -> Any:
    """Return the network as torchvision builds it for these weights, but random."""
    from torchvision import models

    options: dict[str, Any] = {}
    deep = model in ("googlenet", "inception_v3")
    if deep:
        # Trained on other means than those of its preparation, it converts the one to the other.
        options = {"init_weights": file is None, "transform_input": file is not None}
    if published and model.startswith("vit_"):
        options["image_size"] = published.meta["min_size"][0]
    with seeded(seed):
        network = models.get_model(model, weights=None, **options)
    for name in _AUXILIARY if deep else ():
        if hasattr(network, name):
            setattr(network, name, None)
    return network


def _classifier(network: Any) -> str:
    """Return the name of the last linear layer, or of a convolution in its place."""
    import torch

    kinds = (torch.nn.Linear, torch.nn.Conv2d)
    names = [name for name, module in network.named_modules() if isinstance(module, kinds)]
    return str(names[-1])


def _replace(network: Any, name: str) -> None:
    """Let a module pass on what it is given."""
    import torch

    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, torch.nn.Identity())


def _renamed(state: dict[str, Any]) -> dict[str, Any]:
    """Return a DenseNet's tensors under today's names."""
    return {_OLD_DENSENET.sub(r"\1\2", name): tensor for name, tensor in state.items()}


def _preparation_of(transforms: Any) -> Preparation:
    """Return a preset of torchvision's up to the bytes, on a Pillow image as torchvision's own."""
    from torchvision.transforms.v2 import functional

    mean, deviation = ([255 * value for value in one] for one in (transforms.mean, transforms.std))
    resize, crop = list(transforms.resize_size), list(transforms.crop_size)

    def shrink(image: "torch.Tensor") -> "torch.Tensor":
        small = functional.resize(
            functional.to_pil_image(image), resize, transforms.interpolation, antialias=True
        )
        prepared: torch.Tensor = functional.pil_to_tensor(functional.center_crop(small, crop))
        return prepared

    return Preparation(shrink, mean, deviation, crop[0])


def _fetched(published: Any, model: str) -> Path:
    """Return the file of published weights in PyTorch's cache; fetch it, if it is not there."""
    import torch

    name = published.url.rpartition("/")[2]
    file = Path(torch.hub.get_dir(), "checkpoints", name)
    if file.is_file():
        return file
    digits = re.search(r"-([0-9a-f]{8,})\.", name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            published.url, str(file), digits and digits[1], progress=False
        )
    except (OSError, RuntimeError) as error:  # out of reach; not the file that was published
        raise WeightsError(
            f"cannot fetch the weights '{published.name}' of '{model}' from "
            f"{published.url.split('/')[2]}: {first_sentence(error)}; fetch {published.url} on a "
            "machine that reaches it and give the file: weights=FILE, or leave them random: "
            "weights=none"
        ) from error
    return file


def _check_name(model: str) -> None:
    """Raise InputError unless this is one of torchvision's models of classification."""
    from torchvision import models

    known = models.list_models(module=models)
    if model in known:
        return
    close = ", ".join(difflib.get_close_matches(model, known, n=4, cutoff=0.5) or known[:4])
    if model in models.list_models():
        kind = models.get_model_builder(model).__module__.split(".")[2]
        raise InputError(
            f"'{model}' is a model for {kind}; `model` must be one of torchvision's for "
            f"classification, such as {close}"
        )
    raise InputError(f"unknown torchvision model '{model}'; some are: {close}")


def _data(weights: str) -> str:
    """Return what the weights of this name were trained on, as torchvision's pages say."""
    return "SWAG, ImageNet-1K" if "SWAG" in weights else "ImageNet-1K"


def _pooling(model: str) -> str | None:
    """Return how one vector comes out of the map; None where linear layers do it."""
    if model.startswith("vit_"):
        return "cls"
    return None if model.startswith(("vgg", "alexnet")) else "mean"
