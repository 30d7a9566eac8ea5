"""How timm prepares an image for a model when that is evaluated."""

from typing import TYPE_CHECKING, Any

from embedbench_torch import Preparation

if TYPE_CHECKING:
    import torch

__all__ = ["data_config", "evaluation_preparation"]


def evaluation_preparation(network: Any, size: int = 0) -> Preparation:
    """Return how timm prepares an image for this model when it is evaluated.

    The usual sequence (resize, crop the middle, normalise) works on bytes; any other is timm's
    own, on a Pillow image.

    Args:
        network: a timm model.
        size: the side in pixels of what the network sees; 0 for the model's own.
    """
    from timm.data.transforms_factory import create_transform
    from torchvision import transforms
    from torchvision.transforms.v2 import functional

    config = data_config(network, size)
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


def data_config(network: Any, size: int) -> dict[str, Any]:
    """Return what timm knows of the images that this model wants; `size` as below."""
    from timm.data.config import resolve_model_data_config

    config: dict[str, Any] = resolve_model_data_config(network)
    return config | ({"input_size": (3, size, size)} if size else {})
