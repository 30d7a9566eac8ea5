"""The command line, called in this process."""

import pytest

from embedbench import cli

__all__ = ["call"]


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit status of `embedbench ARGUMENTS`, and what went to either output."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, out, err
