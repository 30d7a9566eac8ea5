"""The `openclip` encoder against open_clip itself, called directly, with random weights."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.conformance import CHECKS, Check
from embedbench.errors import InputError, WeightsError
from embedbench_openclip import OpenClipEncoder
from tests.backends.attacks import FORMS, assert_harmless
from tests.support.libraries import library
from tests.support.model_families import least_cosine, photographs, record_cosine

open_clip = library("open_clip")
torch = library("torch")

SMALL = "ViT-S-32-alt"
TEXTS = ["a cat", "a photo of a dog", "", "long " * 100]

TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="module", autouse=True)
def _tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let open_clip know a ViT small enough to be made in no time."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny.json").write_text(json.dumps(TINY))
    (folder / "tiny-quickgelu.json").write_text(json.dumps(TINY | {"quick_gelu": True}))
    open_clip.add_model_config(folder)
    yield
    open_clip.factory._MODEL_CONFIG_PATHS.remove(folder)
    open_clip.factory._MODEL_CONFIGS.clear()
    open_clip.factory._rescan_model_configs()


def _pictures(count: int, size: tuple[int, int] = (90, 70)) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize(size) for small in pixels]


def _direct(name: str, seed: int, **options: Any) -> tuple[Any, Any]:
    """What open_clip's own README does: a model with random weights, and its transform."""
    torch.manual_seed(seed)
    network, _, transform = open_clip.create_model_and_transforms(name, **options)
    return network.eval(), transform


def _unit(rows: Any) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_images_and_texts_are_as_open_clip_encodes_them() -> None:
    network, transform = _direct(SMALL, seed=5)
    pictures = _pictures(8, (224, 224))  # of the network's size: no filter has its say
    tokens = open_clip.get_tokenizer(SMALL)(TEXTS)
    with torch.inference_mode():
        images = network.encode_image(torch.stack([transform(one) for one in pictures])).numpy()
        texts = network.encode_text(tokens).numpy()
    encoder = OpenClipEncoder(SMALL, pretrained="none", seed=5)
    np.testing.assert_allclose(encoder.encode(pictures), _unit(images), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), _unit(texts), atol=1e-5)
    assert encoder.facts().parameters == sum(one.numel() for one in network.parameters())
    assert encoder.facts().pretrained_on is None and encoder.weights_files() == []
    assert str(encoder.facts().remark).endswith("it is untrained")
    other = OpenClipEncoder(SMALL, pretrained="none", seed=6)
    assert np.abs(other.encode(pictures) - _unit(images)).max() > 0.01


@pytest.mark.parametrize("mode", ["shortest", "squash", "longest"])
def test_images_are_prepared_as_open_clip_does_within_a_grey_level(mode: str) -> None:
    encoder = OpenClipEncoder("tiny", pretrained="none")
    encoder._network.visual.preprocess_cfg["resize_mode"] = mode
    _, transform = _direct("tiny", 0, image_resize_mode=mode)
    preparation = encoder._preparation
    for size in [(640, 427), (231, 500), (120, 90), (20, 30)]:
        picture = _pictures(1, size)[0]
        expected = transform(picture).permute(1, 2, 0)
        found = encoder.prepare(picture).permute(1, 2, 0)
        if found.dtype == torch.uint8:
            found = preparation.normalise(found[None])[0]
        levels = (found - expected).abs() * torch.tensor(preparation.deviation)
        assert levels.max() <= (0 if mode == "longest" else 1.01), size


