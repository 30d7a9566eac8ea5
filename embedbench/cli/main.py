"""Run the command line and end the process with its status."""

import errno
import io
import os
import sys

import click

from embedbench.cli.group import cli
from embedbench.cli.output import NOTHING_DONE, OK, echo_err
from embedbench.cli.terminal.signals import SignalHandler
from embedbench.errors import EmbedbenchError

__all__ = ["main"]

_STOPPED = "stopped; what was encoded is kept: the same command continues from there"
_STRAY = "ignore:resource_tracker"
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE)
"""Errors of a disk that is full or gone; any other OSError is a bug."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process: 0 all done, 3 partly, 2 nothing."""
    _write_any_letter()
    # loky's tracker of semaphores warns of those that a stopped run leaves to it, and frees them.
    filters = os.environ.get("PYTHONWARNINGS", "").split(",")
    if _STRAY not in filters:
        os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [*filters, _STRAY]))
    with SignalHandler(_STOPPED) as ending:
        try:
            code = cli.main(arguments, prog_name="embedbench", standalone_mode=False)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help() if error.ctx else error.format_message())
            code = OK
        except click.ClickException as error:
            _fail(error.format_message())
        except EmbedbenchError as error:
            _fail(str(error))
        except (KeyboardInterrupt, click.Abort):
            ending.tell()
            sys.exit(ending.code)
        except OSError as error:
            if error.errno not in _DISK:
                raise
            _fail(f"{error}; what was encoded is kept: run again once there is room")
    sys.exit(code if isinstance(code, int) else OK)


def _write_any_letter() -> None:
    r"""Write letters that the encoding of the terminal or pipe lacks as escapes, such as \xe4."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _fail(message: str) -> None:
    echo_err(f"error: {' '.join(message.split())}")
    sys.exit(NOTHING_DONE)
