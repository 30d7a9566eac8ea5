"""Reference networks from their own libraries, in separate processes.

They are in a module of their own so that the processes can import these functions.
"""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "first_way",
    "forward",
    "hold_first",
    "hold_keras",
    "hold_network",
    "predict",
    "save_clip",
]

_held: dict[str, Any] = {}
"""State of this process: passes by precision, or the parts of the first projects' code."""


def save_clip(folder: str) -> None:
    """Write CLIP ViT-B/32 with random weights, as `save_pretrained` writes it."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    torch.manual_seed(0)
    CLIPModel(CLIPConfig()).save_pretrained(folder)
    CLIPImageProcessor().save_pretrained(folder)


def hold_network(model: str, batch: int) -> None:
    """Hold the CLIP of a folder, or an untrained timm network, in both precisions, with batches.

    Both are in channels-last format, the fastest for convolutions.
    """
    import torch

    network = _network(model)
    for precision in (torch.float32, torch.bfloat16):
        own = copy.deepcopy(network).to(dtype=precision, memory_format=torch.channels_last)
        images = torch.rand(batch, 3, 224, 224).to(precision, memory_format=torch.channels_last)
        _held[str(precision).removeprefix("torch.")] = _pass(own, images)


def forward(precision: str) -> None:
    """Pass one batch through the network."""
    _held[precision]()


def hold_first(model: str) -> None:
    """Hold the parts of the first projects' code: a processor and a float32 network."""
    _held["network"] = _network(model)
    _held["process"] = _processor(model, _held["network"])


def first_way(paths: Sequence[Path]) -> None:
    """Encode as the first projects did: open all images, prepare them at once, one pass."""
    import torch
    from PIL import Image

    images = [Image.open(path).convert("RGB") for path in paths]
    with torch.no_grad():
        _features(_held["network"])(_held["process"](images)).numpy()


def hold_keras(images: int) -> None:
    """Hold Keras' ResNet50 with random weights, and a prepared array of images."""
    import keras
    import numpy as np

    _held["network"] = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg")
    random = np.random.default_rng(0)
    _held["array"] = random.normal(size=(images, 224, 224, 3)).astype(np.float32)
    predict()


def predict() -> None:
    """Predict as Keras' documentation shows: the whole array, default batch size."""
    _held["network"].predict(_held["array"], verbose=0)


def _network(model: str) -> Any:
    if Path(model).is_dir():
        from transformers import CLIPModel

        network: Any = CLIPModel.from_pretrained(model)
    else:
        import timm

        network = timm.create_model(model, pretrained=False, num_classes=0)
    return network.eval()


def _features(network: Any) -> Callable[[Any], Any]:
    if hasattr(network, "get_image_features"):
        return lambda images: network.get_image_features(pixel_values=images).pooler_output
    return lambda images: network(images)


def _processor(model: str, network: Any) -> Callable[[Sequence[Any]], Any]:
    if Path(model).is_dir():
        from transformers import AutoImageProcessor

        make: Any = AutoImageProcessor.from_pretrained
        processor = make(model)
        return lambda images: processor(images=images, return_tensors="pt")["pixel_values"]
    import torch
    from timm.data.config import resolve_model_data_config
    from timm.data.transforms_factory import create_transform

    config = resolve_model_data_config(network)
    transform = create_transform(**config, is_training=False)
    return lambda images: torch.stack([transform(image) for image in images])


def _pass(network: Any, images: Any) -> Callable[[], None]:
    import torch

    features = _features(network)

    def once() -> None:
        with torch.inference_mode():
            features(images)

    return once
