"""Promises of specs: parsed into name, model and fields, converted to the fields' types."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.utils.spec import Spec, field_list, parse_fields, read_spec


@dataclass(frozen=True)
class Settings:
    name: str
    side: int = 224
    scale: float | None = 1.0
    folder: Path | None = None
    normalise: bool = True


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("clip", Spec("clip", None, {})),
        ("timm:resnet18", Spec("timm", "resnet18", {})),
        ("hub:org/name:tag", Spec("hub", "org/name:tag", {})),
        ("timm:", Spec("timm", "", {})),
        ("clip , side=3, name= a", Spec("clip", None, {"side": "3", "name": " a"})),
        ('clip,"classes=a,b",x=', Spec("clip", None, {"classes": "a,b", "x": ""})),
        ("clip,text=a=b", Spec("clip", None, {"text": "a=b"})),
    ],
)
def test_a_spec_is_split_into_name_model_and_fields(text: str, spec: Spec) -> None:
    assert read_spec(text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"must be NAME\[:MODEL\]\[,field=value ...\]; not ''"),
        (",side=3", "not ',side=3'"),
        ("clip,side", "in 'clip,side', 'side' must be field=value"),
        ("clip,=3", "'=3' must be field=value"),
        ("clip,side=3,side=4", "'side' is given twice"),
    ],
)
def test_a_malformed_spec_is_refused_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_spec(text)


def test_fields_are_converted_to_their_types() -> None:
    texts = {"name": "3", "side": "3", "scale": "0.5", "folder": "a/b", "normalise": "FALSE"}
    assert Settings(**parse_fields("clip", Settings, texts)) == Settings(
        "3", 3, 0.5, Path("a/b"), False
    )


def test_none_is_a_value_of_optional_fields_only() -> None:
    texts = {"name": "none", "scale": "None", "folder": "none"}
    assert parse_fields("clip", Settings, texts) == {"name": "none", "scale": None, "folder": None}
    with pytest.raises(InputError, match="clip: `side` must be a whole number; not 'none'"):
        parse_fields("clip", Settings, {"name": "a", "side": "none"})


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"size": "3"}, "clip has no field 'size'; its fields: name, side, scale, folder, normal"),
        ({}, "clip needs a value for 'name'"),
        ({"name": ""}, "clip needs a value for 'name'"),
        ({"name": "a", "scale": "big"}, "clip: `scale` must be a number; not 'big'"),
        ({"name": "a", "normalise": "1"}, "clip: `normalise` must be true or false; not '1'"),
    ],
)
def test_an_unsuitable_field_is_refused_with_its_reason(
    texts: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parse_fields("clip", Settings, texts)


def test_only_dataclasses_have_fields() -> None:
    assert [field.name for field in field_list(Settings)][:2] == ["name", "side"]
    assert field_list(int) == []
    with pytest.raises(InputError, match="clip has no field 'a'; its fields: none"):
        parse_fields("clip", int, {"a": "1"})
