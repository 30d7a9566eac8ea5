"""The `keras` encoder. Its cases run apart, for TensorFlow shares no process with PyTorch."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.libraries import library
from tests.support.paths import ROOT

library("keras")


def test_all_cases_pass_in_a_process_without_torch() -> None:
    _assert_cases_pass("not models and not soak")


@pytest.mark.models
def test_every_model_is_as_keras_computes_it() -> None:
    _assert_cases_pass("models")


def _assert_cases_pass(markers: str) -> None:
    cases = Path(__file__).with_name("keras_cases.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-m", markers, str(cases)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout


def test_it_conforms(conformance: Callable[[str], None]) -> None:
    conformance("keras:MobileNetV2,weights=none")
