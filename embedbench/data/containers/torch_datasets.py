"""Images of torch Datasets: the files of torchvision, or each image read once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embedbench.data.containers.places import read_files
from embedbench.data.dataset import Dataset
from embedbench.data.images.pixels import check_pixels, png_of
from embedbench.data.images.sources import RejectedImage, Source
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath
from embedbench.utils.kinds import described, is_of
from embedbench.utils.text import pluralise

__all__ = ["is_image_object", "read_torch"]

_MOST_KEPT = 10**9
"""Bytes of images that are kept in memory."""


def is_image_object(value: Any) -> bool:
    """Return whether an object is one image in memory: PIL, bytes, or an array."""
    return (
        isinstance(value, bytes | bytearray | memoryview)
        or (isinstance(value, np.ndarray) and value.ndim in (2, 3) and value.dtype != object)
        or is_of(value, "PIL.Image", "Image")
    )


def read_torch(value: Any) -> Dataset:
    """Return the images of a map-style torch Dataset, and their labels.

    Of a dataset of torchvision that lists its files these are read as they are, without its
    transform. Each item of another one, an image or an image and its label, is read once, as a
    transform may change it every time, and kept in memory.

    Raises:
        InputError: it is a stream, an item has no image, or the images need too much memory.
    """
    name = type(value).__name__
    if is_of(value, "torch.utils.data.dataset", "IterableDataset") or not hasattr(value, "__len__"):
        raise InputError(f"{described(value)} gives its images in a stream: make a list of them")
    if not len(value):
        raise InputError(f"{described(value)} has no images")
    if is_of(value, "torch.utils.data.dataset", "Subset"):
        return read_torch(value.dataset).take([int(row) for row in value.indices])
    classes = getattr(value, "classes", None)
    classes = [str(one) for one in classes] if isinstance(classes, list | tuple) else None
    samples = getattr(value, "samples", None)
    if isinstance(samples, list) and all(map(_is_sample, samples)):
        places: list[AnyPath] = [Path(path) for path, _ in samples]
        dataset = read_files(places, Path(getattr(value, "root", name)), listed=True)
        labels = [label for _, label in samples]
        remarks = [f"the files of the {name} were read, without its transform"]
    else:
        sources, labels = _kept(value, name)
        dataset, remarks = Dataset.from_images(sources, origin=name), []
    table = dataset.table.drop(columns="truth", errors="ignore")
    if any(label is not None for label in labels):
        truth = [_class_of(label, classes) for label in labels]
        table = table.assign(truth=pd.Series(truth, dtype=object))
        told = (f"labels: {pluralise(len(set(truth) - {None}), 'class')} of the {name}",)
        return replace(dataset, table=table, remarks=tuple(remarks), label_remarks=told)
    return replace(dataset, table=table, remarks=tuple(remarks), label_remarks=())


def _is_sample(sample: Any) -> bool:
    return (
        isinstance(sample, tuple)
        and len(sample) == 2
        and isinstance(sample[0], str | Path)
        and isinstance(sample[1], int | str)
    )


def _kept(value: Any, name: str) -> tuple[list[Source], list[Any]]:
    """Return the images of a dataset, each read once and kept as a PNG file, and the labels."""
    sources: list[Source] = []
    labels: list[Any] = []
    kept = 0
    for row in range(len(value)):
        try:
            item = value[row]
        except Exception as error:  # a dataset may raise anything for a broken image
            sources.append(RejectedImage(f"{name} gave an error: {' '.join(str(error).split())}"))
            labels.append(None)
            continue
        image, label = _image_and_label(item)
        pixels = _pixels_of(image, row)
        content = pixels if isinstance(pixels, bytes) else png_of(pixels)
        kept += len(content)
        if kept > _MOST_KEPT:
            raise InputError(
                f"the images of the {name} take more than {_MOST_KEPT // 10**6:,} MB, which is "
                "what is kept in memory: write them to a folder, or take a Subset"
            )
        sources.append(content)
        labels.append(label)
    return sources, labels


def _image_and_label(item: Any) -> tuple[Any, Any]:
    if isinstance(item, tuple | list) and item:
        return item[0], item[1] if len(item) > 1 else None
    if isinstance(item, dict):
        image = next((item[key] for key in ("image", "img", "pixel_values") if key in item), None)
        label = next((item[key] for key in ("label", "labels", "target") if key in item), None)
        return image, label
    return item, None


def _pixels_of(image: Any, row: int) -> Any:
    """Return bytes, a PIL image, or an array of uint8 with its channels last."""
    if not is_of(image, "torch", "Tensor") and not isinstance(image, np.ndarray):
        if is_image_object(image):
            return bytes(image) if isinstance(image, bytearray | memoryview) else image
        raise InputError(f"item {row} must be an image and its label; not {described(image)}")
    is_tensor = not isinstance(image, np.ndarray)
    pixels = image.detach().cpu().numpy() if is_tensor else image
    if is_tensor and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.dtype.kind == "f" and pixels.size:
        low, high = float(pixels.min()), float(pixels.max())
        if not 0 <= low <= high <= 1:
            raise InputError(
                f"item {row} has values from {low:.2f} to {high:.2f}, where 0 to 1 are pixels: "
                "give the dataset without Normalize"
            )
        pixels = (pixels * 255).round().astype(np.uint8)
    check_pixels(pixels, f"item {row}")
    return pixels


def _class_of(label: Any, classes: list[str] | None) -> str | None:
    """Return a label as text: the name of its class where the dataset has names."""
    if label is None or isinstance(label, str):
        return label
    try:
        number = int(label)
    except (TypeError, ValueError):  # several labels, or a mask
        return None
    if classes is None:
        return str(number)
    return classes[number] if 0 <= number < len(classes) else None
