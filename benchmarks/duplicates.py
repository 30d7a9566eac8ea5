"""How often different photographs are taken for copies, and how often copies are found.

python benchmarks/duplicates.py FOLDER [FOLDER ...] > table.md

FOLDER holds different photographs. Each 7th of them is saved again in several ways.
"""

import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance

from embedbench.analysis.duplicates import duplicate_groups
from embedbench.data.images.decoding import THUMBNAIL_SIDE, open_rgb, thumbnail

STEP = 7
Change = Callable[[Image.Image], Image.Image]


def scaled(share: float, height: float = 1.0) -> Change:
    """Return a function that scales a picture, and its height once more."""

    def change(image: Image.Image) -> Image.Image:
        sides = round(image.width * share), round(image.height * share * height)
        return image.resize(sides, Image.Resampling.BICUBIC)

    return change


def cut(share: float) -> Change:
    """Return a function that cuts this share of each direction off, half on each side."""

    def change(image: Image.Image) -> Image.Image:
        x, y = (max(1, round(side * share / 2)) for side in image.size)
        return image.crop((x, y, image.width - x, image.height - y))

    return change


CHANGES: dict[str, tuple[Change, int]] = {
    "JPEG 75": (lambda image: image, 75),
    "JPEG 50": (lambda image: image, 50),
    "JPEG 20": (lambda image: image, 20),
    "half size": (scaled(0.5), 90),
    "quarter size": (scaled(0.25), 90),
    "a tenth brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.1), 90),
    "1 % cut off": (cut(0.01), 90),
    "2 % cut off": (cut(0.02), 90),
    "4 % cut off": (cut(0.04), 90),
    "a tenth lower": (scaled(1.0, 0.9), 90),
    "mirrored": (lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 90),
}


def shrunk(content: bytes) -> bytes:
    """Return the thumbnail that a comparison makes of a file."""
    return thumbnail(open_rgb(content, draft=(2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE)))


def saved(image: Image.Image, quality: int) -> bytes:
    """Return a JPEG file."""
    content = BytesIO()
    image.save(content, "JPEG", quality=quality)
    return content.getvalue()


def wilson_high(hits: int, count: int) -> float:
    """Return the upper end of the 95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, hits / count
    middle = share + z**2 / (2 * count)
    width = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return float((middle + width) / (1 + z**2 / count))


def main() -> None:
    """Print the tables."""
    files = sorted(file for folder in sys.argv[1:] for file in Path(folder).rglob("*.jpg"))
    contents = [file.read_bytes() for file in files]
    small = [shrunk(content) for content in contents]
    names = [f"{row:06d}" for row in range(len(files))]
    start = time.perf_counter()
    groups = duplicate_groups(names, small)
    seconds = time.perf_counter() - start
    sizes = np.bincount(groups)
    wrong, pairs = int((sizes * (sizes - 1) // 2).sum()), len(files) * (len(files) - 1) // 2
    print(f"{len(files)} photographs, {pairs:,} pairs: {wrong} taken for copies; ", end="")
    print(f"at most {wilson_high(wrong, pairs):.1e} of all pairs; {seconds:.1f} s\n")
    for group in np.flatnonzero(sizes > 1):
        print(*(files[row] for row in np.flatnonzero(groups == group)))
    rows = []
    chosen = range(0, len(files), STEP)
    for name, (change, quality) in CHANGES.items():
        copies = [shrunk(saved(change(open_rgb(contents[row])), quality)) for row in chosen]
        found = duplicate_groups([*names, *(f"c{row}" for row in chosen)], [*small, *copies])
        hits = [found[len(files) + place] == found[row] for place, row in enumerate(chosen)]
        rows.append({"change": name, "copies": len(hits), "found": np.mean(hits)})
    print(pd.DataFrame(rows).to_markdown(index=False, floatfmt=".2f"))


if __name__ == "__main__":
    main()
