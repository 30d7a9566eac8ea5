"""Vision models of transformers (DINOv2, ViT, ConvNeXt, Swin ...) as encoders of images.

Source: transformers, https://huggingface.co/docs/transformers.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from embedbench.encoder import EncoderError, Facts, InputError, Vectors, first_sentence
from embedbench_torch.pooling import check_pooling
from embedbench_transformers import TransformersEncoder
from embedbench_transformers.preparation import resized_processor, unpack
from embedbench_vision.kinds import image_class
from embedbench_vision.outputs import Layout, layout_of, vectors_of

if TYPE_CHECKING:
    import torch

__all__ = ["VisionEncoder"]


@dataclass(frozen=True)
class VisionEncoder(TransformersEncoder):
    """A vision model of transformers: one vector an image, from any layer.

    Weights are read from safetensors where there are any, else from pickles of tensors alone
    (`weights_only=True`); code that comes with a model is never run. The image parts of CLIP's
    family are read where they are a model of their own (`clip_vision_model`), SigLIP 2's of any
    aspect ratio (NaFlex) included; whole ones by the encoder `clip`.

    Attributes:
        model: a name on the Hugging Face hub, or a folder that `save_pretrained` wrote.
        pool: how one vector comes out: `auto`, `pooler`, `cls`, `mean`, `cls+mean` or `gem`.
            `auto` takes what the model itself returns for an image, if the weights hold what that
            needs; else the class token; else the mean. Means leave out class token and registers.
        layer: 0 for the last output, after the final norm, as the model gives it. Else an index
            of the model's hidden states: -1 the last, which in most models is not yet
            normalised, -2 the one before; 1 that of the first layer.
        size: the image's height and width in pixels; 0 for the model's own. Positions are
            interpolated where the model can.
        revision: a branch, tag or commit on the hub; empty for its newest.
        precision: `auto`, `float32`, `mixed`, `bfloat16` or `float16`; by default the quickest
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
        compiled: whether torch.compile is used; left to the same measurement by `auto`.
        fast_decode: whether large JPEGs are decoded at a reduced scale, which blurs a little.
    """

    model: str = "facebook/dinov2-small"
    pool: str = "auto"
    layer: int = 0
    size: int = 0
    revision: str = ""
    precision: str = "auto"
    batch_size: int = 8
    compiled: bool = False
    fast_decode: bool = False

    libraries: ClassVar[tuple[str, ...]] = ("transformers", "torch", "torchvision", "pillow")
    examples: ClassVar[tuple[str, ...]] = (
        "vision:facebook/dinov2-small",
        "vision:google/vit-base-patch16-224-in21k",
        "vision:facebook/convnextv2-tiny-22k-224",
        "vision:facebook/dinov2-small,pool=mean,layer=-2",
    )

    def encode_batch(self, images: "Sequence[torch.Tensor]") -> Vectors:
        """Return the vectors, one row an image; images of other sizes are encoded one by one."""
        import numpy as np

        _ = self._layout
        if len({tuple(image.shape) for image in images}) == 1:
            return super().encode_batch(images)
        rows = []
        for image in images:
            rows.append(super().encode_batch([image]))
        return np.concatenate(rows)

    def facts(self) -> Facts:
        """Return what is known of the model, and how its vectors are pooled."""
        remark = None
        if self._lacking and self.pool == "auto" and self._layout.pool != "pooler":
            remark = (
                f"the weights hold nothing for the pooler of {self.model}, so its vectors are "
                "those of another pooling"
            )
        return dataclasses.replace(super().facts(), pooling=self._pooling_name, remark=remark)

    def _network_class(self, settings: dict[str, Any]) -> Any:
        check_pooling(self.pool)
        if self.pool == "pooler" and self.layer:
            raise InputError(
                f"`layer` must be 0 with pool=pooler, which is of the last output; not {self.layer}"
            )
        if self.size < 0:
            raise InputError(f"`size` must be 0 or a number of pixels; not {self.size}")
        return image_class(self.model, settings)

    def _may_lack(self, tensor: str) -> bool:
        """Whether it is a pooler's, which `auto` does without, or for masked training alone."""
        steps = tensor.split(".")
        return steps[-1] == "mask_token" or ("pooler" in steps and self.pool != "pooler")

    @cached_property
    def _processor(self) -> Any:
        processor = super()._processor
        return resized_processor(processor, self.size) if self.size else processor

    @cached_property
    def _layout(self) -> Layout:
        """How the vectors lie in what the network returns, from an empty image."""
        import torch

        empty = self._preparation.shrink(torch.zeros(3, 64, 64, dtype=torch.uint8))
        place = next(self._network.parameters()).device
        batch = empty[None].float().to(place).to(self._dtype)
        try:
            with self._running():
                output = self._output(batch)
        except (ValueError, RuntimeError, AssertionError, IndexError) as error:
            if not self.size:
                raise
            raise InputError(
                f"`size` must be one that the model takes; not {self.size}: "
                f"{first_sentence(error)}; 0 is its own"
            ) from error
        pooler_read = not any("pooler" in name.split(".") for name in self._lacking)
        layout = layout_of(output, self._network, self.pool, self.layer, pooler_read)
        vectors_of(output, layout)  # refuses what the model cannot give
        return layout

    @property
    def _pooling_name(self) -> str:
        pool = self._layout.pool
        return f"{pool} of layer {self.layer}" if self.layer else pool

    def _output(self, batch: "torch.Tensor") -> Any:
        options: dict[str, Any] = {"output_hidden_states": True} if self.layer else {}
        known = self._inputs
        patch = getattr(self._network.config, "patch_size", None)
        if "interpolate_pos_encoding" in known and isinstance(patch, int) and self.size % patch:
            raise InputError(
                f"`size` must be a multiple of the {patch} pixels of the model's patches; not "
                f"{self.size}"
            )
        if self.size and "interpolate_pos_encoding" in known:
            options["interpolate_pos_encoding"] = True
        inputs = {"pixel_values": batch}
        if "spatial_shapes" in known:
            inputs = unpack(batch)
        elif "noise" in known and self._network.config.model_type == "vit_mae":
            # Nothing is masked, and the patches stay in their order.
            options["noise"] = self._in_order(batch)
        output = self._network(**inputs, **options, return_dict=True)
        if not hasattr(output, "last_hidden_state") and not hasattr(output, "feature_maps"):
            raise EncoderError(
                f"'{self.model}' returns {', '.join(output)}; it must return last_hidden_state"
            )
        return output

    def _in_order(self, batch: "torch.Tensor") -> "torch.Tensor":
        import torch

        patches = (batch.shape[2] * batch.shape[3]) // self._network.config.patch_size**2
        return torch.arange(patches, device=batch.device).float().expand(len(batch), -1)

    @cached_property
    def _inputs(self) -> frozenset[str]:
        """The names of what the network takes."""
        import inspect

        return frozenset(inspect.signature(type(self._network).forward).parameters)

    @cached_property
    def _loaded(self) -> tuple[Any, tuple[str, ...]]:
        network, lacking = super()._loaded
        if network.config.model_type == "vit_mae":
            network.config.mask_ratio = 0.0
        return network, lacking

    def _features(self, batch: "torch.Tensor") -> "torch.Tensor":
        return vectors_of(self._output(batch), self._layout)
