"""Any image network in an ONNX file as an encoder; with a text network, texts as well.

Source: onnxruntime, https://onnxruntime.ai; ONNX, https://onnx.ai.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from embedbench.encoder import EncoderError, Facts, InputError, TextEncoder, Vectors
from embedbench_onnx.files import NetworkFile
from embedbench_onnx.preparation import Preparation, preparation, settings_files
from embedbench_onnx.texts import Reader

__all__ = ["OnnxEncoder"]


@dataclass(frozen=True)
class OnnxEncoder(TextEncoder):
    """Any image network in an ONNX file, by onnxruntime; with a text network, texts too.

    What is not said is taken from the network's input and from a `preprocessor_config.json`
    beside it; then from what networks for ImageNet are mostly trained with: 224 pixels, the
    middle of the image, bilinear, ImageNet's mean and deviation. Weights may lie in other files
    of the network's folder, and nowhere else; libraries of custom operators are not loaded.

    Attributes:
        model: the file of the network, which takes one batch of images.
        output: which of its outputs is taken, if it has several.
        pooling: of an output with a row for each place or token: `mean`, or `first`, the class
            token; `none` takes all its numbers.
        size: what the network sees, in pixels, `224` or `HEIGHTxWIDTH`, if it leaves that open.
        resize: `squash`, or the shorter side in pixels before the middle is cropped.
        interpolation: `bilinear`, `bicubic`, `lanczos` or `nearest`.
        mean: of red, green, blue, from 0 to 1, with semicolons between; taken off.
        deviation: of the same; divided by.
        layout: `nchw` or `nhwc`, if the network's shape does not tell.
        text_model: the file of a network that puts tokens into the same space.
        tokenizer: its `tokenizer.json`; by default the one beside it.
        text_output: which of the text network's outputs is taken, if it has several.
        text_length: how many tokens every text is filled up to or cut to, where the network
            was trained so; 0 leaves texts as long as they are.
        batch_size: how many images are encoded at once.
    """

    model: Path
    output: str = ""
    pooling: str = ""
    size: str = ""
    resize: str = ""
    interpolation: str = ""
    mean: str = ""
    deviation: str = ""
    layout: str = ""
    text_model: str = ""
    tokenizer: str = ""
    text_output: str = ""
    text_length: int = 0
    batch_size: int = 8

    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "onnx", "tokenizers", "pillow")

    @property
    def reads_texts(self) -> bool:
        """Whether a text network was given."""
        return bool(self.text_model)

    def prepare(self, image: Image.Image) -> UInt8[np.ndarray, "height width 3"]:
        """Return the pixels that the network sees."""
        return self._preparation.shrink(image)

    def encode_batch(self, images: Sequence[UInt8[np.ndarray, "height width 3"]]) -> Vectors:
        """Return the network's output, pooled, one row an image."""
        name = self._network.session.get_inputs()[0].name
        output = self._network.output(self.output)
        batch = self._preparation.batch(np.stack(images))
        return _pooled(self._network.run(output, {name: batch}), self.pooling, output)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the text network's output, one row a text.

        Raises:
            InputError: no text network was given, or no texts.
        """
        if not self.text_model:
            raise InputError(f"'{self.model}' reads no texts; give text_model=FILE.onnx")
        if not texts:
            raise InputError("there are no texts to encode")
        return self._reader.encode(texts)

    def weights_files(self) -> Sequence[Path]:
        """Return the networks' files, those that they refer to, and those of settings."""
        files = [*self._network.files, *settings_files(self.model, "preprocessor_config.json")]
        return files + (self._reader.files if self.text_model else [])

    def facts(self) -> Facts:
        """Return the number of parameters, of both networks if there are two, and the device."""
        texts = self._reader.network.parameters if self.text_model else 0
        return Facts(self._network.parameters + texts, device=self._network.device)

    @cached_property
    def _network(self) -> NetworkFile:
        network = NetworkFile(self.model)
        if len(inputs := network.session.get_inputs()) != 1:
            names = ", ".join(f"'{one.name}'" for one in inputs)
            raise EncoderError(f"'{self.model}' must have one input, of images; it has {names}")
        return network

    @cached_property
    def _preparation(self) -> Preparation:
        return preparation(self, self._network.session.get_inputs()[0])

    @cached_property
    def _reader(self) -> Reader:
        model = Path(self.text_model)
        tokens = Path(self.tokenizer) if self.tokenizer else None
        return Reader(NetworkFile(model), tokens, self.text_output, self.text_length)


def _pooled(rows: np.ndarray, pooling: str, output: str) -> Vectors:
    """Return one row an image.

    Args:
        rows: "images dim", "images tokens dim", or "images dim height width".
        pooling: as in `OnnxEncoder`.
        output: where the rows are from, for the words of an error.
    """
    if pooling not in ("", "none", "mean", "first"):
        raise InputError(f"`pooling` must be mean, first or none; not '{pooling}'")
    if rows.ndim == 2 or pooling == "none":
        return rows.reshape(len(rows), -1)
    if rows.ndim == 4 and pooling in ("", "mean"):
        pooled: Vectors = rows.mean(axis=(2, 3))
        return pooled
    if rows.ndim == 3 and pooling:
        return rows[:, 0] if pooling == "first" else np.asarray(rows.mean(axis=1))
    raise InputError(
        f"output '{output}' has shape {rows.shape}, not one row an image; say which is meant: "
        "pooling=first, pooling=mean or pooling=none"
    )
