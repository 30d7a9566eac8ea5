"""Fill a table of docs/performance/index.md from a run of the benchmarks, short or long.

python docs/fill_performance.py RESULTS.json
"""

import json
import sys
from pathlib import Path
from typing import Any

from blocks import fill

PAGE = Path(__file__).parent / "performance" / "index.md"


def results(run: dict[str, Any]) -> str:
    """Return the table, with the machine and the day over it."""
    heading = f"{run['date']}, {run['form']} form. {run['machine']}."
    if run["failed"]:
        heading += f" Failed, so without rows: {', '.join(run['failed'])}."
    if run["unfinished"]:
        heading += f" Not reached in the time: {', '.join(run['unfinished'])}."
    return f"{heading}\n\n{run['table']}"


def main() -> None:
    """Write the page with the block of the run's form filled."""
    run = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(fill(page, run["form"], results(run)), encoding="utf-8")


if __name__ == "__main__":
    main()
