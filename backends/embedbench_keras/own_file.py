"""Keras files of one's own: what a `.keras` file may build, and the network that comes out of it.

A `.keras` file describes a model by the names of classes. Keras's safe mode refuses Lambda layers
alone; here every class must be one of Keras's own that computes from tensors only.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from embedbench.encoder import EncoderError, InputError, WeightsError, first_sentence

__all__ = [
    "MODES",
    "POOLINGS",
    "check_classes",
    "layer_output",
    "load_network",
    "normalise",
    "pooled_output",
]

MODES = ("caffe", "tf", "torch", "scale", "none")
"""Of Keras's `preprocess_input`: `caffe` is blue, green, red less ImageNet's mean; `tf` from -1 to
1; `torch` ImageNet's mean and deviation. `scale` is from 0 to 1, `none` from 0 to 255."""

POOLINGS = ("mean", "max")

_SCALING = ("Rescaling", "Normalization")

_MODULES = (
    "keras", "keras.layers", "keras.models", "keras.initializers", "keras.activations",
    "keras.regularizers", "keras.constraints", "keras.dtype_policies",
)  # fmt: skip
_OWN_MODULES = ("keras.src.layers.", "keras.src.models.", "keras.src.ops.")
_REFUSED = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
"""Layers that run code of the file, or read other files."""

_DATA = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "slice"}
"""Names that stand for data, not for a class."""


def load_network(
    path: Path, layer: str, pool: str, size: int, mode: str
) -> tuple[Any, int, str, str | None]:
    """Return the network of a file up to a layer, the images' side, its pooling, and a remark.

    Args:
        path: a `.keras` file, which `check_classes` has passed.
        layer: whose output is the vector; empty for the last one.
        pool: `mean` or `max`, of an output with a vector for each place.
        size: the images' side in pixels; 0 for that of the network's input.
        mode: the numbers that it gets, one of `MODES`.

    Raises:
        WeightsError: the file cannot be read.
        InputError: a field does not fit the network.
    """
    import keras

    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises errors of many kinds
        raise WeightsError(f"cannot load '{path}': {first_sentence(error)}") from error
    if len(network.inputs) != 1 or len(network.inputs[0].shape) != 4:
        shapes = ", ".join(str(tuple(one.shape)) for one in network.inputs)
        raise EncoderError(
            f"'{path}' must take one batch of images, (images, height, width, 3); it takes {shapes}"
        )
    height, width, channels = network.inputs[0].shape[1:]
    if channels != 3:
        raise EncoderError(f"'{path}' takes images of {channels} channels; it must take three")
    if height != width:
        raise EncoderError(f"'{path}' takes images of {height} x {width} pixels; not square ones")
    if size and height and size != height:
        raise InputError(f"'{path}' takes images of {height} x {height} pixels; not {size}")
    if not (size or height):
        raise InputError(f"'{path}' takes images of any size; give size=PIXELS, such as size=224")
    output, name = network.outputs[0], network.layers[-1].name
    if layer:
        output, name = layer_output(network, layer, str(path)), layer
    cut = keras.Model(network.inputs, pooled_output(output, pool, name))
    pooled = f"{pool} of " if len(output.shape) > 2 else ""
    return cut, size or height, f"{pooled}layer {name}", _remark(network, layer, mode)


def layer_output(network: Any, layer: str, model: str) -> Any:
    """Return the output of a layer.

    Raises:
        InputError: the network has no such layer.
    """
    names = [one.name for one in network.layers]
    if layer not in names:
        last = ", ".join(names[-6:])
        raise InputError(f"'{model}' has no layer '{layer}'; its last ones: {last}")
    return network.get_layer(layer).output


def pooled_output(output: Any, pool: str, layer: str) -> Any:
    """Return one vector an image from the output of a layer.

    Raises:
        InputError: `pool` is another word, or the output is no vector, tokens or map.
    """
    import keras

    if pool not in POOLINGS:
        raise InputError(f"`pool` must be one of {', '.join(POOLINGS)}; not '{pool}'")
    if isinstance(output, list | tuple):
        raise InputError(f"layer '{layer}' has several outputs; name another layer")
    rank = len(output.shape)
    if rank == 2:
        return output
    kinds = {
        ("mean", 3): keras.layers.GlobalAveragePooling1D,
        ("max", 3): keras.layers.GlobalMaxPooling1D,
        ("mean", 4): keras.layers.GlobalAveragePooling2D,
        ("max", 4): keras.layers.GlobalMaxPooling2D,
    }
    if (pool, rank) not in kinds:
        shape = tuple(output.shape)
        raise InputError(f"layer '{layer}' has shape {shape}, which is no vector, tokens or map")
    return kinds[pool, rank]()(output)


def normalise(image: Image.Image, size: int, mode: str) -> np.ndarray:
    """Return an image squeezed to a square, in the numbers that a network was trained on."""
    small = image.resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(small, np.float32)
    if mode in ("none", "scale"):
        return pixels / 255 if mode == "scale" else pixels
    import keras

    preprocess = keras.applications.imagenet_utils.preprocess_input
    return np.asarray(preprocess(pixels.copy(), data_format="channels_last", mode=mode), np.float32)


def _remark(network: Any, layer: str, mode: str) -> str | None:
    """Return what a reader should know: classes in place of features, numbers scaled twice."""
    remarks = []
    last = network.layers[-1]
    if not layer and type(last).__name__ == "Dense":
        before = network.layers[-2].name
        remarks.append(
            f"the vector is the output of the dense layer '{last.name}', which may be that of a "
            f"classifier; layer={before} takes the layer before"
        )
    own = [one.name for one in network.layers if type(one).__name__ in _SCALING]
    if own and mode != "none":
        remarks.append(
            f"the model scales images itself (layer '{own[0]}') after preprocess={mode}; "
            "preprocess=none leaves it to the model"
        )
    return "; ".join(remarks) or None


def check_classes(path: Path) -> None:
    """Raise WeightsError unless a file describes a model of Keras's own classes."""
    if not path.is_file():
        raise WeightsError(f"there is no file '{path}' of a Keras model")
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"'{path}' is no .keras file: {first_sentence(error)}; save the model again by "
            "model.save('model.keras')"
        ) from error
    for node in _nodes(config):
        name, module = str(node.get("class_name")), str(node.get("module") or "your code")
        own = module in _MODULES or module.startswith(_OWN_MODULES)
        own = module == "keras.activations" if name == "function" else own
        is_code = name in _REFUSED or name == "type" or name.startswith("__")
        if name not in _DATA and (is_code or not own):
            raise WeightsError(
                f"'{path}' asks for {module}.{name}; only Keras's own layers without code of the "
                "file are built: export the model to ONNX, or write an Encoder class"
            )


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all parts of a description that name a class, except how the model was trained."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for key, part in value.items():
            if key not in ("compile_config", "build_config"):
                yield from _nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part)