def test_a_file_of_weights_is_loaded_and_another_one_is_another_fingerprint(
    tmp_path: Path,
) -> None:
    from safetensors.torch import save_file

    network, transform = _direct("tiny", seed=1)
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    torch.save({"state_dict": network.state_dict()}, tmp_path / "a.pt")
    with torch.no_grad():
        network.visual.proj[0, 0] += 1
    torch.save(network.state_dict(), tmp_path / "b.pt")
    pictures = _pictures(8, (32, 32))
    with torch.inference_mode():
        changed = network.encode_image(torch.stack([transform(one) for one in pictures])).numpy()
    first, same, other = (
        OpenClipEncoder("tiny", weights=str(tmp_path / name))
        for name in ("a.safetensors", "a.pt", "b.pt")
    )
    np.testing.assert_array_equal(first.encode(pictures), same.encode(pictures))
    np.testing.assert_allclose(other.encode(pictures), _unit(changed), atol=1e-5)
    assert np.abs(first.encode(pictures) - _unit(changed)).max() > 1e-3
    assert len({one.fingerprint() for one in (first, same, other)}) == 3
    assert other.weights_files() == [tmp_path / "b.pt"]


def test_weights_that_want_quick_gelu_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, transform = _direct("tiny-quickgelu", seed=1)
    torch.save(network.state_dict(), tmp_path / "openai.pt")
    # As open_clip has it on record for ViT-B-32 and OpenAI's weights.
    record = open_clip.get_pretrained_cfg("ViT-B-32", "openai")
    assert record["quick_gelu"]
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", {"openai": record})
    pictures = _pictures(8, (32, 32))
    with torch.inference_mode():
        expected = network.encode_image(torch.stack([transform(one) for one in pictures])).numpy()
    encoder = OpenClipEncoder("tiny", "openai", weights=str(tmp_path / "openai.pt"))
    np.testing.assert_allclose(encoder.encode(pictures), _unit(expected), atol=1e-5)


def test_every_published_weights_images_are_prepared_as_open_clip_does() -> None:
    """Merged into its defaults as its `create_model` does it; the size is the network's own."""
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    from embedbench_openclip.preparation import preparation_on_record

    defaults = PreprocessCfg()
    for model, tag in open_clip.list_pretrained():
        record = open_clip.get_pretrained_cfg(model, tag)
        ours = merge_preprocess_dict(defaults, preparation_on_record(model, record))
        assert ours == merge_preprocess_dict(defaults, record), (model, tag)


@pytest.mark.parametrize(
    ("model", "other"),
    [
        ("ViT-L-14", "laion2b_s32b_b82k"),
        ("ViT-H-14", "dfn5b"),
        ("ViT-H-14-quickgelu", "dfn5b"),
    ],
)
def test_a_file_whose_preparation_is_one_of_several_is_told(model: str, other: str) -> None:
    encoder = OpenClipEncoder(model, pretrained="unknown", weights="file.pt")
    assert encoder._remark and other in encoder._remark and "\n" not in encoder._remark
    assert OpenClipEncoder(model, pretrained=other, weights="file.pt")._remark is None
    assert OpenClipEncoder("RN50", pretrained="unknown", weights="file.pt")._remark is None


