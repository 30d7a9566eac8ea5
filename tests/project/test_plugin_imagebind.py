"""Promises of the page on a plug-in of one's own: its package works as it stands there.

ImageBind itself cannot be had from a well-kept source, so a small stand-in takes its place. Its
interface was read off ImageBind's own code: the names, the arguments, the shapes, unit rows for
images and scaled ones for texts, 77 tokens a text.
"""

import importlib
import pickle
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench import conformance
from embedbench.cli.group import cli
from embedbench.data.images.sources import content_hash
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoder, encoder_label, installed_encoders
from embedbench.errors import InputError, WeightsError
from embedbench.io.store import Store
from embedbench.utils.progress import Progress
from tests.support.libraries import library
from tests.support.paths import ROOT

torch = library("torch")
library("torchvision")

PAGE = (ROOT / "docs" / "how-to" / "plugin-imagebind.md").read_text(encoding="utf-8")

STAND_IN = {
    "__init__.py": """
from imagebind import data
from imagebind.models import imagebind_model
from imagebind.models.imagebind_model import ModalityType
""",
    "data.py": """
import torch
import torchvision.transforms.functional_tensor  # as pytorchvideo does


def load_and_transform_text(text, device):
    rows = [[49406, *list(one.encode())[:75], 49407] for one in text]
    return torch.tensor([row + [0] * (77 - len(row)) for row in rows]).to(device)
""",
    "models/__init__.py": "",
    "models/imagebind_model.py": """
from types import SimpleNamespace

import torch

ModalityType = SimpleNamespace(VISION="vision", TEXT="text")


class ImageBindModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.vision = torch.nn.Linear(3 * 16, 24, bias=False)
        self.text = torch.nn.Linear(77, 24, bias=False)

    def forward(self, inputs):
        outputs = {}
        for modality, batch in inputs.items():
            if modality == ModalityType.VISION:
                assert batch.shape[1:] == (3, 224, 224) and batch.dtype == torch.float32
                pooled = torch.nn.functional.adaptive_avg_pool2d(batch, 4).flatten(1)
                outputs[modality] = torch.nn.functional.normalize(self.vision(pooled), dim=-1)
            else:
                assert batch.shape[1:] == (77,) and batch.dtype == torch.int64
                rows = self.text(batch.sin())
                outputs[modality] = torch.nn.functional.normalize(rows, dim=-1) / 0.07
        return outputs


def imagebind_huge(pretrained=False):
    assert not pretrained, "it would fetch 4.8 GB"
    return ImageBindModel()
""",
}


def block(language: str, number: int = 0) -> str:
    found: str = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]
    return found


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The page's package, as pip would lay it, and the stand-in; the weights' file."""
    folder = tmp_path_factory.mktemp("site-packages")
    for name, code in STAND_IN.items():
        path = folder / "imagebind" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    (folder / "embedbench_imagebind").mkdir()
    (folder / "embedbench_imagebind" / "__init__.py").write_text(block("python"))
    project = tomllib.loads(block("toml"))["project"]
    names = [project["name"], *(re.split("[=<>]", one)[0] for one in project["dependencies"])]
    for name in names:
        info = folder / f"{name.replace('-', '_')}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    points = project["entry-points"]["embedbench.encoders"]
    lines = ["[embedbench.encoders]", *(f"{name} = {value}" for name, value in points.items())]
    info = folder / f"{project['name'].replace('-', '_')}-0.1.0.dist-info"
    (info / "entry_points.txt").write_text("\n".join(lines))
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        # At the end, so that the true distributions of these names stay the ones that are found.
        patch.setattr(sys, "path", [*sys.path, str(folder)])
        importlib.invalidate_caches()
        yield _save_weights(folder / "imagebind_huge.pth")
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("imagebind", "embedbench_imagebind"):
            del sys.modules[name]
    sys.modules.pop("torchvision.transforms.functional_tensor", None)


def _save_weights(file: Path) -> Path:
    random = np.random.default_rng(0)
    shapes = {"vision.weight": (24, 48), "text.weight": (24, 77)}
    values = {name: random.normal(size=shape) for name, shape in shapes.items()}
    torch.save({name: torch.tensor(value).float() for name, value in values.items()}, file)
    return file


@pytest.fixture
def encoder(weights: Path) -> Any:
    return create_encoder(f"imagebind:{weights}")


def test_the_package_is_found_by_its_entry_point(encoder: Encoder) -> None:
    assert type(encoder).__name__ == "ImageBindEncoder"
    assert encoder_label("imagebind", encoder) == "imagebind:imagebind_huge.pth"
    assert installed_encoders()["imagebind"].missing() == []


@pytest.mark.parametrize("check", conformance.CHECKS)
def test_conformance(encoder: Encoder, check: conformance.Check) -> None:
    check(encoder)


def test_the_page_shows_a_test_that_can_be_run(weights: Path) -> None:
    names: dict[str, Any] = {}
    exec(re.search(r"<!-- tests -->\n```python\n(.*?)```", PAGE, re.DOTALL)[1], names)  # type: ignore[index]
    marks = names["test_conformance"].pytestmark
    assert list(marks[0].args[1]) == list(conformance.CHECKS)


def test_images_are_cut_to_their_middle_and_normalised(encoder: Encoder, weights: Path) -> None:
    """A blue square between red sides; ImageBind's means and deviations by hand."""
    picture = Image.new("RGB", (448, 224), (255, 0, 0))
    picture.paste((0, 0, 255), (112, 0, 336, 224))
    channels = [
        (0 - 0.48145466) / 0.26862954,
        (0 - 0.4578275) / 0.26130258,
        (1 - 0.40821073) / 0.27577711,
    ]
    kernel = torch.load(weights, weights_only=True)["vision.weight"].numpy()
    expected = kernel @ np.repeat(channels, 16)
    rows = encoder.encode([picture])
    np.testing.assert_allclose(rows[0], expected / np.linalg.norm(expected), atol=1e-5)


