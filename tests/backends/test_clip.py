"""The `clip` encoder against transformers' own models, small and with random weights."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.comparison.api import compare
from embedbench.errors import EncoderError, WeightsError
from embedbench_clip import ClipEncoder
from tests.support.libraries import library, needs

torch = library("torch")
transformers = library("transformers")

VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 16,
}
TEXTS = ["a cat", "a photo of a dog", "", "cab " * 40]


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLIP: 300 tokens, of which the last two begin and end a text."""
    folder = tmp_path_factory.mktemp("clip")
    words = _write_tokenizer(folder)
    text = TEXT | {
        "vocab_size": len(words),
        "bos_token_id": words["<|startoftext|>"],
        "eos_token_id": words["<|endoftext|>"],
        "pad_token_id": words["<|endoftext|>"],
    }
    torch.manual_seed(0)
    config = transformers.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=24)
    transformers.CLIPModel(config).save_pretrained(folder)
    processor = transformers.CLIPImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    processor.save_pretrained(folder)
    transformers.CLIPTokenizer.from_pretrained(folder).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def siglip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SigLIP, with the tokenizer of the small CLIP."""
    folder = tmp_path_factory.mktemp("siglip")
    words = _write_tokenizer(folder)
    torch.manual_seed(0)
    text = TEXT | {"vocab_size": len(words), "projection_size": 32}
    config = transformers.SiglipConfig(text_config=text, vision_config=VISION)
    transformers.SiglipModel(config).save_pretrained(folder)
    size = {"height": 32, "width": 32}
    transformers.SiglipImageProcessor(size=size).save_pretrained(folder)
    transformers.CLIPTokenizer.from_pretrained(folder).save_pretrained(folder)
    return folder


def _write_tokenizer(folder: Path) -> dict[str, int]:
    """Letters, letters that end a word, two merges, and the two special tokens."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "ca", "cat</w>"]
    words = {token: row for row, token in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\nc a\nca t</w>\n")
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 16}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return words


