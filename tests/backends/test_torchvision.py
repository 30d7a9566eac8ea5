"""The `torchvision` encoder against torchvision itself, with a hook on its last linear layer."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.errors import InputError, WeightsError
from embedbench_torchvision import TorchvisionEncoder
from tests.backends.attacks import FORMS, assert_harmless
from tests.support.libraries import library
from tests.support.model_families import (
    least_cosine,
    photographs,
    record_cosine,
    record_exception,
)

torch = library("torch")
torchvision = library("torchvision")

SAMPLE = ("squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v3_small")


def _pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return [Image.fromarray(small).resize((300, 260)) for small in pixels]


def _entering_the_classifier(network: Any, transforms: Any, pictures: list[Image.Image]) -> Any:
    """What torchvision's own network gives its last linear layer, or convolution."""
    kinds = (torch.nn.Linear, torch.nn.Conv2d)
    last = [module for module in network.modules() if isinstance(module, kinds)][-1]
    seen: list[Any] = []
    last.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    with torch.inference_mode():
        network.eval()(torch.stack([transforms(picture) for picture in pictures]))
    features = seen[0]
    return (features.mean((2, 3)) if features.ndim == 4 else features).numpy()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PyTorch's cache of downloads, empty, and no way to fill it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "torch/hub/checkpoints").mkdir(parents=True)
    return tmp_path / "torch/hub/checkpoints"


def _publish(cache: Path, model: str, weights: Any) -> Any:
    """Put random weights where torchvision has its own; return its network with them."""
    options: dict[str, Any] = {}
    if model in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    if model.startswith("vit_"):
        options["image_size"] = weights.meta["min_size"][0]
    torch.manual_seed(3)
    network = torchvision.models.get_model(model, weights=None, **options)
    torch.save(network.state_dict(), cache / weights.url.rpartition("/")[2])
    return torchvision.models.get_model(model, weights=weights)


def _assert_as_torchvision(model: str, cache: Path) -> None:
    weights = torchvision.models.get_model_weights(model).DEFAULT
    pictures = photographs(2)
    network = _publish(cache, model, weights)
    expected = _entering_the_classifier(network, weights.transforms(), pictures)
    encoder = TorchvisionEncoder(model, batch_size=2)
    rows = encoder.encode(pictures)
    cosine = least_cosine(rows, expected)
    record_cosine("torchvision", model, cosine)
    assert rows.shape == expected.shape and cosine > 0.999999
    facts = encoder.facts()
    assert facts.weights == weights.name and facts.remark is None
    side = weights.transforms().crop_size[0]
    assert facts.image_size == f"{side}x{side}"


@pytest.mark.parametrize("model", SAMPLE)
def test_published_weights_are_as_torchvision_computes_with_them(model: str, cache: Path) -> None:
    _assert_as_torchvision(model, cache)


