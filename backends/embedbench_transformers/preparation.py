"""Images as a transformers image processor prepares them: on bytes, whole, or as patches."""

from typing import TYPE_CHECKING, Any

from embedbench.encoder import EncoderError, InputError
from embedbench_torch import Preparation

if TYPE_CHECKING:
    import torch

__all__ = ["NETWORK_INPUTS", "pack", "preparation_by", "resized_processor", "seen_size", "unpack"]

NETWORK_INPUTS = ("pixel_values", "pixel_attention_mask", "spatial_shapes")
"""What a network of patches of any number (NaFlex) takes; all others take the first alone."""

_SAMPLES = ((48, 64), (80, 56))
_TOLERANCE = 1e-4


def preparation_by(processor: Any) -> Preparation:
    """Return how an image processor prepares an image.

    The usual sequence (resize, crop the middle, normalise) runs the processor's own steps on
    bytes, one image as it is laid out and normalised in batches, where a sample shows the same
    as from the processor; any other is left to it whole.
    """
    whole = _whole(processor)
    if _is_usual(processor):
        quick = _on_bytes(processor)
        if _agree(quick, whole):
            return quick
    return whole


def seen_size(preparation: Preparation) -> str | None:
    """Return what the network sees, "224x224", height first; None where images differ in it."""
    shapes = {tuple(preparation.shrink(_sample(*sides)).shape) for sides in _SAMPLES}
    channels, height, width = next(iter(shapes))
    return f"{height}x{width}" if len(shapes) == 1 and channels == 3 else None


def resized_processor(processor: Any, size: int) -> Any:
    """Return the processor for squares of another size, with the same part of an image kept.

    Raises:
        InputError: it knows no height and width, and no shorter edge.
    """
    old = {name: value for name, value in dict(processor.size).items() if value}
    crop = getattr(processor, "do_center_crop", None) and dict(processor.crop_size)
    square = {"height": size, "width": size}
    if crop:
        scale = size / min(value for value in crop.values() if value)
        new = {name: max(1, round(value * scale)) for name, value in old.items()}
    elif "shortest_edge" in old:
        new = {"shortest_edge": size}
    elif {"height", "width"} <= set(old):
        new = square
    else:
        kind = type(processor).__name__
        raise InputError(
            f"`size` must be 0 for this model: its {kind} knows no height and width, but "
            f"{', '.join(old) or 'no size'}"
        )
    changed = {**processor.to_dict(), "size": new, **({"crop_size": square} if crop else {})}
    return type(processor).from_dict(changed)


def pack(prepared: "dict[str, torch.Tensor]") -> "torch.Tensor":
    """Return the patches of one image as a tensor, "1 patches values".

    To the values of a patch come two more: whether it is one of the image's, and whether it is
    in its first row.
    """
    import torch

    patches, valid, shape = (prepared[name] for name in NETWORK_INPUTS)
    first = torch.arange(len(patches)) < shape[1]
    marks = torch.stack([valid.float(), first.float()], dim=1)
    return torch.cat([patches.float(), marks], dim=1)[None]


def unpack(batch: "torch.Tensor") -> "dict[str, torch.Tensor]":
    """Return what the network takes from a batch of packed images, "images 1 patches values"."""
    import torch

    patches, valid, first = batch[:, 0, :, :-2], batch[:, 0, :, -2].long(), batch[:, 0, :, -1]
    width = first.long().sum(1)
    shapes = torch.stack([valid.sum(1) // width, width], dim=1)
    return dict(zip(NETWORK_INPUTS, (patches, valid, shapes), strict=True))


def _whole(processor: Any) -> Preparation:
    """Return the processor itself, one image a time."""

    def whole(image: "torch.Tensor") -> "torch.Tensor":
        prepared = processor(images=image, return_tensors="pt")
        if "spatial_shapes" in prepared:
            return pack({name: prepared[name][0] for name in NETWORK_INPUTS})
        if "pixel_values" not in prepared:
            raise EncoderError(
                f"its {type(processor).__name__} gives {', '.join(prepared)}; it must give "
                "pixel_values"
            )
        pixels: torch.Tensor = prepared["pixel_values"][0]
        if pixels.ndim != 3:
            raise EncoderError(
                f"its {type(processor).__name__} gives several views of an image, of shape "
                f"{tuple(pixels.shape)}; it must give one, (3, height, width)"
            )
        return pixels.float()

    channels, *sides = whole(_sample(*_SAMPLES[0])).shape
    if channels != 3:  # patches; the processor scales an image to fill their number
        patch = getattr(processor, "patch_size", 16)
        sides = [int(patch * processor.max_num_patches**0.5)]
    return Preparation(whole, (), (), min(sides))


def _on_bytes(processor: Any) -> Preparation:
    crop = getattr(processor, "do_center_crop", None)

    def on_bytes(image: "torch.Tensor") -> "torch.Tensor":
        small: torch.Tensor = processor.resize(
            image[None], processor.size, resample=processor.resample
        )
        return (processor.center_crop(small, processor.crop_size) if crop else small)[0]

    mean, deviation = (
        [value / processor.rescale_factor for value in getattr(processor, name)]
        for name in ("image_mean", "image_std")
    )
    return Preparation(on_bytes, mean, deviation, min(on_bytes(_sample(*_SAMPLES[0])).shape[1:]))


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


def _agree(quick: Preparation, whole: Preparation) -> bool:
    """Whether both prepare samples alike."""
    for sides in _SAMPLES:
        sample = _sample(*sides)
        small = quick.shrink(sample)
        theirs = whole.shrink(sample)
        ours = quick.normalise(small.permute(1, 2, 0)[None])[0].permute(2, 0, 1)
        if ours.shape != theirs.shape or not ours.sub(theirs).abs().max() <= _TOLERANCE:
            return False
    return True


def _sample(height: int, width: int) -> "torch.Tensor":
    """Return an image of all grey levels."""
    import torch

    return torch.arange(3 * height * width).mul(7).remainder(256).byte().view(3, height, width)
