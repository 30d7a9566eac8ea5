"""Where the repository is, and cases that stand beside it."""

from pathlib import Path

__all__ = ["CASES", "ROOT"]

ROOT = Path(__file__).parents[2]
"""Where the repository is."""

CASES = ROOT.parent / "shared" / "cases"
"""Cases that are no part of the repository; tests of them are skipped where they are not."""
