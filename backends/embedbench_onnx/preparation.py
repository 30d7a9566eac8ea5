"""How an image comes into an ONNX network: from what was asked, a file beside it, its inputs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from embedbench.encoder import EncoderError, InputError

__all__ = ["Preparation", "beside", "preparation", "settings_files"]

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}
_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


@dataclass(frozen=True)
class Preparation:
    """Resize, crop the middle, normalise, lay out.

    Attributes:
        height: in pixels, of what the network sees.
        width: the same.
        shorter: the shorter side in pixels before the middle is cropped; 0 for just enough to
            fill what the network sees, None to squash.
        filter: Pillow's, of the resizing.
        scale: what bytes are multiplied by first, mostly 1 / 255.
        mean: of red, green, blue, so scaled; taken off.
        deviation: of the same; divided by.
        blue_first: whether the network wants blue, green, red.
        colours_first: whether the network wants "images 3 height width".
        rounds_down: whether the middle of an odd rest is rounded down, as transformers does, or
            to the even number, as torchvision does.
        dtype: what the network wants; it normalises bytes by itself.
    """

    height: int
    width: int
    shorter: int | None
    filter: Image.Resampling
    scale: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    blue_first: bool
    colours_first: bool
    rounds_down: bool
    dtype: Any

    def shrink(self, image: Image.Image) -> UInt8[np.ndarray, "height width 3"]:
        """Return the pixels that the network sees."""
        if self.shorter is None:
            return np.asarray(image.resize((self.width, self.height), self.filter))
        width, height = self._resized(*image.size)
        rest = (width - self.width) / 2, (height - self.height) / 2
        left, top = (int(half) if self.rounds_down else round(half) for half in rest)
        small = image.resize((width, height), self.filter)
        return np.asarray(small.crop((left, top, left + self.width, top + self.height)))

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of an image before its middle is cropped."""
        if self.shorter:
            short = min(width, height)
            return int(self.shorter * width / short), int(self.shorter * height / short)
        if width * self.height >= height * self.width:
            return int(self.height * width / height), self.height
        return self.width, int(self.width * height / width)

    def batch(self, images: "UInt8[np.ndarray, 'images height width 3']") -> np.ndarray:
        """Return images as the network wants them."""
        images = images[..., ::-1] if self.blue_first else images
        if self.dtype != np.uint8:
            rows = images.astype(np.float32) * np.float32(self.scale)
            rows -= np.array(self.mean, np.float32)
            rows /= np.array(self.deviation, np.float32)
            images = rows.astype(self.dtype)
        return np.ascontiguousarray(images.transpose(0, 3, 1, 2) if self.colours_first else images)


def preparation(encoder: Any, image: Any) -> Preparation:
    """Return how images are prepared: as the encoder's fields say, then as a file beside, else.

    Args:
        encoder: an OnnxEncoder.
        image: onnxruntime's description of the network's input.
    """
    told = beside(encoder.model, "preprocessor_config.json")
    colours_first, height, width = _layout(encoder, image)
    if image.type not in _DTYPES:
        raise EncoderError(
            f"'{encoder.model}' takes {image.type}; images go as one of {', '.join(_DTYPES)}"
        )
    asked = _sides("size", encoder.size) or _told_sides(told)
    height, width = (
        side if isinstance(side, int) else known
        for side, known in zip((height, width), asked or (224, 224), strict=True)
    )
    if encoder.size and (height, width) != asked:
        raise InputError(
            f"`size` must be {height}x{width}, as '{encoder.model}' has it; not '{encoder.size}'"
        )
    mean, deviation = told.get("image_mean") or _MEAN, told.get("image_std") or _DEVIATION
    # Processors that turn colours round are MobileViT's, which do not normalise unless told to.
    if not told.get("do_normalize", "do_flip_channel_order" not in told):
        mean, deviation = (0.0,) * 3, (1.0,) * 3
    return Preparation(
        height,
        width,
        _shorter(encoder.resize, told, height, width),
        _filter(encoder.interpolation, told),
        told.get("rescale_factor", 1 / 255) if told.get("do_rescale", True) else 1.0,
        _colours("mean", encoder.mean) or tuple(mean),
        _colours("deviation", encoder.deviation) or tuple(deviation),
        bool(told.get("do_flip_channel_order")),
        colours_first,
        bool(told),
        _DTYPES[image.type],
    )


