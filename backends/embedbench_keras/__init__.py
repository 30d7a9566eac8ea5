"""Every model of keras.applications as an encoder: its last layer, averaged over the image.

Source: https://keras.io/api/applications.
"""

import difflib
import os
import random
import re
import sys
import threading
import urllib.error
import urllib.request
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

from embedbench.encoder import Encoder, Facts, InputError, Vectors, WeightsError, first_sentence

__all__ = ["KerasEncoder"]

_SERVER = "https://storage.googleapis.com/tensorflow/keras-applications/"
_PATIENCE_SECONDS = 5.0
_FORMS = (".keras", ".h5", ".hdf5")
"""Forms of which Keras reads arrays alone: the model that such a file describes is never built."""

_PRECISIONS = ("auto", "float32", "mixed")


@dataclass(frozen=True)
class KerasEncoder(Encoder):
    """Any network of keras.applications, without its top and averaged over the image.

    Images are squeezed straight to the model's own size (224 x 224 for ResNet50), whatever their
    shape, by Pillow's bilinear filter, which averages where it makes an image smaller. Then the
    model's own `preprocess_input` follows.

    Attributes:
        model: a name in keras.applications: "ResNet50", "MobileNetV2", "EfficientNetB0".
        weights: "imagenet", "none" (random: the untrained control), or a local file made for the
            model without its top.
        seed: of the random weights.
        precision: `auto`, `float32` or `mixed` (products in bfloat16); by default the quicker one
            that is faithful on the first images, where they are many.
        batch_size: how many images are encoded at once; left to the same measurement by `auto`.
    """

    model: str = "ResNet50"
    weights: str = "imagenet"
    seed: int = 0
    precision: str = "auto"
    batch_size: int = 8

    libraries: ClassVar[tuple[str, ...]] = ("keras", "tensorflow", "pillow")

    def prepare(self, image: Image.Image) -> Float32[np.ndarray, "height width channels"]:
        """Return the image resized, and normalised by the model's own `preprocess_input`."""
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
        return [] if self.weights in ("imagenet", "none") else [Path(self.weights)]

    def facts(self) -> Facts:
        """Return the number of parameters, and where the model runs."""
        import tensorflow

        gpus = tensorflow.config.list_physical_devices("GPU")
        return Facts(
            parameters=self._network.count_params(),
            pretrained_on="ImageNet-1k" if self.weights == "imagenet" else None,
            device="gpu" if gpus else "cpu",
            devices=max(1, len(gpus)),
        )

    @cached_property
    def _size(self) -> int:
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
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras

        keras.config.disable_interactive_logging()  # it prints to standard output
        known = {name: item for name, item in vars(keras.applications).items() if name[0].isupper()}
        if self.model not in known:
            close = difflib.get_close_matches(self.model, known, n=4, cutoff=0.4)
            some = ", ".join(close or list(known)[:4])
            raise InputError(f"unknown Keras model '{self.model}'; some are: {some}")
        build: Callable[..., Any] = known[self.model]
        return build

    @cached_property
    def _network(self) -> Any:
        build = self._build  # a model that there is not is told first
        weights = None if self.weights == "none" else self.weights
        if weights == "imagenet":
            _check_server(self.model)
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
                return build(weights=weights, include_top=False, pooling="avg", input_shape=shape)
            except Exception as error:  # Keras raises a bare Exception when a download fails
                if weights is None:
                    raise
                raise WeightsError(_advice(self.model, weights, error)) from error


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


def _advice(model: str, weights: str, error: Exception | str) -> str:
    why = first_sentence(error)
    if weights != "imagenet":
        return f"cannot load '{weights}' into {model} without its top: {why}"
    return (
        f"cannot fetch the ImageNet weights of {model}: {why}; fetch them on a machine that "
        "reaches it and give the file: weights=FILE, or leave them random: weights=none"
    )


def _check_server(model: str) -> None:
    """Raise WeightsError within seconds where Keras would wait long for a file to download."""
    if not _is_cached(model) and (reason := _silence(_SERVER)):
        raise WeightsError(_advice(model, "imagenet", reason))


def _is_cached(model: str) -> bool:
    """Whether Keras has fetched the model's weights before; its file names have many styles."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    wanted = re.compile(model.lower() + r"(?!v\d).*notop")  # ResNet50 is not ResNet50V2
    files = (home / "models").glob("*.h5")
    return any(wanted.search(re.sub("[-_]", "", file.name.lower())) for file in files)


def _silence(address: str) -> str:
    """Return why an address does not answer within seconds; nothing if it does."""
    reasons = [f"no answer from {address} within {_PATIENCE_SECONDS:.0f} seconds"]

    def ask() -> None:
        request = urllib.request.Request(address, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS).close()
            reasons.append("")
        except urllib.error.HTTPError:
            reasons.append("")
        except (OSError, ValueError) as error:
            reasons.append(f"no answer from {address}: {error}")

    # A server has many addresses, each with a timeout of its own: a thread has one for all.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)
    return reasons[-1]
