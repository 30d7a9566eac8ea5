"""Any image network in an ONNX file as an encoder; with a text network, texts as well.

Source: onnxruntime, https://onnxruntime.ai; ONNX, https://onnx.ai.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from embedbench.encoder import Facts, InputError, TextEncoder, Vectors, hash_file, library_version
from embedbench_onnx.fields import FIELDS, processor_of_fields
from embedbench_onnx.files import NetworkFile
from embedbench_onnx.inputs import ImageInput, fill_text_inputs, find_image_input
from embedbench_onnx.pooling import pool_rows, pooling_of
from embedbench_onnx.processors import Processor, load_processor
from embedbench_onnx.settings import Described, described
from embedbench_onnx.texts import TextNetwork

__all__ = ["OnnxEncoder"]

_LIKELY = ("image_embeds", "pooler_output")
"""Outputs that are one row an image, by the names that exports of transformers give them."""

_CLASSES = (1000, 21841, 21843)
"""Columns of the scores of ImageNet's classes."""


@dataclass(frozen=True)
class OnnxEncoder(TextEncoder):
    """Any image network in an ONNX file, by onnxruntime; with a text network, texts too.

    Images are prepared by the library whose file of settings lies beside the network, or above
    its folder `onnx`: `processor_config.json` or `preprocessor_config.json` by transformers,
    `preprocess_cfg.json` or `open_clip_config.json` by OpenCLIP, `config.json` of timm by timm.
    Without such a file the fields `size`, `resize`, `interpolation`, `mean` and `std` must all be
    given; beside one, none may be. Nothing is assumed.

    A network may take texts beside images, as whole exports of CLIP do: it gets tokens without
    meaning. Weights may lie in other files of the network's folder, and nowhere else; libraries
    of custom operators are not loaded.

    Attributes:
        model: the file of the network, which takes one batch of images.
        output: which of its outputs is taken, or which tensor inside of it; by default its only
            output, else `image_embeds`, else `pooler_output`.
        pool: of an output with a row for each place or token: `mean`, or `cls`, the first token;
            `none` takes all its numbers. A map, "channels height width", has its mean taken.
        size: what the network sees, in pixels, `224` or `HEIGHTxWIDTH`, if it leaves that open.
        resize: `squash`, or the shorter side in pixels before the middle is cropped.
        interpolation: `bilinear`, `bicubic`, `lanczos` or `nearest`.
        mean: of red, green, blue, from 0 to 1, with semicolons between; taken off.
        std: of the same; divided by.
        layout: `nchw` or `nhwc`, if the network's shape does not tell.
        text_model: the file of a network that puts tokens into the same space; it may be the
            same file.
        tokenizer: its `tokenizer.json`; by default the one beside it.
        text_output: which of the text network's outputs is taken, if it has several.
        text_length: how many tokens every text is filled up to or cut to, where the network
            was trained so; 0 leaves texts as long as they are.
        batch_size: how many images are encoded at once.
    """

    model: Path
    output: str = ""
    pool: str = ""
    size: str = ""
    resize: str = ""
    interpolation: str = ""
    mean: str = ""
    std: str = ""
    layout: str = ""
    text_model: str = ""
    tokenizer: str = ""
    text_output: str = ""
    text_length: int = 0
    batch_size: int = 8

    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "onnx", "tokenizers", "pillow")
    examples: ClassVar[tuple[str, ...]] = (
        "onnx:export/model.onnx",
        "onnx:export/onnx/vision_model.onnx,output=pooler_output",
        "onnx:export/model.onnx,text_model=export/model.onnx",
        "onnx:network.onnx,resize=256,interpolation=bilinear,mean=0.485;0.456;0.406,"
        "std=0.229;0.224;0.225",
    )

    @property
    def reads_texts(self) -> bool:
        """Whether a text network was given."""
        return bool(self.text_model)

    def identity(self) -> dict[str, Any]:
        """Return what identifies this encoder, the file that describes its preparation included.

        The versions of the libraries that prepare images are part of it.
        """
        found = self._described
        if found is None:
            return super().identity()
        libraries = (found.distribution, "torch", "torchvision")
        return super().identity() | {
            "preparation": {path.name: hash_file(path) for path in (found.file, *found.others)},
            "preparing": {name: library_version(name) for name in libraries},
        }

    def prepare(self, image: Image.Image) -> np.ndarray:
        """Return the pixels that the network sees, "3 height width"."""
        return self._processor[1](image)

    def encode_batch(self, images: Sequence[np.ndarray]) -> Vectors:
        """Return the network's output, pooled, one row an image."""
        inputs = self._network.session.get_inputs()
        batch = {self._input.name: self._input.batch(images)}
        batch |= fill_text_inputs(inputs, len(images))
        return pool_rows(self._network.run(self._output, batch), self.pool, self._output)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the text network's output, one row a text.

        Raises:
            InputError: no text network was given, or no texts.
        """
        if not self.text_model:
            raise InputError(f"'{self.model}' reads no texts; give text_model=FILE.onnx")
        if not texts:
            raise InputError("there are no texts to encode")
        return self._text_network.encode(texts)

    def weights_files(self) -> Sequence[Path]:
        """Return the networks' files, those that they refer to, and those of settings."""
        found = self._described
        settings = [found.file, *found.others] if found else []
        texts = self._text_network.files if self.text_model else []
        return list(dict.fromkeys([*self._network.files, *settings, *texts]))

    def facts(self) -> Facts:
        """Return the number of parameters, of both networks if there are two, and how it is read.

        The remark says what prepares the images, and which output was chosen.
        """
        texts = 0
        if self.text_model and self._text_network.network is not self._network:
            texts = self._text_network.network.parameters
        shape = self._network.outputs.get(self._output)
        return Facts(
            self._network.parameters + texts,
            weights=Path(self.model).name,
            pooling=pooling_of(shape, self.pool),
            image_size=self._image_size,
            device=self._network.device,
            remark=self._remark(shape),
        )

    def _remark(self, shape: Sequence[Any] | None) -> str | None:
        """Return what was taken for what, and what the output is if it is no embedding."""
        parts, found = [], self._described
        if found:
            parts.append(f"images are prepared by {self._processor[0]} from {found.file.name}")
        if not self.output and len(self._network.outputs) > 1:
            others = ", ".join(name for name in self._network.outputs if name != self._output)
            parts.append(f"its output {self._output} is taken, not {others}")
        columns = shape[-1] if shape else None
        if columns in _CLASSES or "logits" in self._output:
            what = f"{columns} classes" if isinstance(columns, int) else "classes"
            parts.append(
                f"its output {self._output} holds scores of {what} and is no embedding: "
                f"output={self._network.before(self._output) or 'NAME'} takes the layer before"
            )
        return "; ".join(parts) or None

    @cached_property
    def _image_size(self) -> str | None:
        """What the network sees; None where that depends on the image."""
        blank = (self.prepare(Image.new("RGB", size)) for size in ((640, 480), (480, 640)))
        sizes = {f"{pixels.shape[1]}x{pixels.shape[2]}" for pixels in blank}
        return sizes.pop() if len(sizes) == 1 else None

    @cached_property
    def _network(self) -> NetworkFile:
        return NetworkFile(Path(self.model), self.output)

    @cached_property
    def _input(self) -> ImageInput:
        return find_image_input(self.model, self._network.session.get_inputs(), self.layout)

    @cached_property
    def _output(self) -> str:
        return self._network.choose_output("output", self.output, _LIKELY)

    @property
    def _described(self) -> Described | None:
        """The preparation that lies beside the network."""
        return described(Path(self.model))

    @cached_property
    def _processor(self) -> tuple[str, Processor]:
        """The name of what prepares images, and what does it."""
        found = self._described
        if found is None:
            return "", processor_of_fields(self, self._input)
        if given := [field for field in FIELDS if getattr(self, field)]:
            raise InputError(
                f"'{found.file}' says how images are prepared, and so does `{given[0]}`: leave "
                "the field, or move the file away and give all fields"
            )
        return load_processor(found)

    @cached_property
    def _text_network(self) -> TextNetwork:
        model = Path(self.text_model)
        tokens = Path(self.tokenizer) if self.tokenizer else None
        if model != Path(self.model):
            return TextNetwork(NetworkFile(model), tokens, self.text_output, self.text_length)
        return TextNetwork(
            self._network, tokens, self.text_output, self.text_length, self._blank_image
        )

    def _blank_image(self) -> dict[str, np.ndarray]:
        """Return a black image for a network that takes texts and images at once."""
        return {self._input.name: self._input.batch([self.prepare(Image.new("RGB", (64, 64)))])}