def _described_folder(folder: Path, seed: int = 1) -> dict[str, Any]:
    """A folder as BioCLIP's and Marqo's: another mean and filter than OpenCLIP's usual ones."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    preparation = {"mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7], "interpolation": "bilinear",
                   "resize_mode": "squash", "size": 32, "mode": "RGB"}  # fmt: skip
    config = {"model_cfg": TINY, "preprocess_cfg": preparation}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(seed)
    network = open_clip.create_model("tiny")
    save_file(network.state_dict(), folder / "open_clip_model.safetensors")
    return preparation


def _expected(folder: Path, pictures: list[Image.Image]) -> np.ndarray:
    network, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    with torch.inference_mode():
        batch = torch.stack([transform(one) for one in pictures])
        return _unit(network.eval().encode_image(batch).numpy())


def test_a_folder_is_loaded_with_its_own_preparation_and_tokenizer(tmp_path: Path) -> None:
    folder, pictures = tmp_path / "mine", _pictures(2, (32, 32))
    _described_folder(folder)
    expected = _expected(folder, pictures)
    for name in (f"local-dir:{folder}", str(folder)):
        encoder = OpenClipEncoder(name, batch_size=2)
        np.testing.assert_allclose(encoder.encode(pictures), expected, atol=1e-5)
    assert encoder.encode_texts(TEXTS).shape == (4, 24)
    assert [file.name for file in encoder.weights_files()] == [
        "open_clip_config.json", "open_clip_model.safetensors",
    ]  # fmt: skip
    facts = encoder.facts()
    assert (facts.weights, facts.image_size, facts.pooling) == ("mine", "32x32", "cls")
    other = OpenClipEncoder(str(folder), pretrained="none", batch_size=2)
    assert np.abs(other.encode(pictures) - expected).max() > 1e-3
    (folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="which has none; give one: weights=FILE"):
        OpenClipEncoder(str(folder)).facts()


@pytest.mark.parametrize("beside", ["open_clip_config.json", "preprocess_cfg.json"])
def test_a_file_is_prepared_as_is_said_beside_it(beside: str, tmp_path: Path) -> None:
    folder, pictures = tmp_path / "mine", _pictures(2, (32, 32))
    preparation = _described_folder(folder)
    expected = _expected(folder, pictures)
    file = str(folder / "open_clip_model.safetensors")
    if beside == "preprocess_cfg.json":
        (folder / "open_clip_config.json").unlink()
        (folder / beside).write_text(json.dumps(preparation))
    encoder = OpenClipEncoder("tiny", weights=file, batch_size=2)
    np.testing.assert_allclose(encoder.encode(pictures), expected, atol=1e-5)
    (folder / beside).write_text("{")
    with pytest.raises(WeightsError, match=f"cannot read '.*{beside}'") as caught:
        OpenClipEncoder("tiny", weights=file).facts()
    assert "\n" not in str(caught.value)


def test_a_repository_of_the_hub_is_loaded_as_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    place, pictures = tmp_path / "models--me--mine", _pictures(2, (32, 32))
    _described_folder(place / "snapshots" / ("5" * 40))
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("5" * 40)
    encoder = OpenClipEncoder("hf-hub:me/mine", batch_size=2)
    expected = _expected(place / "snapshots" / ("5" * 40), pictures)
    np.testing.assert_allclose(encoder.encode(pictures), expected, atol=1e-5)
    assert encoder.encode_texts(["a cat"]).shape == (1, 24)
    facts = encoder.facts()
    assert (facts.weights, facts.revision) == ("me/mine", "5" * 40)
    with pytest.raises(WeightsError, match="cannot fetch open_clip_config.json of 'me/yours'"):
        OpenClipEncoder("hf-hub:me/yours").facts()
    with pytest.raises(InputError, match="is called hf-hub:OWNER/NAME; not hf-hub:mine"):
        OpenClipEncoder("hf-hub:mine").facts()


@pytest.mark.models
@pytest.mark.parametrize(
    "model",
    ["RN50", "ViT-B-32", "ViT-B-32-quickgelu", "ViT-B-16-SigLIP", "coca_ViT-B-32", "EVA02-B-16",
     "convnext_base", "MobileCLIP-S1", "ViTamin-S", "vit_medium_patch16_gap_256"],
)  # fmt: skip
def test_families_are_as_open_clip_encodes_them(model: str) -> None:
    tags = open_clip.list_pretrained_tags_by_model(model)
    record = open_clip.get_pretrained_cfg(model, tags[0]) if tags else {}
    names = {"mean": "image_mean", "std": "image_std", "interpolation": "image_interpolation",
             "resize_mode": "image_resize_mode"}  # fmt: skip
    options = {names[name]: value for name, value in record.items() if name in names}
    network, transform = _direct(model, 5, pretrained_text=False, **options)
    encoder = OpenClipEncoder(model, pretrained="none", seed=5, batch_size=2)
    height, width = encoder.prepare(_pictures(1)[0]).shape[-2:]
    pictures = photographs(2, (width, height))
    with torch.inference_mode():
        expected = network.encode_image(torch.stack([transform(one) for one in pictures])).numpy()
    cosine = least_cosine(encoder.encode(pictures), expected)
    record_cosine("OpenCLIP", model, cosine)
    assert cosine > 0.999999


def test_untrained_models_see_images_as_trained_ones_do() -> None:
    from embedbench_openclip.preparation import preparation_on_record

    # SigLIP's publication: mean and deviation of 1/2, images squashed.
    siglip = preparation_on_record("ViT-B-16-SigLIP", {})
    assert siglip["mean"] == siglip["std"] == (0.5, 0.5, 0.5)
    assert siglip["resize_mode"] == "squash"


def test_many_texts_come_back_in_their_order() -> None:
    encoder = OpenClipEncoder("tiny", pretrained="none")
    words = [f"word {number}" for number in range(100)]
    rows = encoder.encode_texts(words)
    np.testing.assert_allclose(rows[60:70], encoder.encode_texts(words[60:70]), atol=1e-5)
    with pytest.raises(InputError, match="no texts"):
        encoder.encode_texts([])


def test_random_numbers_and_the_log_are_left_as_they_were() -> None:
    import logging

    torch.manual_seed(1)
    expected, handlers = torch.rand(3), list(logging.getLogger().handlers)
    torch.manual_seed(1)
    OpenClipEncoder("tiny", pretrained="none").facts()
    assert torch.equal(torch.rand(3), expected)
    assert logging.getLogger().handlers == handlers


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("form", FORMS)
def test_no_code_in_a_file_of_weights_is_run(tmp_path: Path, form: str, suffix: str) -> None:
    file = tmp_path / f"weights{suffix}"
    FORMS[form](file, tmp_path / "mark")
    encoder = OpenClipEncoder("tiny", weights=str(file))
    assert_harmless(encoder.facts, tmp_path / "mark", WeightsError)


def test_a_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    state = _direct("tiny", seed=1)[0].state_dict()
    del state["visual.proj"]
    torch.save(state, tmp_path / "less.pt")
    (tmp_path / "weights.npz").write_text("")
    for name, error, words in (
        ("less.pt", WeightsError, "visual.proj"),
        ("absent.pt", WeightsError, "there is no file"),
        ("weights.npz", InputError, "must be one of .safetensors, .bin, .pt, .pth; not"),
    ):
        with pytest.raises(error, match=words):
            OpenClipEncoder("tiny", weights=str(tmp_path / name)).facts()


@pytest.mark.parametrize(
    ("model", "pretrained", "words"),
    [
        ("ViT-B32", "openai", "unknown OpenCLIP model 'ViT-B32'; some are: ViT-B-32"),
        ("RN50", "laion9b", "no weights 'laion9b' of 'RN50'; .* one of: openai, yfcc15m, cc12m"),
    ],
)
def test_what_open_clip_has_not_is_named_beside_what_it_has(
    model: str, pretrained: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        OpenClipEncoder(model, pretrained).facts()


def test_a_hub_out_of_reach_is_a_weights_error_with_the_next_step(tmp_path: Path) -> None:
    program = "from embedbench_openclip import OpenClipEncoder; OpenClipEncoder().facts()"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    last = run.stderr.strip().splitlines()[-1]
    assert "WeightsError: cannot fetch the weights 'laion2b_s34b_b79k' of 'ViT-B-32'" in last
    assert last.endswith("leave them random: pretrained=none")


@pytest.mark.parametrize("check", CHECKS)
def test_it_conforms(check: Check) -> None:
    check(OpenClipEncoder("tiny", pretrained="none"))


def test_a_folder_may_be_given_by_its_bare_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _described_folder(tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert OpenClipEncoder("mine").facts().weights == "mine"
    with pytest.raises(WeightsError, match="there is no open_clip_config.json in the folder"):
        OpenClipEncoder("./empty").facts()
