"""Each family of vision models that transformers lists, against the library called directly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.errors import EncoderError
from embedbench_vision import VisionEncoder
from tests.backends.vision_families import (
    NOT_BUILT,
    SAMPLE,
    WITHOUT_A_VECTOR,
    WITHOUT_POOLER,
    built_families,
    listed_families,
    write_family,
)
from tests.support.libraries import library, needs
from tests.support.model_families import (
    least_cosine,
    photographs,
    record_cosine,
    record_exception,
)

torch = library("torch")
transformers = library("transformers")


def _pictures() -> list[Image.Image]:
    return photographs(2, (290, 230))


def _by_hand(family: str, output: Any) -> Any:
    how = WITHOUT_POOLER.get(family, "pooler")
    if how == "pooler":
        return output.pooler_output.flatten(1)
    last = output.feature_maps[-1] if "feature_maps" in output else output.last_hidden_state
    return {
        "the class token beside the map": lambda: output.cls_token_value[:, 0],
        "class token": lambda: last[:, 0],
        "mean of tokens": lambda: last.mean(1),
        "map": lambda: last.mean((2, 3)),
        "map, channels last": lambda: last.mean((1, 2)),
    }[how]()


def _mean_by_hand(output: Any, network: Any, sides: Any) -> Any:
    """The mean of a map, or of as many last tokens as the image has patches; None for others."""
    last = output.feature_maps[-1] if "feature_maps" in output else output.last_hidden_state
    if last.ndim == 4:
        return last.mean((1, 2) if network.config.model_type == "sam2_vision_model" else (2, 3))
    patch = getattr(network.config, "patch_size", None)
    patches = (sides[0] // patch) * (sides[1] // patch) if isinstance(patch, int) else 0
    return last[:, -patches:].mean(1) if 0 < patches <= last.shape[1] else None


def _directly(family: str, folder: Path) -> tuple[np.ndarray, np.ndarray | None]:
    inputs = transformers.AutoImageProcessor.from_pretrained(folder)
    inputs = inputs([np.array(one) for one in _pictures()], return_tensors="pt")
    from transformers.models.auto import modeling_auto

    name = "AutoModel"
    if family not in modeling_auto.MODEL_MAPPING_NAMES:
        name = modeling_auto.MODEL_FOR_BACKBONE_MAPPING_NAMES[family]
    network = getattr(transformers, name).from_pretrained(str(folder)).eval()
    if family == "vit_mae":
        network.config.mask_ratio = 0.0
    with torch.inference_mode():
        output = network(**inputs)
        mean = None
        if "spatial_shapes" not in inputs:
            mean = _mean_by_hand(output, network, inputs["pixel_values"].shape[-2:])
        rows = _by_hand(family, output).numpy()
    return rows, None if mean is None else mean.numpy()


def _assert_as_the_library(family: str, folder: Path) -> None:
    write_family(family, folder)
    expected, mean = _directly(family, folder)
    rows = VisionEncoder(str(folder), batch_size=2).encode(_pictures())
    record_cosine("transformers", family, least_cosine(rows, expected))
    _assert_alike(rows, expected)
    assert not np.array_equal(rows[0], rows[1])
    if mean is not None:
        encoder = VisionEncoder(str(folder), pool="mean", batch_size=2)
        _assert_alike(encoder.encode(_pictures()), mean)


def _assert_alike(rows: np.ndarray, expected: np.ndarray) -> None:
    assert rows.shape == expected.shape
    lengths = np.linalg.norm(rows, axis=1), np.linalg.norm(expected, axis=1)
    assert (rows * expected).sum(1) / lengths[0] / lengths[1] == pytest.approx(1, abs=1e-6)
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-3)


@pytest.mark.parametrize("family", SAMPLE)
def test_a_usual_family_is_as_the_library_encodes(family: str, tmp_path: Path) -> None:
    _assert_as_the_library(family, tmp_path)


@pytest.mark.models
@pytest.mark.parametrize("family", built_families())
def test_every_family_is_as_the_library_encodes(family: str, tmp_path: Path) -> None:
    _assert_as_the_library(family, tmp_path)


@pytest.mark.models
@pytest.mark.parametrize("family", sorted(WITHOUT_A_VECTOR))
def test_a_family_without_a_vector_is_refused_by_its_configuration(
    family: str, tmp_path: Path
) -> None:
    transformers.CONFIG_MAPPING[family]().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == family
    record_exception("transformers", family, WITHOUT_A_VECTOR[family])
    with pytest.raises(EncoderError, match="`vision` takes image models, e.g. facebook/dinov2"):
        VisionEncoder(str(tmp_path)).facts()


@pytest.mark.models
@pytest.mark.parametrize("family", sorted(NOT_BUILT))
def test_a_family_that_is_not_built_has_a_reason(family: str) -> None:
    assert NOT_BUILT[family]
    record_exception("transformers", family, f"not tried: {NOT_BUILT[family]}")


def test_each_exception_is_a_family_that_the_library_lists() -> None:
    needs(transformers, "PPLCNetV4Config")  # the newest family of the lists
    assert set(WITHOUT_A_VECTOR) | set(NOT_BUILT) | set(built_families()) == listed_families()
    assert not set(WITHOUT_A_VECTOR) & set(NOT_BUILT)
    assert set(WITHOUT_POOLER) | set(SAMPLE) <= set(built_families())
