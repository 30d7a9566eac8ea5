"""What sweeps over the models of a library share: photographs, and a record of each cosine.

With the variable `MODELS_CSV` each model is a row of that file: `library,model,cosine,reason`;
`docs/fill_models.py` makes a table of it.
"""

import csv
import os
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["least_cosine", "photographs", "record_cosine", "record_exception"]


def photographs(count: int, size: tuple[int, int] = (300, 260)) -> list[Image.Image]:
    """Return different parts of scikit-learn's two photographs, at this size."""
    random = np.random.default_rng(0)
    parts = []
    for number in range(count):
        photograph = _loaded()[number % 2]
        left, top = int(random.integers(0, 200)), int(random.integers(0, 100))
        part = photograph.crop((left, top, left + 400, top + 300))
        parts.append(part.resize(size, Image.Resampling.BICUBIC))
    return parts


@cache
def _loaded() -> list[Image.Image]:
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(pixels) for pixels in load_sample_images().images]


def least_cosine(rows: np.ndarray, others: np.ndarray) -> float:
    """Return the least cosine of two arrays' rows."""
    left, right = rows.astype(np.float64), others.astype(np.float64)
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return float(((left * right).sum(axis=1) / lengths).min())


def record_cosine(library: str, model: str, cosine: float) -> None:
    """Record the least cosine between our vectors of a model and the library's."""
    _append(library, model, f"{cosine:.8f}", "")


def record_exception(library: str, model: str, reason: str) -> None:
    """Record a model that is refused or not tried, and why."""
    _append(library, model, "", reason)


def _append(*cells: str) -> None:
    if path := os.environ.get("MODELS_CSV"):
        line = StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # One write of one line: several processes append to the file.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line.getvalue().encode())
        os.close(descriptor)
