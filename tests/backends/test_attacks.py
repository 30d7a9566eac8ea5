"""Promise of the encoders in PyTorch, and of vectors: no code in weights or beside them is run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.errors import InputError, WeightsError
from tests.backends.attacks import FORMS, Attack, assert_harmless
from tests.support.libraries import library

torch = library("torch")


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "attacked"


def test_each_attack_would_work(tmp_path: Path) -> None:
    for form in ("today", "legacy", "archive"):
        FORMS[form](tmp_path / form, tmp_path / f"mark-{form}")
        try:
            torch.load(tmp_path / form, weights_only=False)
        except AttributeError:  # what is made is no tensor
            pass
        assert (tmp_path / f"mark-{form}").exists(), form


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("form", FORMS)
def test_timm_runs_no_code_in_a_file(tmp_path: Path, mark: Path, form: str, suffix: str) -> None:
    timm = pytest.importorskip("embedbench_timm")
    file = tmp_path / f"weights{suffix}"
    FORMS[form](file, mark)
    encoder = timm.TimmEncoder("test_resnet", weights=str(file))
    assert_harmless(encoder.facts, mark, WeightsError)


def _in_the_hubs_cache(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a model that was fetched before."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    place = tmp_path / f"models--{model.replace('/', '--')}"
    snapshot = place / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("0" * 40)
    return snapshot


@pytest.mark.parametrize("form", FORMS)
def test_timm_runs_no_code_in_what_the_hub_sent(
    tmp_path: Path, mark: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    timm = pytest.importorskip("embedbench_timm")
    folder = _in_the_hubs_cache(tmp_path, "timm/test_resnet.r160_in1k", monkeypatch)
    FORMS[form](folder / "pytorch_model.bin", mark)
    assert_harmless(timm.TimmEncoder("test_resnet").facts, mark, WeightsError)


def test_weights_of_a_package_are_the_published_ones_or_none(
    tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timm = pytest.importorskip("embedbench_timm")
    for found in timm.PACKAGED.values():
        file = tmp_path / found.distribution.replace("-", "_") / found.file
        file.parent.mkdir(parents=True)
        (tmp_path / found.distribution.replace("-", "_") / "__init__.py").touch()
        FORMS["today"](file, mark)
    monkeypatch.syspath_prepend(tmp_path)
    for model in timm.PACKAGED:
        assert_harmless(timm.TimmEncoder(model).facts, mark, WeightsError)


CLIP: dict[str, Any] = {"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": 8}
CLIP |= {
    f"{part}_config": {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
                       "num_attention_heads": 1, "image_size": 8, "patch_size": 8,
                       "vocab_size": 9, "max_position_embeddings": 4}
    for part in ("text", "vision")
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_clip_runs_no_code_in_its_weights(tmp_path: Path, mark: Path, form: str) -> None:
    clip = pytest.importorskip("embedbench_clip")
    (tmp_path / "config.json").write_text(json.dumps(CLIP))
    FORMS[form](tmp_path / "pytorch_model.bin", mark)
    assert_harmless(clip.ClipEncoder(str(tmp_path)).facts, mark, WeightsError)


@pytest.mark.parametrize("kind", ["clip", "own"])
def test_clip_runs_no_code_beside_its_weights(tmp_path: Path, mark: Path, kind: str) -> None:
    clip = pytest.importorskip("embedbench_clip")
    from transformers import CLIPConfig, CLIPModel

    CLIPModel(CLIPConfig(**CLIP)).save_pretrained(tmp_path)
    (tmp_path / "own.py").write_text(
        f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n"
        "from transformers import CLIPConfig as Config, CLIPModel as Model\n"
    )
    asked = {"model_type": kind, "auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(CLIP | asked))
    assert_harmless(clip.ClipEncoder(str(tmp_path)).facts, mark, WeightsError)


@pytest.mark.parametrize("form", FORMS)
def test_vision_runs_no_code_in_or_beside_its_weights(
    tmp_path: Path, mark: Path, form: str
) -> None:
    vision = pytest.importorskip("embedbench_vision")
    config: dict[str, Any] = {"model_type": "vit", "hidden_size": 8, "num_attention_heads": 1}
    (tmp_path / "config.json").write_text(json.dumps(config))
    FORMS[form](tmp_path / "pytorch_model.bin", mark)
    assert_harmless(vision.VisionEncoder(str(tmp_path)).facts, mark, WeightsError)
    (tmp_path / "own.py").write_text(f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n")
    asked = {"auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(config | asked))
    assert_harmless(vision.VisionEncoder(str(tmp_path)).facts, mark, WeightsError)


def test_vectors_run_no_code_in_their_file(tmp_path: Path, mark: Path) -> None:
    vectors = pytest.importorskip("embedbench_vectors")
    np.save(tmp_path / "rows.npy", np.array([Attack(mark)]), allow_pickle=True)
    (tmp_path / "rows.txt").write_text("a.jpg\n")
    encoder = vectors.VectorsEncoder(tmp_path / "rows.npy")
    assert_harmless(lambda: encoder.lookup(["a.jpg"]), mark, InputError)


@pytest.mark.parametrize("form", FORMS)
def test_vectors_run_no_code_in_a_file_of_torch(tmp_path: Path, mark: Path, form: str) -> None:
    vectors = pytest.importorskip("embedbench_vectors")
    FORMS[form](tmp_path / "rows.pt", mark)
    (tmp_path / "rows.txt").write_text("a.jpg\n")
    encoder = vectors.VectorsEncoder(tmp_path / "rows.pt")
    assert_harmless(lambda: encoder.lookup(["a.jpg"]), mark, InputError)


def test_onnx_runs_no_code_beside_its_settings(tmp_path: Path, mark: Path) -> None:
    processors = pytest.importorskip("embedbench_onnx.processors")
    from embedbench_onnx.settings import described

    (tmp_path / "own.py").write_text(
        f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n"
        "from transformers import CLIPImageProcessor as Processor\n"
    )
    asked = {
        "image_processor_type": "Processor",
        "auto_map": {"AutoImageProcessor": "own.Processor"},
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(asked))
    found = described(tmp_path / "model.onnx")
    assert_harmless(lambda: processors.load_processor(found), mark, InputError)
