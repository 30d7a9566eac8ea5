"""What a network takes: its input of images, and fillers for those of texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embedbench.encoder import EncoderError, InputError

__all__ = ["TEXT_INPUTS", "ImageInput", "fill_text_inputs", "find_image_input", "number_type"]

TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
"""Inputs of text networks, by the names that exports of transformers give them."""

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}
_IMAGE_TYPES = ("tensor(float)", "tensor(float16)", "tensor(double)", "tensor(uint8)")
_FILLER_TOKENS = 2


@dataclass(frozen=True)
class ImageInput:
    """The input of a network that takes images.

    Attributes:
        name: of the input.
        dtype: of its numbers; a network of bytes normalises by itself.
        colours_first: whether it wants "images 3 height width".
        height: in pixels, if the network fixes it.
        width: the same.
    """

    name: str
    dtype: Any
    colours_first: bool
    height: int | None
    width: int | None

    def batch(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return prepared images, "3 height width" each, as the network takes them.

        Raises:
            EncoderError: they are of another size, of several sizes, or no bytes.
        """
        sizes = {image.shape[1:] for image in images}
        if len(sizes) > 1:
            raise EncoderError(
                f"the preparation gives images of several sizes ({_size(*min(sizes))} and "
                f"{_size(*max(sizes))}), which one batch cannot hold; give batch_size=1"
            )
        height, width = next(iter(sizes))
        if (self.height or height, self.width or width) != (height, width):
            raise EncoderError(
                f"the network takes {_size(self.height or height, self.width or width)} pixels "
                f"and the preparation gives {_size(height, width)}: the file of settings is that "
                "of another network"
            )
        stacked = np.stack(images)
        if self.dtype == np.uint8 and stacked.dtype != np.uint8:
            whole = stacked.round()
            if not np.array_equal(whole, stacked) or whole.min() < 0 or whole.max() > 255:
                raise EncoderError(
                    "the network takes bytes, and the preparation gives normalised numbers: the "
                    "file of settings is that of another network"
                )
        laid_out = stacked if self.colours_first else stacked.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(laid_out.astype(self.dtype, copy=False))


def find_image_input(file: Any, inputs: Sequence[Any], layout: str) -> ImageInput:
    """Return the input of images; the others must be those of texts.

    Args:
        file: the network's, for the words of errors.
        inputs: onnxruntime's descriptions.
        layout: `nchw`, `nhwc`, or empty where the shape tells.

    Raises:
        InputError: `layout` is none.
        EncoderError: the network takes something else.
    """
    others = [one for one in inputs if one.name not in TEXT_INPUTS]
    if len(others) != 1:
        names = ", ".join(f"'{one.name}'" for one in inputs)
        raise EncoderError(
            f"'{file}' must have one input of images, beside those of texts; it has {names}"
        )
    image = others[0]
    if len(image.shape) != 4:
        raise EncoderError(f"'{file}' takes {image.shape}; images have four axes")
    if image.type not in _IMAGE_TYPES:
        kinds = ", ".join(_IMAGE_TYPES)
        raise EncoderError(f"'{file}' takes {image.type}; images go as one of {kinds}")
    if layout not in ("", "nchw", "nhwc"):
        raise InputError(f"`layout` must be nchw or nhwc; not '{layout}'")
    shape = image.shape
    layout = layout or ("nhwc" if shape[3] == 3 and shape[1] != 3 else "nchw")
    axes = (1, 2, 3) if layout == "nchw" else (3, 1, 2)
    colours, height, width = (
        shape[axis] if isinstance(shape[axis], int) else None for axis in axes
    )
    if colours not in (None, 3):
        raise EncoderError(f"'{file}' takes {colours} colours as {layout}, not 3")
    return ImageInput(image.name, _TYPES[image.type], layout == "nchw", height, width)


def fill_text_inputs(inputs: Sequence[Any], count: int) -> dict[str, np.ndarray]:
    """Return tokens without meaning for a network that takes texts beside images.

    Args:
        inputs: onnxruntime's descriptions of all inputs.
        count: how many texts.
    """
    filled = {}
    for one in inputs:
        if one.name in TEXT_INPUTS:
            fixed = one.shape[-1]
            length = fixed if isinstance(fixed, int) else _FILLER_TOKENS
            kind = number_type(one)
            row = {"attention_mask": np.ones(length), "position_ids": np.arange(length)}
            filled[one.name] = np.tile(row.get(one.name, np.zeros(length)).astype(kind), (count, 1))
    return filled


def number_type(described: Any) -> Any:
    """Return NumPy's type of an input that onnxruntime describes."""
    return _TYPES.get(described.type, np.int64)


def _size(height: int, width: int) -> str:
    return f"{height}x{width}"
