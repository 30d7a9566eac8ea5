"""The command line, called in this process."""

import json
from typing import Any

import pytest

from embedbench import cli

__all__ = ["as_json", "call"]


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit status of `embedbench ARGUMENTS`, and what went to either output."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """Return the JSON that stands alone on standard output, and hides nothing: no nan."""
    code, out, _ = call(capsys, *arguments, "--json")
    assert code == 0
    return json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