def _models() -> list[str]:
    """Return the names of the models; torchvision is not imported where none of them is run."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        return []
    found = []
    for file in sorted(Path(spec.submodule_search_locations[0], "models").glob("[a-z]*.py")):
        lines = file.read_text().splitlines()
        found += [
            lines[number + step].removeprefix("def ").partition("(")[0]
            for number, line in enumerate(lines)
            if line == "@register_model()"
            for step in (1, 2)
            if lines[number + step].startswith("def ")
        ]
    return found


@pytest.mark.models
@pytest.mark.parametrize("model", _models())
def test_every_model_is_as_torchvision_computes_it(model: str, cache: Path) -> None:
    if model in ("regnet_y_128gf", "vit_h_14"):
        reason = "it has some 2.5 GB, and its family is held by its smaller members"
        record_exception("torchvision", model, reason)
        pytest.skip(reason)
    _assert_as_torchvision(model, cache)


@pytest.mark.models
def test_every_name_is_known() -> None:
    assert sorted(_models()) == torchvision.models.list_models(module=torchvision.models)


def test_random_weights_are_those_of_torchvision_with_that_seed() -> None:
    torch.manual_seed(5)
    network = torchvision.models.squeezenet1_1(weights=None)
    transforms = torchvision.models.SqueezeNet1_1_Weights.DEFAULT.transforms()
    expected = _entering_the_classifier(network, transforms, _pictures(2))
    encoder = TorchvisionEncoder("squeezenet1_1", weights="none", seed=5, batch_size=2)
    assert str(encoder.facts().remark).endswith("it is untrained")
    assert least_cosine(encoder.encode(_pictures(2)), expected) > 0.999999
    assert encoder.weights_files() == [] and encoder.facts().weights is None


def test_images_are_prepared_as_torchvision_does_exactly() -> None:
    for model in ("mobilenet_v3_small", "efficientnet_b0"):  # bilinear, bicubic
        transforms = torchvision.models.get_model_weights(model).DEFAULT.transforms()
        encoder = TorchvisionEncoder(model, weights="none")
        for size in [(640, 427), (231, 500), (30, 40)]:
            picture = _pictures(1)[0].resize(size)
            bytes_ = encoder.prepare(picture).permute(1, 2, 0)[None]
            found = encoder._preparation.normalise(bytes_)[0].permute(2, 0, 1)
            torch.testing.assert_close(found, transforms(picture), atol=2e-6, rtol=0)


def test_a_file_of_other_classes_is_loaded_without_its_classifier(tmp_path: Path) -> None:
    torch.manual_seed(7)
    network = torchvision.models.shufflenet_v2_x0_5(weights=None, num_classes=12)
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "ft.pth")
    transforms = torchvision.models.ShuffleNet_V2_X0_5_Weights.DEFAULT.transforms()
    expected = _entering_the_classifier(network, transforms, _pictures(2))
    file = str(tmp_path / "ft.pth")
    encoder = TorchvisionEncoder("shufflenet_v2_x0_5", weights=file, batch_size=2)
    assert least_cosine(encoder.encode(_pictures(2)), expected) > 0.999999
    assert encoder.facts().remark == "left out of 'ft.pth': 2 tensors (fc.weight, fc.bias)"
    assert encoder.facts().pretrained_on is None
    with pytest.raises(WeightsError, match="is of another architecture"):
        TorchvisionEncoder("shufflenet_v2_x1_0", weights=file).facts()


def test_old_names_of_a_densenet_are_read() -> None:
    from embedbench_torchvision import _renamed

    old = "features.denseblock1.denselayer1.norm.1.running_mean"
    assert list(_renamed({old: 0})) == ["features.denseblock1.denselayer1.norm1.running_mean"]


@pytest.mark.parametrize(
    ("model", "weights", "error", "words"),
    [
        ("resnet5O", "none", InputError, "unknown torchvision model 'resnet5O'; some are: resnet"),
        ("fcn_resnet50", "none", InputError, "is a model for segmentation; .* such as .*resnet50"),
        ("ssd300_vgg16", "none", InputError, "is a model for detection"),
        ("r3d_18", "none", InputError, "is a model for video"),
        ("quantized_resnet18", "none", InputError, "is a model for quantization"),
        ("resnet18", "IMAGENET1K_V9", InputError,
         "no weights 'IMAGENET1K_V9' of 'resnet18'; .* IMAGENET1K_V1, DEFAULT, none, or a file"),
        ("resnet18", "absent.pth", WeightsError, "there is no file 'absent.pth'"),
        ("resnet18", "DEFAULT", WeightsError,
         "cannot fetch the weights 'IMAGENET1K_V1' of 'resnet18' from download.pytorch.org: .*"
         "give the file: weights=FILE"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_told_in_one_line(
    model: str, weights: str, error: type[Exception], words: str, cache: Path
) -> None:
    with pytest.raises(error, match=words) as caught:
        TorchvisionEncoder(model, weights=weights).facts()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_no_code_in_a_file_of_weights_is_run(tmp_path: Path, form: str, cache: Path) -> None:
    published = cache / torchvision.models.SqueezeNet1_1_Weights.DEFAULT.url.rpartition("/")[2]
    for file, weights in (
        (tmp_path / "own.pth", str(tmp_path / "own.pth")),
        (published, "DEFAULT"),
    ):
        FORMS[form](file, tmp_path / "mark")
        encoder = TorchvisionEncoder("squeezenet1_1", weights=weights)
        assert_harmless(encoder.facts, tmp_path / "mark", WeightsError)


def test_it_conforms(conformance: Callable[[str], None]) -> None:
    conformance("torchvision:squeezenet1_1,weights=none")
