"""Kinds of networks that people export, through the `onnx` encoder."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from embedbench.errors import EncoderError, WeightsError
from embedbench_onnx import OnnxEncoder
from tests.support.libraries import library

onnx = library("onnx")
onnxruntime = library("onnxruntime")
torch = library("torch")
transformers = library("transformers")

FIELDS = {"resize": "squash", "interpolation": "bilinear", "mean": "0.5", "std": "0.5"}
SIDE = 32


def _encoder(file: Path, **others: Any) -> OnnxEncoder:
    return OnnxEncoder(file, **{**FIELDS, **others})


def _pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
    return [Image.fromarray(one) for one in pixels]


def _pixels(pictures: list[Image.Image]) -> np.ndarray:
    """The pictures as they come into a network, by hand."""
    stacked = np.stack([np.asarray(one, np.float32) for one in pictures])
    return ((stacked / 255 - 0.5) / 0.5).transpose(0, 3, 1, 2)


def _export(network: Any, inputs: dict[str, Any], outputs: list[str], file: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter
        torch.onnx.export(
            network.eval(),
            (),
            str(file),
            kwargs=inputs,
            dynamo=False,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={
                name: {0: f"{name}_rows", **({1: "tokens"} if "i" not in name[:1] else {})}
                for name in outputs
            }
            | {
                name: {0: "images" if name == "pixel_values" else "texts"}
                | ({} if name == "pixel_values" else {1: "tokens"})
                for name in inputs
            },
            opset_version=17,
        )
    return file


@pytest.fixture(scope="module")
def whole_clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A small CLIP of random weights, and its export with all inputs and outputs."""
    folder = tmp_path_factory.mktemp("clip")
    small = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2,
             "num_hidden_layers": 2}  # fmt: skip
    config = transformers.CLIPConfig(
        text_config=small | {"vocab_size": 60, "max_position_embeddings": 12, "eos_token_id": 59},
        vision_config=small | {"image_size": SIDE, "patch_size": 8},
        projection_dim=16,
        attn_implementation="eager",
    )
    torch.manual_seed(0)
    network = transformers.CLIPModel(config).eval()

    class Whole(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.clip = network

        def forward(self, input_ids: Any, pixel_values: Any, attention_mask: Any) -> Any:
            found = self.clip(
                input_ids=input_ids, pixel_values=pixel_values, attention_mask=attention_mask
            )
            return (
                found.logits_per_image, found.logits_per_text, found.text_embeds,
                found.image_embeds,
            )  # fmt: skip

    tokens = torch.ones(2, 5, dtype=torch.int64)
    inputs = {
        "input_ids": tokens,
        "pixel_values": torch.zeros(2, 3, SIDE, SIDE),
        "attention_mask": tokens,
    }
    outputs = ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"]
    return network, _export(Whole(), inputs, outputs, folder / "model.onnx")


def test_a_whole_clip_gives_its_image_vectors(whole_clip: tuple[Any, Path]) -> None:
    network, file = whole_clip
    pictures = _pictures(11)
    with torch.inference_mode():
        found = network.vision_model(pixel_values=torch.from_numpy(_pixels(pictures)))
        projected = network.visual_projection(found.pooler_output)
        expected = torch.nn.functional.normalize(projected, dim=-1).numpy()
    encoder = _encoder(file)
    np.testing.assert_allclose(encoder.encode(pictures), expected, atol=1e-5)
    remark = encoder.facts().remark or ""
    assert remark.startswith("its output image_embeds is taken, not logits_per_image")


def test_a_whole_clip_reads_texts_beside_a_black_image(whole_clip: tuple[Any, Path]) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    network, file = whole_clip
    tokenizer = Tokenizer(WordLevel({"red": 3, "cat": 4, "[U]": 5, "end": 59}, unk_token="[U]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing("$A end", special_tokens=[("end", 59)])
    tokenizer.save(str(file.parent / "tokenizer.json"))
    with torch.inference_mode():
        tokens = torch.tensor([[3, 4, 59]])
        found = network.text_model(input_ids=tokens, attention_mask=torch.ones_like(tokens))
        projected = network.text_projection(found.pooler_output)
        expected = torch.nn.functional.normalize(projected, dim=-1).numpy()
    encoder = _encoder(file, text_model=str(file))
    rows = encoder.encode_texts(["red cat", "cat"])
    assert rows.shape == (2, 16)
    np.testing.assert_allclose(rows[:1], expected, atol=1e-5)
    assert encoder.facts().parameters == _encoder(file).facts().parameters  # counted once


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A small classifier of 1,000 classes, and its export."""
    torch.manual_seed(0)
    layers = torch.nn
    network = layers.Sequential(
        layers.Conv2d(3, 24, 5, stride=4), layers.ReLU(), layers.AdaptiveAvgPool2d(1),
        layers.Flatten(), layers.Linear(24, 1000),
    )  # fmt: skip
    inputs = {"input": torch.zeros(2, 3, SIDE, SIDE)}
    file = tmp_path_factory.mktemp("classifier") / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(), tuple(inputs.values()), str(file), dynamo=False,
            input_names=["pixel_values"], output_names=["logits"],
            dynamic_axes={"pixel_values": {0: "n"}, "logits": {0: "n"}},
        )  # fmt: skip
    return network, file


def test_scores_of_a_classifier_are_told_and_the_layer_before_can_be_taken(
    classifier: tuple[Any, Path],
) -> None:
    network, file = classifier
    remark = _encoder(file).facts().remark or ""
    assert remark.startswith("its output logits holds scores of 1000 classes and is no embedding")
    before = remark.split("output=")[1].split(" takes")[0]
    pictures = _pictures(3)
    with torch.inference_mode():
        expected = network[:-1](torch.from_numpy(_pixels(pictures))).numpy()
    encoder = _encoder(file, output=before)
    np.testing.assert_allclose(encoder.encode(pictures), expected, atol=1e-5)
    assert encoder.facts().remark is None
    with pytest.raises(EncoderError, match=r"no output 'x'; give output=NAME, one of 'logits' \("):
        _encoder(file, output="x").encode(pictures)


def test_a_quantised_network_is_run_as_it_is(classifier: tuple[Any, Path], tmp_path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    _, file = classifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Unsigned: onnxruntime 1.20 has no convolution by signed weights.
        quantize_dynamic(file, tmp_path / "int8.onnx", weight_type=QuantType.QUInt8)
    pictures = _pictures(5)
    session = onnxruntime.InferenceSession(
        str(tmp_path / "int8.onnx"), providers=["CPUExecutionProvider"]
    )
    # One by one: it quantises by the range of all that is in a batch.
    expected = [session.run(None, {"pixel_values": one[None]})[0][0] for one in _pixels(pictures)]
    rows = _encoder(tmp_path / "int8.onnx").encode(pictures)
    np.testing.assert_allclose(rows, np.stack(expected), atol=1e-5)


def test_a_network_larger_than_the_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.onnx"
    with file.open("wb") as huge:
        huge.truncate(psutil.virtual_memory().total + 10**9)  # takes no room on the disk
    with pytest.raises(WeightsError, match=r"GB of weights and this machine \d+ GB of memory"):
        _encoder(file).facts()
