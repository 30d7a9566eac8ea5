"""Promises of `embedbench encoders`: an encoder's fields and examples, the encoders of a set."""

import pytest

from embedbench.cli.encoders import show_encoder
from embedbench.encoders.sets import SETS
from embedbench.errors import UnknownEncoderError


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
