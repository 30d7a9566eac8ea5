"""Images prepared as timm's evaluation says, with torchvision's resize in place of Pillow's."""

from typing import Any

from PIL import Image


def timm_batch(network: Any, pictures: list[Image.Image]) -> Any:
    """Return a normalised batch for the network: resize, crop the middle, normalise."""
    import torch
    from timm.data.config import resolve_model_data_config
    from timm.data.transforms_factory import create_transform
    from torchvision.transforms.v2 import functional

    config = resolve_model_data_config(network)
    transform = create_transform(**config)
    if config["crop_mode"] != "center":  # other steps, which torchvision has not
        return torch.stack([transform(one) for one in pictures])
    resize, crop, _, normalise = transform.transforms
    small = [
        functional.resize(functional.pil_to_tensor(one), resize.size, resize.interpolation)
        for one in pictures
    ]
    return torch.stack([normalise(crop(one) / 255) for one in small])
