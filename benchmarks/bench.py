"""Run all benchmarks, or the named ones, one after the other, each in its own process.

python benchmarks/bench.py [--long] [--minutes N] [--out RESULTS.json] [TOPIC ...]

A topic is a script in this folder with a function `rows(short)`. The short form ends after ten
minutes: topics that were not reached, or not ended, are named. Put the results of a whole run into
the page with `python docs/fill_performance.py RESULTS.json`; `make bench` does both.
"""

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from measure import Row, machine, table

HERE = Path(__file__).parent

FIRST = ("answer_time", "start_up", "second_run", "clustering", "encoding")
"""What people wait for; the rest follows in the order of the names."""

SHORT_MINUTES = 10.0


def topics() -> list[str]:
    """Return the names of the scripts that have rows, the most important first."""
    names = {path.stem for path in HERE.glob("*.py") if "\ndef rows(" in path.read_text()}
    return [*FIRST, *sorted(names - set(FIRST))]


_GRACE = 30
"""Seconds that a topic whose time is over has to end."""


def measure(topic: str, long: bool, seconds: float) -> tuple[list[Row], bool]:
    """Return a topic's rows, measured in a new process, and whether it ended in this time.

    Raises:
        CalledProcessError: the topic failed; its traceback is on standard error.
    """
    if seconds <= 0:
        return [], False
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, str(HERE / f"{topic}.py"), "--json", file.name]
        command += ["--long"] if long else []
        ended = True
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, process_group=0) as process:
            try:
                process.wait(None if math.isinf(seconds) else seconds)
            except subprocess.TimeoutExpired:
                ended = False
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGINT)  # it removes what it made
                    try:
                        process.wait(_GRACE)
                    except subprocess.TimeoutExpired:
                        os.killpg(process.pid, signal.SIGKILL)
        if ended and process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        content = Path(file.name).read_text()
        return [Row(**fields) for fields in json.loads(content or "[]")], ended


def main() -> int:
    """Print the table; return 1 if a topic failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=", ".join(topics()))
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--minutes", type=float, metavar="N", help="10 in the short form")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    minutes = options.minutes or (math.inf if options.long else SHORT_MINUTES)
    end = time.perf_counter() + 60 * minutes
    rows: list[Row] = []
    failed, unfinished = [], []
    for topic in options.topics or topics():
        start = time.perf_counter()
        left = max(0.0, end - start)
        try:
            found, ended = measure(topic, options.long, left)
            rows += found
            unfinished += [] if ended else [topic]
        except subprocess.CalledProcessError:
            failed.append(topic)
        print(f"{topic}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(machine(), table(rows), sep="\n\n")
    if failed:
        print(f"failed, without rows: {', '.join(failed)}", file=sys.stderr)
    if unfinished:
        print(f"not ended in {minutes:g} minutes: {', '.join(unfinished)}", file=sys.stderr)
    if options.out:
        form = "long" if options.long else "short"
        run = {
            "date": str(date.today()),
            "form": form,
            "machine": machine(),
            "failed": failed,
            "unfinished": unfinished,
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(run | {"table": table(rows)}, indent=1))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
