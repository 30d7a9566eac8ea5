"""Promises of the sets: each holds different encoders that can be created as they stand."""

import pytest

from embedbench.encoders.registry import create_encoder, create_encoders
from embedbench.encoders.sets import SETS, specs_of
from tests.support.libraries import library

timm = library("timm")


@pytest.mark.parametrize("name", SETS)
def test_every_encoder_of_a_set_can_be_created_beside_others(name: str) -> None:
    made = create_encoders([name, "pixels"])
    assert len(made) == len(SETS[name]) + 1


def test_a_name_that_is_no_set_stays() -> None:
    assert specs_of("timm:resnet18") == ["timm:resnet18"]


IN_TIMM = [one for choices in SETS.values() for one in choices if one.spec.startswith("timm:")]


@pytest.mark.parametrize("choice", IN_TIMM, ids=lambda choice: choice.spec)
def test_size_and_licence_are_as_timm_has_them(choice: object) -> None:
    import torch

    spec = choice.spec  # type: ignore[attr-defined]
    with torch.device("meta"):
        network = timm.create_model(create_encoder(spec).model, num_classes=0)  # type: ignore[attr-defined]
    millions = sum(one.numel() for one in network.parameters()) / 10**6
    assert round(millions) == choice.millions  # type: ignore[attr-defined]
    licence = choice.licence.lower().replace(" licence", "-license")  # type: ignore[attr-defined]
    assert network.pretrained_cfg["license"] == licence
