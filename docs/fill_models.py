"""Fill the table of docs/reference/models.md from a run of `make models`.

python docs/fill_models.py build/models.csv
"""

import importlib.metadata
import sys
from pathlib import Path

import pandas as pd
from blocks import fill

__all__ = ["table"]

PAGE = Path(__file__).parent / "reference" / "models.md"
DISTRIBUTIONS = {
    "Keras": "keras",
    "OpenCLIP": "open-clip-torch",
    "timm": "timm",
    "torchvision": "torchvision",
    "transformers": "transformers",
}


def table(rows: pd.DataFrame) -> str:
    """Return a table of the libraries, and below it the exceptions with their reasons.

    Args:
        rows: columns `library`, `model`, `cosine`, `reason`; either of the last two is missing.
    """
    lines = [
        "| library | version | models | least cosine | of | exceptions |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    exceptions = []
    for library, of_library in rows.groupby("library"):
        cosines = of_library.dropna(subset=["cosine"]).groupby("model")["cosine"].min()
        reasons = of_library.dropna(subset=["reason"]).groupby("model")["reason"].first()
        version = importlib.metadata.version(DISTRIBUTIONS[str(library)])
        least = f"{cosines.min():.7f} | {cosines.idxmin()}" if len(cosines) else " | "
        lines.append(f"| {library} | {version} | {len(cosines)} | {least} | {len(reasons)} |")
        by_reason = reasons.reset_index().groupby("reason")["model"].agg(", ".join)
        exceptions += [f"- {library}: {models}: {reason}" for reason, models in by_reason.items()]
    below = ["", "Exceptions:", "", *exceptions] if exceptions else []
    return "\n".join(lines + below)


def main() -> None:
    """Write the page with its table filled."""
    names = ["library", "model", "cosine", "reason"]
    rows = pd.read_csv(sys.argv[1], header=None, names=names)
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), "models", table(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
