"""Start-up time of the program, compared with an empty Python.

python benchmarks/start_up.py [--long]
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

from measure import Row, at_most, interleaved, run, spread, told

PROGRAM = str(Path(sys.executable).with_name("embedbench"))
COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "help": [PROGRAM, "--help"],
    "encoders": [PROGRAM, "encoders"],
}


def rows(short: bool) -> list[Row]:
    call = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL)
    ways = {name: partial(call, command) for name, command in COMMANDS.items()}
    for way in ways.values():  # the files are read from the disk once
        way()
    seconds = interleaved(ways, 7 if short else 40)
    more = {
        name: spread([a - b for a, b in zip(seconds[name], seconds["python"], strict=True)])
        for name in ("help", "encoders")
    }
    against = "beyond `python -c pass`"
    return [
        at_most(f"`embedbench --help` {against}", 0.25, more["help"], "seconds"),
        told(f"`embedbench encoders` {against}", more["encoders"], "seconds"),
    ]


if __name__ == "__main__":
    run(rows)