def beside(model: Path, name: str) -> dict[str, Any]:
    """Return a file of settings that lies beside a network, or above its folder `onnx`."""
    for path in settings_files(model, name):
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise InputError(f"'{path}' is no JSON object: {error}") from error
    return {}


def settings_files(model: Path, name: str) -> list[Path]:
    """Return where such a file is: none or one path."""
    folders = [model.parent, *([model.parent.parent] if model.parent.name == "onnx" else [])]
    return [folder / name for folder in folders if (folder / name).is_file()][:1]


def _layout(encoder: Any, image: Any) -> tuple[bool, Any, Any]:
    """Return whether colours come first, and height and width if the network fixes them."""
    shape = image.shape
    if len(shape) != 4:
        raise EncoderError(f"'{encoder.model}' takes {shape}; images have four axes")
    if encoder.layout not in ("", "nchw", "nhwc"):
        raise InputError(f"`layout` must be nchw or nhwc; not '{encoder.layout}'")
    layout = encoder.layout or ("nhwc" if shape[3] == 3 and shape[1] != 3 else "nchw")
    axes = (1, 2, 3) if layout == "nchw" else (3, 1, 2)
    colours, height, width = (shape[axis] for axis in axes)
    if isinstance(colours, int) and colours != 3:
        raise EncoderError(f"'{encoder.model}' takes {colours} colours as {layout}, not 3")
    return layout == "nchw", height, width


def _sides(field: str, text: str) -> tuple[int, int] | None:
    """Read `224` or `HEIGHTxWIDTH`."""
    if not text:
        return None
    try:
        height, _, width = text.partition("x")
        sides = int(height), int(width or height)
    except ValueError:
        sides = 0, 0
    if min(sides) < 1:
        raise InputError(f"`{field}` must be a number of pixels or HEIGHTxWIDTH; not '{text}'")
    return sides


def _told_sides(told: dict[str, Any]) -> tuple[int, int] | None:
    size = told.get("crop_size") if told.get("do_center_crop") else None
    size = size or told.get("size")
    if isinstance(size, int):
        return size, size
    if not isinstance(size, dict):
        return None
    height, width = (size.get(name, size.get("shortest_edge")) for name in ("height", "width"))
    return (height, width) if height and width else None


def _shorter(asked: str, told: dict[str, Any], height: int, width: int) -> int | None:
    """Return the shorter side before cropping; 0 for just enough, None to squash."""
    if asked == "squash":
        return None
    least = max(height, width)
    if asked:
        sides = _sides("resize", asked)
        if not sides or min(sides) < least:
            raise InputError(
                f"`resize` must be squash or at least {least}, which the network sees; not "
                f"'{asked}'"
            )
        return min(sides)
    size = told.get("size")
    if isinstance(size, dict) and "height" in size and not told.get("do_center_crop"):
        return None
    edge = size.get("shortest_edge") if isinstance(size, dict) else size
    return edge if isinstance(edge, int) and edge >= least else 0


def _filter(asked: str, told: dict[str, Any]) -> Image.Resampling:
    if asked and asked not in _FILTERS:
        raise InputError(f"`interpolation` must be one of {', '.join(_FILTERS)}; not '{asked}'")
    if asked:
        return _FILTERS[asked]
    return Image.Resampling(told.get("resample", Image.Resampling.BILINEAR))


def _colours(field: str, text: str) -> tuple[float, ...] | None:
    """Read `0.5` or three numbers with semicolons between."""
    if not text:
        return None
    try:
        values = tuple(float(part) for part in text.split(";"))
    except ValueError:
        values = ()
    if len(values) not in (1, 3) or (field == "deviation" and min(values) <= 0):
        raise InputError(f"`{field}` must be like 0.485;0.456;0.406, from 0 to 1; not '{text}'")
    return values * 3 if len(values) == 1 else values
