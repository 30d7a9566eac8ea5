"""Promises of the test kit as plug-ins use it: its names are there, and it says what is wrong."""

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from embedbench import conformance
from embedbench.encoder import Encoder
from tests.support.nonconforming import Good


def test_the_kit_has_the_names_that_it_promises() -> None:
    assert set(conformance.__all__) == {"CHECKS", "Check", "check_description", "run_checks"}
    assert all(hasattr(conformance, name) for name in conformance.__all__)


def test_each_check_takes_one_encoder_and_has_a_name_and_a_description_of_its_own() -> None:
    checks = conformance.CHECKS
    assert all(len(inspect.signature(check).parameters) == 1 for check in checks)
    assert len({check.__name__ for check in checks}) == len(checks)
    descriptions = [conformance.check_description(check) for check in checks]
    assert len(set(descriptions)) == len(checks) and all(descriptions)


def test_a_good_encoder_has_nothing_to_mend() -> None:
    assert set(conformance.run_checks(Good()).values()) == {""}


def test_every_check_is_run_also_where_others_fail() -> None:
    @dataclass(frozen=True)
    class Broken(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            raise ValueError("no <b>{0} %s")

    found = conformance.run_checks(Broken())
    assert list(found) == [check.__name__ for check in conformance.CHECKS]
    assert any("no <b>{0} %s" in wrong for wrong in found.values())
