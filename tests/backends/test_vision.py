"""The `vision` encoder against transformers' own models, small and with random weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.errors import EncoderError, InputError, WeightsError
from embedbench_vision import VisionEncoder
from tests.support.libraries import library, needs

torch = library("torch")
transformers = library("transformers")

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
SQUARE = {"height": 32, "width": 32}


@pytest.fixture(scope="module")
def dinov2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DINOv2 with four registers; 1 class token, 4 registers, 16 patches."""
    folder = tmp_path_factory.mktemp("dinov2")
    torch.manual_seed(0)
    config = transformers.Dinov2WithRegistersConfig(**SMALL, num_register_tokens=4)
    network = transformers.Dinov2WithRegistersModel(config)
    with torch.no_grad():
        network.embeddings.position_embeddings.normal_()
    network.save_pretrained(folder)
    processor = transformers.BitImageProcessor(size={"shortest_edge": 40}, crop_size=SQUARE)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ViT as a classifier: its weights hold no pooler."""
    folder = tmp_path_factory.mktemp("vit")
    torch.manual_seed(0)
    transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL)).save_pretrained(folder)
    transformers.ViTImageProcessor(size=SQUARE).save_pretrained(folder)
    return folder


def _pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize((90, 70)) for small in pixels]


def _called_directly(folder: Path, pictures: list[Image.Image], **options: Any) -> Any:
    """What AutoModel returns for what AutoImageProcessor prepares."""
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    if size := options.pop("size", 0):
        processor.crop_size = {"height": size, "width": size}
        processor.size = {"shortest_edge": round(40 * size / 32)}
    inputs = processor(pictures, return_tensors="pt")
    with torch.inference_mode():
        network = transformers.AutoModel.from_pretrained(folder).eval()
        return network(**inputs, output_hidden_states=True, **options)


def _rows(folder: Path, pictures: list[Image.Image], **fields: Any) -> np.ndarray:
    return VisionEncoder(str(folder), **fields).encode(pictures)


def test_each_pooling_is_as_by_hand(dinov2: Path) -> None:
    pictures = _pictures(3)
    output = _called_directly(dinov2, pictures)
    tokens = output.last_hidden_state
    assert tokens.shape == (3, 1 + 4 + 16, 32)
    patches = tokens[:, 5:]
    by_hand = {
        "auto": output.pooler_output,
        "pooler": output.pooler_output,
        "cls": tokens[:, 0],
        "mean": patches.mean(1),
        "cls+mean": torch.cat([tokens[:, 0], patches.mean(1)], 1),
        "gem": patches.clamp(min=1e-6).pow(3).mean(1).pow(1 / 3),
    }
    for pool, expected in by_hand.items():
        np.testing.assert_allclose(
            _rows(dinov2, pictures, pool=pool), expected.numpy(), atol=1e-5, err_msg=pool
        )


@pytest.mark.parametrize("layer", [-1, -2, 1])
def test_a_layer_is_a_hidden_state_of_that_index(dinov2: Path, layer: int) -> None:
    pictures = _pictures(2)
    tokens = _called_directly(dinov2, pictures).hidden_states[layer]
    rows = _rows(dinov2, pictures, layer=layer, pool="mean")
    np.testing.assert_allclose(rows, tokens[:, 5:].mean(1).numpy(), atol=1e-5)
    np.testing.assert_allclose(
        _rows(dinov2, pictures, layer=layer), tokens[:, 0].numpy(), atol=1e-5
    )


def test_another_size_interpolates_the_positions(dinov2: Path) -> None:
    pictures = _pictures(2)
    output = _called_directly(dinov2, pictures, size=48)
    assert output.last_hidden_state.shape == (2, 1 + 4 + 36, 32)
    rows = _rows(dinov2, pictures, size=48)
    np.testing.assert_allclose(rows, output.pooler_output.numpy(), atol=1e-5)
    assert VisionEncoder(str(dinov2), size=48).facts().image_size == "48x48"


def test_a_size_that_the_model_cannot_take_is_refused(vit: Path, tmp_path: Path) -> None:
    assert _rows(vit, _pictures(1), size=48).shape == (1, 32)
    with pytest.raises(InputError, match="`size` must be one that the model takes; not 4: .* 0 is"):
        VisionEncoder(str(vit), size=4).facts()
    with pytest.raises(InputError, match="`size` must be 0 or a number of pixels; not -1"):
        VisionEncoder(str(vit), size=-1).facts()


def test_without_weights_of_a_pooler_the_class_token_is_taken(vit: Path) -> None:
    pictures = _pictures(2)
    tokens = _called_directly(vit, pictures).last_hidden_state
    np.testing.assert_allclose(_rows(vit, pictures), tokens[:, 0].numpy(), atol=1e-5)
    facts = VisionEncoder(str(vit)).facts()
    assert facts.pooling == "cls"
    assert "hold nothing for the pooler" in str(facts.remark)
    with pytest.raises(WeightsError, match="lack 2 tensors of ViTModel; the first is 'pooler"):
        VisionEncoder(str(vit), pool="pooler").facts()


def test_facts_tell_pooling_size_and_name(dinov2: Path) -> None:
    facts = VisionEncoder(str(dinov2), pool="mean", layer=-2).facts()
    assert (facts.pooling, facts.image_size) == ("mean of layer -2", "32x32")
    assert (facts.weights, facts.revision) == (dinov2.name, None)
    assert VisionEncoder(str(dinov2)).facts().pooling == "pooler"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"layer": 4}, "`layer` must be 0, or from -4 to 3, .* 4 hidden states; not 4"),
        ({"layer": -2, "pool": "pooler"}, "`layer` must be 0 with pool=pooler"),
        ({"pool": "max"}, "`pool` must be one of auto"),
        ({"revision": "main"}, "`revision` must be empty for a folder; not 'main'"),
    ],
)
def test_wrong_fields_are_refused_in_one_line(
    dinov2: Path, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        VisionEncoder(str(dinov2), **fields).facts()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "bert"}, r"is a text model \(BertModel\); `vision` takes image models"),
        ({"model_type": "wav2vec2"}, r"is an audio model \(Wav2Vec2Model\)"),
        ({"model_type": "videomae"}, r"is a video model \(VideoMAEModel\)"),
        ({"model_type": "detr"}, r"is a detector of objects \(DetrModel\)"),
        ({"model_type": "yolos"}, r"is a detector of objects \(YolosModel\)"),
        ({"model_type": "clip"}, r"is a model of images and texts, for clip:.* \(CLIPModel\)"),
        ({"model_type": "llava", "vision_config": {}}, r"is a model of images and texts \(Llava"),
        ({"model_type": "mask2former"}, r"is a model of another task \(Mask2FormerModel\)"),
        ({"model_type": "imagegpt"}, r"is a model of `input_ids`, not of pixels"),
    ],
)
def test_another_kind_of_model_is_refused_before_its_weights(
    tmp_path: Path, config: dict[str, Any], words: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(EncoderError, match=words) as refused:
        VisionEncoder(str(tmp_path)).facts()
    assert "\n" not in str(refused.value)


def test_what_transformers_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    with pytest.raises(WeightsError, match="is a pipeline of diffusers"):
        VisionEncoder(str(tmp_path)).facts()
    (tmp_path / "config.json").write_text('{"model_type": "dinov9"}')
    with pytest.raises(WeightsError, match="the family 'dinov9', which transformers .* newer one"):
        VisionEncoder(str(tmp_path)).facts()
    (tmp_path / "config.json").write_text('{"model_type": "vit", "auto_map": {"AutoModel": "a.B"}}')
    with pytest.raises(WeightsError, match="asks for code of its own"):
        VisionEncoder(str(tmp_path)).facts()


def test_the_image_part_of_siglip2_naflex_is_read(tmp_path: Path) -> None:
    needs(transformers, "Siglip2VisionConfig")
    torch.manual_seed(0)
    numbers = {name: value for name, value in SMALL.items() if name != "image_size"}
    config = transformers.Siglip2VisionConfig(**numbers, num_patches=16)
    transformers.Siglip2VisionModel(config).save_pretrained(tmp_path)
    transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=24).save_pretrained(tmp_path)
    pictures = [*_pictures(2), _pictures(1)[0].resize((200, 50))]
    expected = _called_directly(tmp_path, pictures).pooler_output
    np.testing.assert_allclose(_rows(tmp_path, pictures), expected.numpy(), atol=1e-5)
    assert VisionEncoder(str(tmp_path)).facts().image_size is None


def test_it_conforms(dinov2: Path, conformance: Callable[[str], None]) -> None:
    conformance(f"vision:{dinov2}")


def test_a_folder_without_image_processor_says_how_to_save_one(tmp_path: Path) -> None:
    config = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        image_size=32, patch_size=16,
    )  # fmt: skip
    transformers.ViTModel(config).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match="has no preprocessor_config.json, .*AutoImageProcessor"):
        VisionEncoder(str(tmp_path)).facts()
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="must be a multiple of the 16 pixels .* not 40"):
        VisionEncoder(str(tmp_path), size=40).facts()
    with pytest.raises(WeightsError, match="is a file; give the folder"):
        VisionEncoder(str(tmp_path / "model.safetensors")).facts()
