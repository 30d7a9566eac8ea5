"""How OpenCLIP prepares an image for a model and its weights."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from embedbench_openclip.described import PREPARATION
from embedbench_torch import Preparation

if TYPE_CHECKING:
    import torch

__all__ = ["preparation_of", "preparation_on_record", "sides", "ways_on_record"]


def preparation_on_record(model: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return how images are prepared for these weights; of unknown ones, for the model's first."""
    import open_clip

    if not config:
        tags = open_clip.list_pretrained_tags_by_model(model)
        config = open_clip.get_pretrained_cfg(model, tags[0]) if tags else {}
    return {name: value for name, value in config.items() if name in PREPARATION}


def ways_on_record(model: str) -> list[str]:
    """Return the first weights of a model for each way that images are prepared for its weights."""
    import open_clip

    ways: dict[str, str] = {}
    for tag in open_clip.list_pretrained_tags_by_model(model):
        way = preparation_on_record(model, open_clip.get_pretrained_cfg(model, tag))
        ways.setdefault(str(sorted(way.items())), tag)
    return list(ways.values())


def sides(size: int | Sequence[int]) -> tuple[int, int]:
    """Return height and width."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def preparation_of(network: Any) -> Preparation:
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
