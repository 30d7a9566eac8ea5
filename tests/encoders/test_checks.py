"""Promises of the conformance kit: a good encoder passes, and each check has one that fails it."""

import os
import random
import re
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import embedbench
from embedbench import conformance
from embedbench.cli.commands import cli
from embedbench.encoder import Encoder
from embedbench.encoders.import_cost import HEAVY
from embedbench.encoders.registry import create_encoder
from embedbench.errors import EncoderError
from tests.support.nonconforming import CHANGING, FAILS, Changing, Good
from tests.support.plug_ins import plug_in


@pytest.mark.parametrize("check", embedbench.conformance.CHECKS)
@pytest.mark.parametrize("encoder", [Good(), create_encoder("pixels")])
def test_a_good_encoder_passes(encoder: Encoder, check: conformance.Check) -> None:
    check(encoder)


def test_every_check_has_an_encoder_that_fails_it_and_says_what_it_is_for() -> None:
    assert list(FAILS) == [check.__name__ for check in conformance.CHECKS]
    for check in conformance.CHECKS:
        assert check.__doc__ and check.__doc__.startswith(("Raise unless ", "Raise if "))


@pytest.mark.parametrize("name", FAILS)
def test_each_check_alone_fails_for_its_encoder(name: str) -> None:
    kind, words = FAILS[name]
    found = conformance.run_checks(kind())
    assert {check for check, wrong in found.items() if wrong} == {name}
    assert re.search(words, found[name])


def test_a_failed_check_raises() -> None:
    with pytest.raises(EncoderError, match="frozen dataclass"):
        conformance.CHECKS[0](FAILS["fields_are_the_identity"][0]())


@pytest.fixture
def restored() -> Iterator[None]:
    """What belongs to the whole process is put back."""
    python, numpy, errors = random.getstate(), np.random.get_state(), np.geterr()
    handler, folder = signal.getsignal(signal.SIGUSR2), os.getcwd()
    with warnings.catch_warnings():
        yield
    random.setstate(python)
    np.random.set_state(numpy)
    np.seterr(**errors)
    signal.signal(signal.SIGUSR2, handler)
    os.chdir(folder)


@pytest.mark.parametrize("what", CHANGING)
def test_each_kind_of_global_state_is_checked(what: str, restored: None) -> None:
    check = next(one for one in conformance.CHECKS if "global_state" in one.__name__)
    with pytest.raises(EncoderError, match=f"state of the process: {what}$"):
        check(Changing(what=what))


def test_ids_of_the_checks_are_their_names() -> None:
    """pytest shows a function that is a parameter by its name."""
    assert conformance.CHECKS[0].__name__ == "fields_are_the_identity"


def test_a_heavy_library_is_one_that_takes_long() -> None:
    assert {"torch", "tensorflow", "keras", "transformers", "timm"} <= set(HEAVY)


def checked(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """Return the lines that `embedbench check` prints for a plug-in, and last its exit code."""
    plug_in(folder, monkeypatch, name.lower(), f"tests.support.nonconforming:{name}")
    done = CliRunner().invoke(cli, ["check", name.lower(), *words], standalone_mode=False)
    return [*done.stdout.splitlines(), str(done.return_value)]


def test_after_a_crash_the_other_checks_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *lines, code = checked("Crashing", tmp_path, monkeypatch)
    assert code == "3" and len(lines) == 2 + len(FAILS)
    assert lines[-1].startswith("texts_share_the_space") and "its process died" in lines[-1]
    assert all(line.endswith(" ok") for line in lines[2:-1])


def test_a_hang_ends_at_the_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *lines, code = checked("Hanging", tmp_path, monkeypatch, "--patience", "10")
    assert code == "3"
    assert lines[-1].endswith("no answer from its process for 10 seconds")
