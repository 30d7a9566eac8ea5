"""Promises of the registry: plug-ins are found alike, and errors say what is wrong."""

import importlib.metadata
import string
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.decomposition import PCA

from embedbench import compare
from embedbench.encoders.registry import (
    create_encoder,
    create_encoders,
    encoder_label,
    installed_encoders,
)
from embedbench.errors import InputError, MissingLibraryError, UnknownEncoderError
from tests.support.paths import ROOT

BUILT_IN = {
    "clip", "conse", "keras", "onnx", "openclip", "pixels", "timm", "torchvision", "vectors",
    "vision",
}  # fmt: skip

PLUG_IN = '''
from dataclasses import dataclass
import numpy as np
from embedbench.encoder import Encoder

@dataclass(frozen=True)
class Mean(Encoder):
    """Mean colour."""
    model: str = "plain"
    power: float = 1.0
    libraries = ({libraries})

    def encode_batch(self, images):
        return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])
'''


def plug_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "mean", libraries: str = ""
) -> None:
    """A package as pip would lay it, without pip."""
    (folder / f"plugin_{name}.py").write_text(PLUG_IN.format(libraries=libraries))
    info = folder / f"plugin_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n")
    entry = f"[embedbench.encoders]\n{name} = plugin_{name}:Mean\n"
    (info / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, f"plugin_{name}", raising=False)


def test_the_built_in_encoders_are_found_like_any_other() -> None:
    assert BUILT_IN <= set(installed_encoders())


def test_every_entry_point_has_an_extra_and_a_folder() -> None:
    root = ROOT
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    names = set(project["entry-points"]["embedbench.encoders"])
    assert names == BUILT_IN
    assert names <= set(project["optional-dependencies"])
    shared = {"embedbench_torch", "embedbench_transformers"}  # what several of them are made with
    assert {path.name for path in (root / "backends").iterdir()} == shared | {
        f"embedbench_{name}" for name in names
    }


def test_a_newly_installed_package_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(tmp_path, monkeypatch)
    encoder = create_encoder("mean:fancy,power=0.5")
    assert (encoder.model, encoder.power) == ("fancy", 0.5)  # type: ignore[attr-defined]
    assert encoder_label("mean", encoder) == "mean:fancy,power=0.5"


def test_a_missing_library_is_named_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(tmp_path, monkeypatch, "needy", "'no-such-library',")
    with pytest.raises(MissingLibraryError, match="'no-such-library'.*pip install no-such-library"):
        create_encoder("needy")


def test_two_plug_ins_of_one_name_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(tmp_path, monkeypatch)
    other = tmp_path / "other-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[embedbench.encoders]\nmean = other:Mean\n")
    with pytest.raises(InputError, match="two plug-ins offer the encoder 'mean'"):
        installed_encoders()


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("clop", UnknownEncoderError, "unknown encoder 'clop'; installed encoders: clip, conse"),
        ("", InputError, "NAME"),
        ("timm,pretrain=true", InputError, "no field 'pretrain'; its fields: model, pretrained"),
        ("timm,pretrained=maybe", InputError, "must be true or false; not 'maybe'"),
        ("timm,pretrained", InputError, "'pretrained' must be field=value"),
        ("timm,pretrained=true,pretrained=false", InputError, "given twice"),
        ("timm,seed=x", InputError, "`seed` must be a whole number; not 'x'"),
        ("vectors", InputError, "needs a value for 'file'"),
    ],
)
def test_the_error_for_a_wrong_spec_names_the_valid_values(
    spec: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        create_encoder(spec)


def test_the_label_names_the_model_and_what_was_changed() -> None:
    specs = ["timm", "timm:resnet18,pretrained=false", "pixels", "conse", "conse,classes=5"]
    assert list(create_encoders(specs)) == ["timm:tf_efficientnet_lite0", *specs[1:]]


def test_the_same_encoder_twice_is_an_error() -> None:
    with pytest.raises(InputError, match="given twice"):
        create_encoders(["timm", "timm:tf_efficientnet_lite0"])


def test_the_same_encoder_twice_under_its_longer_name_is_an_error(tmp_path: Path) -> None:
    specs = [f"vectors:{tmp_path / place / 'v.npy'}" for place in "ab"]
    assert list(create_encoders(specs)) == ["vectors:v.npy", specs[1]]
    with pytest.raises(InputError, match=r"the encoder 'vectors:v\.npy' is given twice"):
        create_encoders([*specs, specs[1]])


def test_objects_that_only_their_addresses_tell_apart_need_names_of_their_own() -> None:
    def mean(images: Sequence[Image.Image]) -> np.ndarray:
        return np.zeros((len(images), 1))

    first = mean

    def mean(images: Sequence[Image.Image]) -> np.ndarray:  # type: ignore[no-redef]
        return np.ones((len(images), 1))

    with pytest.raises(InputError, match="two encoders have the name 'FunctionEncoder:mean'; give"):
        create_encoders([first, mean])
    assert list(create_encoders({"first": first, "second": mean})) == ["first", "second"]
    transformers = [PCA(2), PCA(3)]
    assert list(create_encoders(transformers)) == ["TransformerEncoder:PCA", "PCA(n_components=3)"]


@pytest.mark.parametrize(
    ("encoders", "words"),
    [
        ({"1": "pixels", 1: "timm"}, "two encoders have the name '1'; give one of them another"),
        ({" ": "pixels"}, "an encoder has an empty name"),
        ({"mine": "starter"}, "'mine' must stand for one encoder; 'starter' is a set"),
        ({"mine": ["pixels"]}, "the encoder 'mine' cannot be of type list; it must be"),
        ({"mine": ("pixels", "timm")}, "the encoder 'mine' cannot be of type tuple; it must be"),
        ({"mine": None}, "the encoder 'mine' cannot be of type NoneType; it must be"),
        ({"mine": ""}, "it must be NAME"),
        ({"mine": "clop"}, "unknown encoder 'clop'"),
    ],
)
def test_a_mapping_of_what_is_no_encoder_is_told_before_any_image_is_read(
    encoders: dict[Any, Any], words: str, photographs: Path, tmp_path: Path
) -> None:
    with pytest.raises((InputError, UnknownEncoderError), match=words):
        compare(photographs, encoders, store=tmp_path / "store", out=tmp_path / "run")
    assert not (tmp_path / "store").exists() and not (tmp_path / "run").exists()


@given(st.text(string.printable, max_size=30))
def test_any_text_is_an_encoder_or_one_line_of_error(text: str) -> None:
    try:
        create_encoder(f"pixels{text}")
    except (InputError, UnknownEncoderError) as error:
        assert str(error)


def test_creating_an_encoder_imports_no_heavy_library() -> None:
    assert importlib.metadata.version("image-embedbench")
    before = set(sys.modules)
    create_encoder("pixels")
    heavy = {"torch", "tensorflow", "keras", "timm", "transformers", "onnxruntime", "open_clip"}
    assert not heavy & (set(sys.modules) - before)