def _pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize((90, 70)) for small in pixels]


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_images_are_as_transformers_encodes_them(
    family: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(f"{family}_folder")
    model = {"clip": transformers.CLIPModel, "siglip": transformers.SiglipModel}[family]
    processor = {
        "clip": transformers.CLIPImageProcessor,
        "siglip": transformers.SiglipImageProcessor,
    }[family]
    pictures = _pictures(8)
    pixels = processor.from_pretrained(folder)(pictures, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        projected = _pooled(model.from_pretrained(folder).eval().get_image_features(pixels))
    rows = ClipEncoder(str(folder)).encode(pictures)
    assert rows.shape == projected.shape
    np.testing.assert_allclose(rows, _unit(projected.numpy()), atol=1e-6)


def _pooled(features: Any) -> Any:
    """Before transformers 5 they were the tensor itself."""
    return getattr(features, "pooler_output", features)


def test_clip_texts_are_as_transformers_encodes_them(clip_folder: Path) -> None:
    tokens = transformers.CLIPTokenizer.from_pretrained(clip_folder)(
        TEXTS, padding=True, truncation=True, max_length=16, return_tensors="pt"
    )
    with torch.inference_mode():
        model = transformers.CLIPModel.from_pretrained(clip_folder).eval()
        projected = _pooled(model.get_text_features(**tokens)).numpy()
    rows = ClipEncoder(str(clip_folder)).encode_texts(TEXTS)
    np.testing.assert_allclose(rows, _unit(projected), atol=1e-6)


def test_siglip_texts_are_filled_up_to_their_longest(siglip_folder: Path) -> None:
    tokens = transformers.CLIPTokenizer.from_pretrained(siglip_folder)(
        TEXTS, padding="max_length", truncation=True, max_length=16, return_tensors="pt"
    )
    assert tokens["input_ids"].shape == (4, 16)
    with torch.inference_mode():
        model = transformers.SiglipModel.from_pretrained(siglip_folder).eval()
        projected = _pooled(model.get_text_features(**tokens)).numpy()
    rows = ClipEncoder(str(siglip_folder)).encode_texts(TEXTS)
    np.testing.assert_allclose(rows, _unit(projected), atol=1e-6)


def test_a_row_depends_on_its_image_alone(clip_folder: Path) -> None:
    encoder, pictures = ClipEncoder(str(clip_folder)), _pictures(8)
    rows = encoder.encode(pictures)
    np.testing.assert_allclose(encoder.encode(pictures[::-1])[::-1], rows, atol=1e-6)
    np.testing.assert_allclose(encoder.encode(pictures[3:4]), rows[3:4], atol=1e-6)


def test_many_texts_come_back_in_their_order(clip_folder: Path) -> None:
    encoder = ClipEncoder(str(clip_folder))
    words = [f"{first}{second}" for first in "abcdefghij" for second in "klmnopqrst"]
    rows = encoder.encode_texts(words)
    alone = np.concatenate([encoder.encode_texts([word]) for word in words[60:70]])
    np.testing.assert_allclose(rows[60:70], alone, atol=1e-6)


def test_the_fingerprint_changes_with_the_weights(clip_folder: Path, tmp_path: Path) -> None:
    names = {path.name for path in ClipEncoder(str(clip_folder)).weights_files()}
    assert {"config.json", "model.safetensors"} <= names
    assert {"tokenizer.json", "vocab.json"} & names  # the newer form, or the older one
    model = transformers.CLIPModel.from_pretrained(clip_folder)
    other = tmp_path / clip_folder.name
    for part in (transformers.CLIPImageProcessor, transformers.CLIPTokenizer):
        part.from_pretrained(clip_folder).save_pretrained(other)
    with torch.no_grad():
        model.visual_projection.weight[0, 0] += 1
    model.save_pretrained(other)
    first, second = ClipEncoder(str(clip_folder)), ClipEncoder(str(other))
    assert first.identity() == second.identity()
    assert first.fingerprint() != second.fingerprint()


def test_facts_tell_parameters_name_size_and_licence(clip_folder: Path, tmp_path: Path) -> None:
    facts = ClipEncoder(str(clip_folder)).facts()
    model = transformers.CLIPModel.from_pretrained(clip_folder)
    assert facts.parameters == model.num_parameters()
    assert (facts.licence, facts.revision) == (None, None)
    assert (facts.weights, facts.image_size) == (clip_folder.name, "32x32")
    model.save_pretrained(tmp_path)
    transformers.CLIPImageProcessor.from_pretrained(clip_folder).save_pretrained(tmp_path)
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\nA model.\n")
    assert ClipEncoder(str(tmp_path)).facts().licence == "mit"


def test_a_model_without_image_features_is_refused(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        vocab_size=10,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="BertModel, which has no get_image_features"):
        ClipEncoder(str(tmp_path)).facts()


def test_weights_that_lack_a_tensor_are_refused(clip_folder: Path, tmp_path: Path) -> None:
    model = transformers.CLIPModel.from_pretrained(clip_folder)
    state = model.state_dict()
    del state["visual_projection.weight"]
    model.save_pretrained(tmp_path, state_dict=state)
    with pytest.raises(WeightsError, match="lack 1 tensors of CLIPModel"):
        ClipEncoder(str(tmp_path)).facts()


def test_a_pickle_that_runs_code_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "attacked",)  # type: ignore[return-value]

    (tmp_path / "config.json").write_text((clip_folder / "config.json").read_text())
    torch.save({"logit_scale": Attack()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="[Ww]eights.only|Unable to load weights from pytorch"):
        ClipEncoder(str(tmp_path)).facts()
    assert not (tmp_path / "attacked").exists()


def test_pickled_tensors_can_be_loaded(clip_folder: Path, tmp_path: Path) -> None:
    model = transformers.CLIPModel.from_pretrained(clip_folder)
    for part in (transformers.CLIPImageProcessor, transformers.CLIPTokenizer):
        part.from_pretrained(clip_folder).save_pretrained(tmp_path)
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    encoder, pictures = ClipEncoder(str(tmp_path)), _pictures(2)
    expected = ClipEncoder(str(clip_folder)).encode(pictures)
    np.testing.assert_array_equal(encoder.encode(pictures), expected)
    assert tmp_path / "pytorch_model.bin" in encoder.weights_files()


def test_it_conforms(clip_folder: Path, conformance: Callable[[str], None]) -> None:
    conformance(f"clip:{clip_folder}")


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no folder"):
        ClipEncoder(str(tmp_path / "absent")).facts()
    with pytest.raises(
        WeightsError, match="cannot load .* no config.json.* what save_pretrained writes"
    ):
        ClipEncoder(str(tmp_path)).facts()


def test_a_hub_out_of_reach_is_a_weights_error_with_the_next_step(tmp_path: Path) -> None:
    program = "from embedbench_clip import ClipEncoder; ClipEncoder().facts()"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    last = run.stderr.strip().splitlines()[-1]
    assert "WeightsError: cannot load 'openai/clip-vit-base-patch32'" in last
    assert last.endswith("the model on a machine that reaches the hub and give the folder")


@pytest.mark.usefixtures("one_core")
def test_a_comparison_with_names_runs_whole(clip_folder: Path, photographs: Path) -> None:
    results = compare(
        photographs, [f"clip:{clip_folder}"], k="3", seeds=1, copies=0, projections=["pca"],
        names=["cat", "dog", "car"],
    )  # fmt: skip
    assert results.encoders["dim"].tolist() == [24]
    assert results.run["naming_encoder"] == "clip:" + clip_folder.name
    [shown] = results.run["weights"].values()
    content = (clip_folder / "model.safetensors").read_bytes()
    assert shown["model.safetensors"] == hashlib.sha256(content).hexdigest()
    assert set(results.clusters["nearest_word"]) <= {"cat", "dog", "car"}
    assert results.clusters["name_margin"].ge(0).all()
    named = results.clusters["name"] != ""
    assert (results.clusters["name"] == results.clusters["nearest_word"])[named].all()


@pytest.fixture(scope="module")
def flava_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small FLAVA, with the tokenizer of BERT."""
    folder = tmp_path_factory.mktemp("flava")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog", "photo", "of"]
    (folder / "vocab.txt").write_text("\n".join(words))
    small = {name: number for name, number in VISION.items() if name != "num_channels"}
    torch.manual_seed(0)
    config = transformers.FlavaConfig(
        image_config=small,
        text_config=TEXT | {"vocab_size": len(words)},
        multimodal_config={name: TEXT[name] for name in list(TEXT)[:4]},
        projection_dim=24,
        hidden_size=32,
    )
    transformers.FlavaModel(config).save_pretrained(folder)
    size = {"height": 32, "width": 32}
    processor = transformers.FlavaImageProcessor(size=size, crop_size=size)
    processor.save_pretrained(folder)
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"), model_max_length=16)
    tokenizer.save_pretrained(folder)
    return folder


def test_flava_gives_the_projected_class_tokens_of_its_contrastive_head(
    flava_folder: Path,
) -> None:
    pictures, texts = _pictures(3), TEXTS[:3]
    model = transformers.FlavaModel.from_pretrained(flava_folder).eval()
    processor = transformers.FlavaImageProcessor.from_pretrained(flava_folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(flava_folder)
    pixels = processor(pictures, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        seen = model.image_model(pixels).last_hidden_state
        read = model.text_model(**tokenizer(texts, padding=True, return_tensors="pt"))
        images = model.image_projection(seen[:, 0]).numpy()
        words = model.text_projection(read.last_hidden_state[:, 0]).numpy()
    encoder = ClipEncoder(str(flava_folder))
    np.testing.assert_allclose(encoder.encode(pictures), _unit(images), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(texts), _unit(words), atol=1e-5)


def test_siglip2_of_any_aspect_ratio_is_as_transformers_encodes_it(tmp_path: Path) -> None:
    needs(transformers, "Siglip2Config")
    words = _write_tokenizer(tmp_path)
    numbers = {name: number for name, number in VISION.items() if name != "image_size"}
    text = TEXT | {"vocab_size": len(words), "projection_size": 32}
    torch.manual_seed(0)
    config = transformers.Siglip2Config(
        text_config=text, vision_config=numbers | {"num_patches": 16}
    )
    transformers.Siglip2Model(config).save_pretrained(tmp_path)
    processor = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=24)
    processor.save_pretrained(tmp_path)
    transformers.CLIPTokenizer.from_pretrained(tmp_path).save_pretrained(tmp_path)
    pictures = [*_pictures(2), _pictures(1)[0].resize((200, 50))]
    model = transformers.Siglip2Model.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        expected = _pooled(model.get_image_features(**processor(pictures, return_tensors="pt")))
    encoder = ClipEncoder(str(tmp_path))
    np.testing.assert_allclose(encoder.encode(pictures), _unit(expected.numpy()), atol=1e-5)
    assert encoder.encode_texts(["a cat"]).shape == (1, 32)


def test_clip_as_sentence_transformers_keeps_it_is_read(clip_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(clip_folder, tmp_path / "0_CLIPModel")
    kind = "sentence_transformers.models.CLIPModel"
    modules = [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": kind}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\nA model.\n")
    encoder, pictures = ClipEncoder(str(tmp_path)), _pictures(2)
    expected = ClipEncoder(str(clip_folder))
    np.testing.assert_array_equal(encoder.encode(pictures), expected.encode(pictures))
    np.testing.assert_array_equal(encoder.encode_texts(TEXTS), expected.encode_texts(TEXTS))
    assert tmp_path / "0_CLIPModel" / "model.safetensors" in encoder.weights_files()
    assert encoder.facts().licence == "mit"


@pytest.fixture(scope="module")
def blip2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BLIP-2 for retrieval, with five queries and the tokenizer of the small CLIP."""
    folder = tmp_path_factory.mktemp("blip2")
    words = _write_tokenizer(folder)
    reader = TEXT | {"vocab_size": len(words), "encoder_hidden_size": 32, "pad_token_id": 0}
    config = transformers.Blip2Config(
        vision_config=VISION,
        qformer_config=reader | {"use_qformer_text_input": True},
        text_config={"model_type": "opt", "hidden_size": 32, "num_hidden_layers": 1},
        num_query_tokens=5,
        image_text_hidden_size=24,
    )
    torch.manual_seed(0)
    network = transformers.Blip2ForImageTextRetrieval(config)
    torch.nn.init.normal_(network.query_tokens)  # all are 0 in an untrained one, so all are equal
    network.save_pretrained(folder)
    size = {"height": 32, "width": 32}
    transformers.BlipImageProcessor(size=size).save_pretrained(folder)
    transformers.CLIPTokenizer.from_pretrained(folder).save_pretrained(folder)
    return folder


def test_blip2_gives_the_mean_of_an_images_query_vectors(blip2_folder: Path) -> None:
    encoder, pictures = ClipEncoder(str(blip2_folder)), _pictures(3)
    processor = transformers.BlipImageProcessor.from_pretrained(blip2_folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(blip2_folder)
    network = transformers.Blip2ForImageTextRetrieval.from_pretrained(blip2_folder).eval()
    with torch.inference_mode():
        expected = network(
            **processor(pictures, return_tensors="pt"),
            **tokenizer(TEXTS[:3], padding=True, return_tensors="pt"),
        )
    queries = expected.image_embeds.numpy()
    assert queries.shape == (3, 5, 24)
    np.testing.assert_allclose(encoder.encode(pictures), _unit(queries.mean(axis=1)), atol=1e-6)
    texts = encoder.encode_texts(TEXTS[:3])
    np.testing.assert_allclose(texts, expected.text_embeds.numpy(), atol=1e-6)
    assert encoder.facts().pooling == "mean of the query vectors"


def test_blip2_without_a_head_for_retrieval_is_refused(tmp_path: Path) -> None:
    settings = {"model_type": "blip-2", "architectures": ["Blip2ForConditionalGeneration"]}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(EncoderError, match="puts no texts beside them; the model must be a Blip2F"):
        ClipEncoder(str(tmp_path)).facts()
