"""Promises of the demo: what it compares stands in the list of encoders, and needs no hub."""

from embedbench.cli.demo import ENCODERS, HUBS
from embedbench.encoders.registry import create_encoder, installed_encoders


def test_its_encoders_can_be_made_and_those_that_need_a_hub_exist() -> None:
    assert len({type(create_encoder(spec)) for spec in ENCODERS}) == 3
    assert set(HUBS) <= set(installed_encoders())
