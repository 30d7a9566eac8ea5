"""Promises of encoders on the command line: their fields and sets, one that is begun, checks."""

from pathlib import Path

import pytest

from embedbench.cli.encoders import show_encoder
from embedbench.conformance import CHECKS
from embedbench.encoders.sets import SETS
from embedbench.errors import UnknownEncoderError
from tests.support.command_line import as_json, call

pytestmark = pytest.mark.usefixtures("one_core")


def test_an_encoder_shows_every_field_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    show_encoder("timm")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Any timm model")
    [pretrained] = [line for line in lines if line.startswith("pretrained ")]
    assert pretrained.split()[1] == "true" and "the untrained control" in pretrained


def test_a_set_shows_its_encoders(capsys: pytest.CaptureFixture[str]) -> None:
    show_encoder("starter")
    out = capsys.readouterr().out
    for choice in SETS["starter"]:
        assert choice.spec in out and choice.licence in out and str(choice.year) in out


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(UnknownEncoderError, match="installed encoders: .*; sets: starter, strong"):
        show_encoder("nope")


@pytest.mark.parametrize(
    ("spec", "dim", "parameters", "words"),
    [
        ("timm:resnet18.a1_in1k", 512, 11_176_512, {"weights": "resnet18.a1_in1k"}),
        ("timm:vit_tiny_patch16_224,pool=cls+mean", 384, 5_524_416, {"pooling": "cls+mean"}),
        ("torchvision:resnet18", 512, 11_176_512, {"image_size": "224x224"}),
        ("openclip:RN50,pretrained=openai", 1024, 102_007_137, {"weights": "openai"}),
    ],
)
def test_a_model_is_known_before_its_weights_are_there(
    spec: str, dim: int, parameters: int, words: dict[str, str],
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    show_encoder(spec)
    out = capsys.readouterr().out
    shown = dict(line.split(maxsplit=1) for line in out.split("\n\n")[-1].splitlines()[2:])
    assert shown["dim"] == f"{dim:,}" and shown["parameters"] == f"{parameters:,}"
    assert words.items() <= shown.items()
    assert list(tmp_path.rglob("*")) == []


def test_an_encoder_that_knows_nothing_of_its_model_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    show_encoder(f"vectors:{tmp_path / 'mine.npy'}")
    assert "says nothing of its model" in capsys.readouterr().err


def test_check_passes_for_pixels(capsys: pytest.CaptureFixture[str]) -> None:
    code, table, _ = call(capsys, "check", "pixels")
    assert code == 0
    assert all(line.split()[-1] == "ok" for line in table.splitlines()[2:])


def test_check_as_json_has_a_result_for_each_check(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "check", "pixels")
    assert found["encoder"] == "pixels"
    assert [one["check"] for one in found["checks"]] == [one.__name__ for one in CHECKS]
    assert {(one["ok"], one["error"]) for one in found["checks"]} == {(True, None)}


def test_a_new_backend_is_listed_file_by_file_as_json_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "new-backend", "mine", "--out", tmp_path / "one")
    assert code == 0 and err.startswith("now: pip install -e ")
    found = as_json(capsys, "new-backend", "mine", "--out", tmp_path / "two")
    assert found["encoder"] == "mine" and found["next"].endswith("embedbench check mine")
    assert all(Path(file).is_file() for file in found["files"])
    names = [
        Path(file).relative_to(tmp_path / place)
        for place, files in (("one", out.splitlines()), ("two", found["files"]))
        for file in files
    ]
    assert names[: len(names) // 2] == names[len(names) // 2 :]
