"""Promises of the conformance kit: a good encoder passes, and each check has one that fails it."""

import re

import pytest

import embedbench
from embedbench import conformance
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoder
from embedbench.errors import EncoderError
from tests.support.nonconforming import FAILS, Good


@pytest.mark.parametrize("check", embedbench.conformance.CHECKS)
@pytest.mark.parametrize("encoder", [Good(), create_encoder("pixels")])
def test_a_good_encoder_passes(encoder: Encoder, check: conformance.Check) -> None:
    check(encoder)


def test_every_check_has_an_encoder_that_fails_it_and_says_what_it_is_for() -> None:
    assert list(FAILS) == [check.__name__ for check in conformance.CHECKS]
    for check in conformance.CHECKS:
        assert check.__doc__ and check.__doc__.startswith("Raise unless ")


@pytest.mark.parametrize("name", FAILS)
def test_each_check_alone_fails_for_its_encoder(name: str) -> None:
    kind, words = FAILS[name]
    found = conformance.run_checks(kind())
    assert {check for check, wrong in found.items() if wrong} == {name}
    assert re.search(words, found[name])


def test_a_failed_check_raises() -> None:
    with pytest.raises(EncoderError, match="frozen dataclass"):
        conformance.CHECKS[0](FAILS["fields_are_the_identity"][0]())


def test_ids_of_the_checks_are_their_names() -> None:
    """pytest shows a function that is a parameter by its name."""
    assert conformance.CHECKS[0].__name__ == "fields_are_the_identity"
