"""What the encoders by transformers share: where a model comes from, and how it is read.

No encoder by itself. Source: transformers, https://huggingface.co/docs/transformers.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from embedbench.encoder import Facts, WeightsError
from embedbench_torch import Preparation, TorchEncoder, device, devices
from embedbench_transformers.loading import Source
from embedbench_transformers.preparation import preparation_by, seen_size

__all__ = ["Source", "TransformersEncoder"]


class TransformersEncoder(TorchEncoder):
    """A network of transformers. Subclasses say which class reads it and what is computed of it.

    Weights are read from safetensors where there are any, else from pickles of tensors alone
    (`weights_only=True`); code that comes with a model is never run.

    Attributes:
        model: a name on the Hugging Face hub, or a folder that `save_pretrained` wrote.
        revision: a branch, tag or commit on the hub; empty for its newest.
    """

    model: str = ""
    revision: str = ""

    @abstractmethod
    def _network_class(self, settings: dict[str, Any]) -> Any:
        """Return the class that reads the network; refuse what it is not, by config.json alone."""

    def _may_lack(self, tensor: str) -> bool:
        """Whether the network does without this tensor of its weights."""
        return False

    def weights_files(self) -> Sequence[Path]:
        """Return the files of weights, and those that configure model, processor and tokenizer."""
        _ = self._loaded
        return self._source.weights_files()

    def facts(self) -> Facts:
        """Return parameters, name, commit, image size, and the licence that the card tells."""
        network, source = self._network, self._source
        return Facts(
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            licence=source.licence(),
            weights=source.name,
            revision=source.commit(),
            image_size=seen_size(self._preparation),
            device=device(),
            devices=devices(),
        )

    def _build_bare(self) -> bool:
        from transformers import AutoConfig

        source = self._source
        kind = self._network_class(source.settings())
        config = source.load(AutoConfig)
        build = getattr(kind, "from_config", None) or kind._from_config
        vars(self)["_loaded"] = (build(config).eval(), ())
        return True

    @property
    def _network(self) -> Any:
        return self._loaded[0]

    @property
    def _lacking(self) -> tuple[str, ...]:
        """The tensors that the weights lack and the network does without."""
        return self._loaded[1]

    @cached_property
    def _source(self) -> Source:
        return Source(self.model, self.revision).located()

    @cached_property
    def _loaded(self) -> tuple[Any, tuple[str, ...]]:
        source = self._source
        kind = self._network_class(source.settings())
        network, loaded = source.load(kind, weights_only=True, output_loading_info=True)
        missing = _own_names(network, loaded["missing_keys"])
        if needed := [name for name in missing if not self._may_lack(name)]:
            raise WeightsError(
                f"the weights of '{self.model}' lack {len(needed)} tensors of "
                f"{type(network).__name__}; the first is '{needed[0]}'"
            )
        return self._settle(network), tuple(missing)

    @cached_property
    def _processor(self) -> Any:
        """The image processor; may be changed by fields."""
        _ = self._loaded  # first, for its errors say more
        from transformers import AutoImageProcessor

        self._source.check_processor()
        return self._source.load(AutoImageProcessor)

    @cached_property
    def _preparation(self) -> Preparation:
        return preparation_by(self._processor)


def _own_names(network: Any, names: Iterable[str]) -> list[str]:
    """Return tensors by their names in the network; transformers 4 may give those of the file."""
    own, prefix = network.state_dict(), f"{network.base_model_prefix}."
    return sorted(name if name in own else name.removeprefix(prefix) for name in names)