def test_texts_have_length_1_like_images_in_any_number(encoder: Any) -> None:
    texts = [f"picture {number}" for number in range(130)]
    rows = encoder.encode_texts(texts)
    assert rows.shape == (130, 24)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(rows[[129]], encoder.encode_texts(texts[129:]), atol=1e-6)
    with pytest.raises(InputError, match="no texts"):
        encoder.encode_texts([])


def test_facts_name_the_licence_and_count_the_weights(encoder: Encoder) -> None:
    facts = encoder.facts()
    assert facts.parameters == 24 * (48 + 77)
    assert facts.licence == "CC BY-NC-SA 4.0"


def test_other_weights_are_another_encoder(encoder: Encoder, tmp_path: Path) -> None:
    file = tmp_path / "imagebind_huge.pth"
    shapes = {"vision.weight": (24, 48), "text.weight": (24, 77)}
    torch.save({name: torch.ones(shape) for name, shape in shapes.items()}, file)
    assert create_encoder(f"imagebind:{file}").fingerprint() != encoder.fingerprint()


def test_constructing_it_loads_nothing(weights: Path, tmp_path: Path) -> None:
    missing = create_encoder(f"imagebind:{tmp_path / 'none.pth'}")
    with pytest.raises(WeightsError, match=r"there is no file .*none\.pth'; fetch it"):
        missing.encode([Image.new("RGB", (8, 8))])


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("trapped"),))


def test_a_file_that_would_run_code_is_refused(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"vision.weight": Trap()}, "trap.pth")
    with pytest.raises(WeightsError, match="holds no weights of ImageBind"):
        create_encoder("imagebind:trap.pth").encode([Image.new("RGB", (8, 8))])
    assert not Path("trapped").exists()
    pickle.loads(pickle.dumps(Trap()))
    assert Path("trapped").exists(), "the trap must be able to spring"


@pytest.mark.parametrize("content", [{"vision.weight": [1.0]}, {}, [1.0]])
def test_a_file_of_something_else_is_refused(
    weights: Path, tmp_path: Path, content: object
) -> None:
    file = tmp_path / "other.pth"
    torch.save(content, file)
    with pytest.raises(WeightsError, match="holds no weights of ImageBind"):
        create_encoder(f"imagebind:{file}").encode([Image.new("RGB", (8, 8))])


@pytest.mark.slow
def test_a_worker_gives_the_same_rows(encoder: Any, photographs: Path, tmp_path: Path) -> None:
    engine = LocalEngine(Store(tmp_path / "store"), workers=1, progress=Progress(quiet=True))
    dataset = read_dataset(photographs)
    hashes = [content_hash(Path(str(source)).read_bytes()) for source in dataset.sources]
    found = embed("imagebind", encoder, dataset, hashes, engine, ["a dog", "a cat"])
    pictures = [Image.open(photographs / name) for name in dataset.names]
    np.testing.assert_allclose(found.vectors, encoder.encode(pictures), atol=1e-6)
    np.testing.assert_allclose(found.texts, encoder.encode_texts(["a dog", "a cat"]), atol=1e-6)
    assert found.record.facts.licence == "CC BY-NC-SA 4.0"


COMMANDS = re.findall(r"^embedbench .*", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_can_be_read(line: str, weights: Path) -> None:
    words = shlex.split(line)[1:]
    with cli.make_context("embedbench", words) as context:
        name, command, rest = cli.resolve_command(context, words)
        assert name is not None and command is not None
        with command.make_context(name, rest, parent=context) as inner:
            given = inner.params.get("encoder", ())
            for spec in (given,) if isinstance(given, str) else given:
                assert isinstance(create_encoder(spec), Encoder)


def test_there_are_commands_to_read() -> None:
    assert len(COMMANDS) == 3
