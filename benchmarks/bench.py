"""Run all benchmarks, or the named ones, one after the other, each in its own process.

python benchmarks/bench.py [--long] [--out RESULTS.json] [TOPIC ...]

A topic is a script in this folder with a function `rows(short)`. Put the results of a whole run
into the page with `python docs/fill_performance.py RESULTS.json`; `make bench` does both.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from measure import Row, machine, table

HERE = Path(__file__).parent


def topics() -> list[str]:
    """Return the names of the scripts that have rows."""
    return sorted(path.stem for path in HERE.glob("*.py") if "\ndef rows(" in path.read_text())


def measure(topic: str, long: bool) -> list[Row]:
    """Return a topic's rows, measured in a new process.

    Raises:
        CalledProcessError: the topic failed; its traceback is on standard error.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, str(HERE / f"{topic}.py"), "--json", file.name]
        command += ["--long"] if long else []
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return [Row(**fields) for fields in json.loads(Path(file.name).read_text())]


def main() -> int:
    """Print the table; return 1 if a topic failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=", ".join(topics()))
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows: list[Row] = []
    failed = []
    for topic in options.topics or topics():
        start = time.perf_counter()
        try:
            rows += measure(topic, options.long)
        except subprocess.CalledProcessError:
            failed.append(topic)
        print(f"{topic}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(machine(), table(rows), sep="\n\n")
    if failed:
        print(f"failed, without rows: {', '.join(failed)}", file=sys.stderr)
    if options.out:
        form = "long" if options.long else "short"
        run = {"date": str(date.today()), "form": form, "machine": machine(), "failed": failed}
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(run | {"table": table(rows)}, indent=1))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
