"""Fill the tables of docs/explanation/verdict.md from a run of the benchmark of the verdict.

python docs/fill_verdict.py TABLES.md
"""

import sys
from pathlib import Path

from blocks import fill

PAGE = Path(__file__).parent / "explanation" / "verdict.md"


def main() -> None:
    """Write the page with its block filled."""
    tables = Path(sys.argv[1]).read_text(encoding="utf-8").strip()
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), "verdict", tables), encoding="utf-8")


if __name__ == "__main__":
    main()
