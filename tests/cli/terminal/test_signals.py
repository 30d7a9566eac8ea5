"""Promises of Ctrl-C and of `kill`: one line, the right exit status, and an end."""

import signal
import subprocess
import sys
import threading

import pytest

from embedbench.cli.terminal.signals import SignalHandler

PROGRAM = """
import os, signal, sys, time
from embedbench.cli.terminal import signals

signals._GRACE_SECONDS = {grace}
with signals.SignalHandler("stopped: {{0}} %s") as handler:
    try:
        os.kill(os.getpid(), signal.{name})
        time.sleep(600)
    except KeyboardInterrupt:
        {then}
"""
IN_ORDER = "handler.tell(); handler.tell(); sys.exit(handler.code)"


def ended(name: str, then: str, grace: int = 300) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(name=name, then=then, grace=grace)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_stopped_program_says_so_once_and_ends_with_the_status_of_the_signal(
    name: str, code: int
) -> None:
    done = ended(name, IN_ORDER)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "stopped: {0} %s\n")


def test_a_program_that_does_not_end_by_itself_is_ended() -> None:
    done = ended("SIGTERM", "time.sleep(600)", grace=0)
    assert (done.returncode, done.stderr) == (143, "stopped: {0} %s\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_was_not_stopped_has_its_signals_as_before(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with SignalHandler("stopped"):
        assert signal.getsignal(number) != before
    assert signal.getsignal(number) == before
    assert capsys.readouterr().err == ""


def test_a_signal_that_is_ignored_as_under_nohup_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with SignalHandler("stopped"):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_no_signal_is_touched() -> None:
    found = []

    def use() -> None:
        with SignalHandler("stopped"):
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert found == [before]
