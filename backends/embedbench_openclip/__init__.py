"""The models of OpenCLIP as encoders of images and texts.

Source: open_clip_torch, https://github.com/mlfoundations/open_clip.
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from embedbench.encoder import Facts, InputError, TextEncoder, Vectors, WeightsError, first_sentence
from embedbench_openclip.described import WEIGHTS, Described, described, preparation_beside
from embedbench_openclip.log import silent_log
from embedbench_openclip.preparation import (
    preparation_of,
    preparation_on_record,
    sides,
    ways_on_record,
)
from embedbench_torch import UNTRAINED, Preparation, TorchEncoder, device, devices, seeded
from embedbench_torch.checkpoints import check_file
from embedbench_torch.hub import hub_reason

if TYPE_CHECKING:
    import torch

__all__ = ["OpenClipEncoder"]

_TEXTS_AT_ONCE = 64
_POOLINGS = {"tok": "cls", "avg": "mean"}
"""What OpenCLIP calls pooling, as others do."""


@dataclass(frozen=True)
class OpenClipEncoder(TorchEncoder, TextEncoder):
    """Any model of OpenCLIP: images and texts in one space.

    All rows have length 1. Weights are read from safetensors, or from pickles of tensors alone
    (`weights_only=True`).

    Attributes:
        model: a name that open_clip knows: "ViT-B-32", "RN50", "coca_ViT-B-32"; or one that an
            open_clip_config.json describes, on the hub, "hf-hub:OWNER/NAME" (`@` and a revision
            may follow), or in a folder, "local-dir:FOLDER" or the folder's path.
        pretrained: the weights, as open_clip calls them: "laion2b_s34b_b79k", "openai"; `none`
            leaves them random: the untrained control. A model of the hub or of a folder has its
            own.
        weights: a local .safetensors, .bin, .pt or .pth file in place of those. Images are
            prepared as an open_clip_config.json or preprocess_cfg.json beside it says; otherwise
            `pretrained` says whose preparation and activation it wants.
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

    examples: ClassVar[tuple[str, ...]] = (
        "openclip:ViT-B-32",
        "openclip:ViT-B-16-SigLIP,pretrained=webli",
        "openclip:hf-hub:imageomics/bioclip",
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
        """Return the file that the weights were loaded from; none where they are random.

        Of a folder or repository its description as well, which says what network it is.
        """
        files = [self._described.config()] if self._described else []
        return [*files, self._weights_file] if self._weights_file else files

    def facts(self) -> Facts:
        """Return the number of parameters, and what is known of the weights."""
        visual, file = self._network.visual, self._weights_file
        published = file is not None and not self.weights and not self._described
        height, width = sides(visual.preprocess_cfg["size"])
        snapshot = file is not None and file.parent.parent.name == "snapshots"
        return Facts(
            parameters=sum(parameter.numel() for parameter in self._network.parameters()),
            pretrained_on=self.pretrained if published else None,
            weights=self._weights_name,
            revision=file.parent.name if file and snapshot else None,
            pooling=_POOLINGS.get(getattr(visual, "pool_type", "")),
            image_size=f"{height}x{width}",
            device=device(),
            devices=devices(),
            remark=self._remark,
        )

    def outline(self) -> tuple[Facts, int | None] | None:
        """Return the facts and the dimensions, from a network that has no numbers."""
        outline = super().outline()
        if outline is None or self.pretrained == "none" or self.weights:
            return outline
        name = self._described.name if self._described else self.pretrained
        return replace(outline[0], weights=name), outline[1]

    def _build_bare(self) -> bool:
        config = self._published
        vars(self)["_weights_file"] = None
        vars(self)["_network"] = self._build(config, None).eval()
        return True

    @property
    def _weights_name(self) -> str | None:
        if self.weights or not self._weights_file:
            return Path(self.weights).name or None
        return self._described.name if self._described else self.pretrained

    @property
    def _remark(self) -> str | None:
        """Say that weights are random, or whose preparation a file gets where several differ."""
        if self.pretrained == "none" and not self.weights and not self._described:
            return UNTRAINED
        if not self.weights or self._described or self._published:
            return None
        if preparation_beside(Path(self.weights)):
            return None
        ways = ways_on_record(self.model)
        if len(ways) < 2:
            return None
        first, *others = ways
        return (
            f"images are prepared as for pretrained={first}; for {', '.join(others)} they are "
            "prepared otherwise"
        )

    @cached_property
    def _described(self) -> Described | None:
        return described(self.model)

    @cached_property
    def _weights_file(self) -> Path | None:
        """The local file of weights, fetched if it was not; None where they are random."""
        config = self._published
        if self.weights:
            path = Path(self.weights)
            check_file(path, WEIGHTS)
            return path
        if self._described and self.pretrained != "none":
            return self._described.weights()
        if not config:
            return None
        from open_clip.pretrained import download_pretrained

        try:
            return Path(download_pretrained(config))
        except (OSError, RuntimeError, ValueError) as error:
            step = (
                "fetch them on a machine that reaches the hub and give the file: weights=FILE, or "
                "leave them random: pretrained=none"
            )
            raise WeightsError(
                f"cannot fetch the weights '{self.pretrained}' of '{self.model}': "
                f"{hub_reason(error, step)}"
            ) from error

    @property
    def _published(self) -> dict[str, Any]:
        """What open_clip has on record of the weights `pretrained`; empty if it has none."""
        import open_clip

        if self._described:
            return {}
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
        return self._settle(self._build(self._published, self._weights_file))

    def _build(self, config: dict[str, Any], path: Path | None) -> Any:
        """Return the network with the weights of a file, random without one."""
        import open_clip
        import torch

        found = self._described
        with seeded(self.seed), silent_log():
            try:
                network = open_clip.create_model(
                    f"local-dir:{found.folder}" if found else self.model,
                    device=torch.get_default_device(),  # "meta" for a network without numbers
                    load_weights=False,
                    pretrained_text=False,
                    # OpenAI's weights want the activation that they were trained with.
                    force_quick_gelu=bool(config.get("quick_gelu")),
                    force_preprocess_cfg=self._preparation_of_weights(path),
                )
                if path:
                    open_clip.load_checkpoint(network, str(path), weights_only=True)
            except Exception as error:  # safetensors, pickle and torch raise errors of their own
                raise WeightsError(
                    f"cannot load '{path or self.model}' as OpenCLIP's "
                    f"{found.name if found else self.model}: {first_sentence(error)}"
                ) from error
        return network

    def _preparation_of_weights(self, path: Path | None) -> dict[str, Any]:
        """Return how images are prepared: as is said beside the file, or is on record."""
        if self.weights and path and (beside := preparation_beside(path)):
            return beside
        if self._described:
            return preparation_beside(self._described.config())
        return preparation_on_record(self.model, self._published)

    @cached_property
    def _preparation(self) -> Preparation:
        return preparation_of(self._network)

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        features: torch.Tensor = self._network.encode_image(batch, normalize=False)
        return _unit(features)

    @property
    def _tokenizer_name(self) -> str:
        """Return where open_clip looks for the tokenizer: its list, the hub, a folder."""
        found = self._described
        if not found:
            return self.model
        return f"hf-hub:{found.name}" if found.hub else f"local-dir:{found.folder}"

    @cached_property
    def _tokenizer(self) -> Callable[[list[str]], "torch.Tensor"]:
        import open_clip

        try:
            with silent_log():
                tokenizer: Callable[[list[str]], torch.Tensor] = open_clip.get_tokenizer(
                    self._tokenizer_name
                )
        except (ImportError, OSError, ValueError) as error:
            raise WeightsError(
                f"cannot load the tokenizer of '{self.model}', which OpenCLIP takes from the "
                f"Hugging Face hub: {hub_reason(error)}"
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
