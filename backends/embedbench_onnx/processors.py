"""Preparation of images by the library whose file of settings lies beside the network."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from embedbench.encoder import (
    EncoderError,
    InputError,
    WeightsError,
    first_sentence,
    library_version,
)
from embedbench_onnx.settings import Described

__all__ = ["Processor", "load_processor"]

Processor = Callable[[Image.Image], Float[np.ndarray, "3 height width"]]


def load_processor(described: Described) -> tuple[str, Processor]:
    """Return the name of what prepares images as described, and what does it.

    Raises:
        WeightsError: its library is not installed.
        InputError: the library does not understand the settings.
    """
    if library_version(described.distribution) is None:
        raise WeightsError(
            f"'{described.file}' describes a preparation by {described.distribution}, which is not "
            f"installed; run: pip install {described.distribution}"
        )
    load = {"transformers": _by_transformers, "open-clip-torch": _by_openclip, "timm": _by_timm}
    try:
        return load[described.distribution](described)
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"'{described.file}' describes a preparation by {described.distribution}, which needs "
            f"{error.name}; run: pip install {error.name}"
        ) from error
    except Exception as error:  # the libraries raise errors of all kinds
        raise InputError(
            f"{described.distribution} cannot prepare images as '{described.file}' says: "
            f"{first_sentence(error)}; it must name an image processor that this version knows"
        ) from error


def _by_transformers(described: Described) -> tuple[str, Processor]:
    """Return the image processor of transformers, made of the file alone."""
    from transformers import AutoImageProcessor

    with TemporaryDirectory() as folder:
        settings = json.dumps(described.settings)
        (Path(folder) / "preprocessor_config.json").write_text(settings, encoding="utf-8")
        for path in described.others:
            shutil.copy(path, Path(folder) / path.name)
        processor = AutoImageProcessor.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    name = type(processor).__name__

    def prepare(image: Image.Image) -> np.ndarray:
        try:
            found = processor(images=image, return_tensors="np")
        except Exception as error:  # as above
            raise EncoderError(
                f"{name} cannot prepare an image: {first_sentence(error)}"
            ) from error
        if not isinstance(found, Mapping) or "pixel_values" not in found:
            what = ", ".join(found) if isinstance(found, Mapping) else type(found).__name__
            raise EncoderError(f"{name} gives {what} of an image; pixel_values are what can be run")
        return _single(name, np.asarray(found["pixel_values"]))

    return name, prepare


def _by_openclip(described: Described) -> tuple[str, Processor]:
    from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict

    if not described.settings.get("size"):
        raise ValueError("it does not say `size`")
    config = PreprocessCfg(**merge_preprocess_dict(PreprocessCfg(), described.settings))
    return "OpenCLIP", _by_tensors("OpenCLIP", image_transform_v2(config, is_train=False))


def _by_timm(described: Described) -> tuple[str, Processor]:
    from timm.data.config import resolve_data_config
    from timm.data.transforms_factory import create_transform

    config = resolve_data_config(pretrained_cfg=described.settings)
    return "timm", _by_tensors("timm", create_transform(**config, is_training=False))


def _by_tensors(name: str, transform: Callable[[Image.Image], Any]) -> Processor:
    """Return what prepares an image by transforms of torchvision."""
    return lambda image: _single(name, transform(image).numpy())


def _single(name: str, pixels: np.ndarray) -> np.ndarray:
    """Return the pixels of one image without the axis of images, if they are such."""
    single = pixels[0] if pixels.ndim == 4 and len(pixels) == 1 else pixels
    if single.ndim == 3 and single.shape[0] == 3:
        return single
    raise EncoderError(
        f"{name} makes shape {pixels.shape} of an image; a network of one image at a time, of "
        "three colours, is what can be run: export the part that takes one"
    )
