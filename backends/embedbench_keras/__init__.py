"""Models of keras.applications and Keras files of one's own as encoders.

Source: https://keras.io/api/applications.
"""

import difflib
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32
from PIL import Image

from embedbench.encoder import Encoder, Facts, InputError, Vectors, WeightsError
from embedbench_keras.download import advice, check_server
from embedbench_keras.own_file import (
    MODES,
    check_classes,
    layer_output,
    load_network,
    normalise,
    pooled_output,
)

__all__ = ["KerasEncoder"]

_FORMS = (".keras", ".h5", ".hdf5")
"""Forms of which Keras reads arrays alone: the model that such a file describes is never built."""

_UNTRAINED = "its weights are random: it is untrained"
_PRECISIONS = ("auto", "float32", "mixed")


@dataclass(frozen=True)
class KerasEncoder(Encoder):
    """Any network of keras.applications without its top, or a `.keras` file of your own.

    Images are squeezed straight to the model's own size (224 x 224 for ResNet50), whatever their
    shape, by Pillow's bilinear filter, which averages where it makes an image smaller. Then the
    model's own `preprocess_input` follows; for a file you say which.

    Attributes:
        model: a name in keras.applications: "ResNet50", "MobileNetV2", "EfficientNetB0"; or a
            `.keras` file, of which nothing but Keras's own layers is built.
        weights: "imagenet", "none" (random: the untrained control), or a local file made for the
            model without its top; not for a `.keras` file, which holds its own.
        layer: name of the layer whose output is the vector; empty for the last one.
        pool: of an output with a vector for each place or token: `mean` or `max`.
        size: the images' side in pixels, for a `.keras` file that leaves it open; else 0.
        preprocess: the numbers that a `.keras` file takes: `caffe`, `tf` (-1 to 1) or `torch` as in
            `preprocess_input`, `scale` (0 to 1), `none` (0 to 255, also for a model with a
            layer that scales).
        seed: of the random weights.
        precision: `auto`, `float32` or `mixed` (products in bfloat16); by default the quicker one
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
    """

    model: str = "ResNet50"
    weights: str = "imagenet"
    layer: str = ""
    pool: str = "mean"
    size: int = 0
    preprocess: str = ""
    seed: int = 0
    precision: str = "auto"
    batch_size: int = 8

    libraries: ClassVar[tuple[str, ...]] = ("keras", "tensorflow", "pillow")
    examples: ClassVar[tuple[str, ...]] = (
        "keras:ResNet50",
        "keras:ResNet50,layer=conv4_block6_out",
        "keras:mine.keras,preprocess=scale,layer=features",
    )

    def prepare(self, image: Image.Image) -> Float32[np.ndarray, "height width channels"]:
        """Return the image resized, and normalised by the model's own `preprocess_input`."""
        if self._file:
            return normalise(image, self._size, self.preprocess)
        small = image.resize((self._size, self._size), Image.Resampling.BILINEAR)
        return np.asarray(self._preprocess(np.asarray(small, np.float32)), np.float32)

    def encode_batch(
        self, images: Sequence[Float32[np.ndarray, "height width channels"]]
    ) -> Vectors:
        """Return the averaged last layer, one row an image."""
        rows: Vectors = self._network.predict_on_batch(np.stack(images))
        return rows.astype(np.float32)

    def variants(self, device: str) -> Sequence[Encoder]:
        """Return float32 as the reference, then mixed precision, then larger batches."""
        if self.precision not in _PRECISIONS:
            raise InputError(
                f"`precision` must be one of {', '.join(_PRECISIONS)}; not '{self.precision}'"
            )
        if self.precision != "auto":
            return (self,)
        sizes = (8, 32) if device == "cpu" else (128, 8, 32)
        pairs = [(precision, size) for size in sizes for precision in _PRECISIONS[1:]]
        reference = replace(self, precision="float32", batch_size=8)
        others = [replace(self, precision=one, batch_size=size) for one, size in pairs]
        return (reference, *(other for other in others if other != reference))

    def weights_files(self) -> Sequence[Path]:
        """Return the local file of weights; none for "imagenet" and "none".

        For "imagenet" the version of Keras, which is part of the fingerprint, and the model's
        name say which bytes they are: Keras holds the hash of each file, and checks it.
        """
        if self._file:
            return [self._file]
        return [] if self.weights in ("imagenet", "none") else [Path(self.weights)]

    def facts(self) -> Facts:
        """Return the number of parameters, and where the model runs."""
        network, _, pooling, remark = self._loaded
        import tensorflow

        gpus = tensorflow.config.list_physical_devices("GPU")
        trained = self.weights == "imagenet" and not self._file
        return Facts(
            parameters=network.count_params(),
            pretrained_on="ImageNet-1k" if trained else None,
            weights=self._file.name if self._file else Path(self.weights).name,
            pooling=pooling,
            image_size=f"{self._size}x{self._size}",
            remark=_UNTRAINED if self.weights == "none" else remark,
            device="gpu" if gpus else "cpu",
            devices=max(1, len(gpus)),
        )

    @property
    def _file(self) -> Path | None:
        """The `.keras` file; None for a model of keras.applications."""
        return Path(self.model) if self.model.lower().endswith(".keras") else None

    @cached_property
    def _size(self) -> int:
        if self._file:
            return self._loaded[1]
        # Only with its top does a model say how large its images are. MobileNetV3 takes any size
        # and says none; Keras has its weights for 224.
        with _random_state_kept():
            size: int | None = self._build(weights=None, include_top=True).input_shape[1]
        return size or 224

    @cached_property
    def _preprocess(self) -> Callable[[np.ndarray], np.ndarray]:
        module = sys.modules[self._build.__module__]
        preprocess: Callable[[np.ndarray], np.ndarray] = module.preprocess_input
        return preprocess

    @cached_property
    def _build(self) -> Callable[..., Any]:
        """The function that builds the model."""
        _set_up()
        import keras

        known = {name: item for name, item in vars(keras.applications).items() if name[0].isupper()}
        if self.model not in known:
            close = difflib.get_close_matches(self.model, known, n=4, cutoff=0.4)
            some = ", ".join(close or list(known)[:4])
            if Path(self.model).suffix.lower() in (".h5", ".hdf5"):
                raise InputError(
                    f"a model in '{self.model}' is not read, for it may hold code; save it again "
                    "by model.save('model.keras')"
                )
            raise InputError(f"unknown Keras model '{self.model}'; some are: {some}")
        build: Callable[..., Any] = known[self.model]
        return build

    @property
    def _network(self) -> Any:
        return self._loaded[0]

    @cached_property
    def _loaded(self) -> tuple[Any, int, str, str | None]:
        """The network, the images' side, how the vector comes out of it, and a remark."""
        return self._own() if self._file else self._application()

    def _own(self) -> tuple[Any, int, str, str | None]:
        if self.weights != "imagenet":
            raise InputError(f"'{self.model}' holds its own weights; leave `weights` out")
        check_classes(Path(self.model))
        if self.preprocess not in MODES:
            raise InputError(
                f"'{self.model}' does not say what numbers it takes; `preprocess` must be one of "
                f"{', '.join(MODES)}; not '{self.preprocess}'"
            )
        _set_up()
        with _random_state_kept(), _policy(self.precision):
            return load_network(Path(self.model), self.layer, self.pool, self.size, self.preprocess)

    def _application(self) -> tuple[Any, int, str, str | None]:
        if self.size or self.preprocess:
            raise InputError(
                f"'{self.model}' has its own size and numbers; `size` and `preprocess` are for "
                "`.keras` files"
            )
        if not self.layer:
            pooling = {"mean": "avg", "max": "max"}.get(self.pool)
            if pooling is None:
                raise InputError(f"`pool` must be one of mean, max; not '{self.pool}'")
            return self._built(pooling), self._size, f"{self.pool} of the last layer", None
        network = self._built(None)
        import keras

        output = layer_output(network, self.layer, self.model)
        cut = keras.Model(network.inputs, pooled_output(output, self.pool, self.layer))
        return cut, self._size, f"{self.pool} of layer {self.layer}", None

    def _built(self, pooling: str | None) -> Any:
        build = self._build  # an unknown model is an error before anything else
        weights = None if self.weights == "none" else self.weights
        if weights == "imagenet":
            check_server(self.model)
        elif weights and not Path(weights).is_file():
            raise WeightsError(
                f"there is no file '{weights}'; `weights` must be imagenet, none or a local file"
            )
        elif weights and not weights.endswith(_FORMS):
            raise InputError(f"`weights` must be one of {', '.join(_FORMS)}; not '{weights}'")
        shape = (self._size, self._size, 3)
        import keras

        with _random_state_kept(), _policy(self.precision), warnings.catch_warnings():
            # A file that lacks layers is no more than a warning to Keras.
            warnings.filterwarnings("error", r"[\s\S]*freshly-initialized", UserWarning)
            keras.utils.set_random_seed(self.seed)
            try:
                return build(weights=weights, include_top=False, pooling=pooling, input_shape=shape)
            except Exception as error:  # Keras raises a bare Exception when a download fails
                if weights is None:
                    raise
                raise WeightsError(advice(self.model, weights, error)) from error


def _set_up() -> None:
    """Import Keras on TensorFlow, with nothing printed to standard output."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _random_state_kept():  # a library that Keras prints with draws a number when imported
        import keras

    keras.config.disable_interactive_logging()


@contextmanager
def _policy(precision: str) -> Iterator[None]:
    """Let layers that are built compute in this precision; their weights stay float32."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "mixed" else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Put the random states of Python and NumPy back, which Keras draws its seeds from."""
    states = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
