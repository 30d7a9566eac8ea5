"""Read the labelled images of folders, archives and tables that their publishers made."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits

from embedbench.data.images.decoding import open_rgb

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif"}
EMOJI = {
    "Animals & Nature", "Flags", "Food & Drink", "Objects", "Smileys & Emotion", "Symbols",
    "Travel & Places", "Activities",
}  # fmt: skip
CELLS = {1: "neutrophil", 2: "lymphocyte", 3: "monocyte", 4: "eosinophil"}

Labelled = Iterator[tuple[str, Path | Image.Image]]
"""Labels with images, or with files that are opened only if they are wanted."""


def folders(root: Path, names: Iterable[str] = ()) -> Labelled:
    """Yield the images of these subfolders, or of all; the label is the name of the folder."""
    _require(root)
    found = names or sorted(
        path.name for path in root.iterdir() if path.is_dir() and path.name[0] != "."
    )
    return matching(root, {Path(name).name: f"{name}/**/*" for name in found})


def matching(root: Path, patterns: Mapping[str, str], names: str = ".*") -> Labelled:
    """Yield the images of each label's pattern in a seeded random order.

    Args:
        root: folder.
        patterns: glob patterns of files in it, by label.
        names: regular expression of the names of the files.
    """
    _require(root)
    for label, pattern in patterns.items():
        files = [
            file
            for file in sorted(root.glob(pattern))
            if file.suffix.lower() in SUFFIXES and re.fullmatch(names, file.name)
        ]
        if not files:
            raise FileNotFoundError(f"no image at '{root / pattern}'")
        for number in np.random.default_rng(0).permutation(len(files)):
            yield label, files[number]


def _require(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder '{folder}'")


def table(folder: Path, labels: str) -> Labelled:
    """Yield the images that the table beside the folder has."""
    for file, label in pd.read_csv(folder.parent / labels).itertuples(index=False):
        yield str(label), folder / str(file)


def digits() -> Labelled:
    """Yield the handwritten digits of scikit-learn."""
    found = load_digits()
    for pixels, label in zip(found.images, found.target, strict=True):
        yield str(label), _grey((pixels / 16 * 255).astype(np.uint8), 64)


def fashion(folder: Path) -> Labelled:
    """Yield the test images of Fashion-MNIST."""
    pixels = np.frombuffer(gzip.open(folder / "t10k-images-idx3-ubyte.gz").read(), np.uint8)
    labels = np.frombuffer(gzip.open(folder / "t10k-labels-idx1-ubyte.gz").read(), np.uint8)
    for image, label in zip(pixels[16:].reshape(-1, 28, 28), labels[8:], strict=True):
        yield str(label), _grey(image, 112)


def _grey(pixels: np.ndarray, side: int) -> Image.Image:
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC).convert("RGB")


def emoji(package: Path) -> Labelled:
    """Yield the emoji of the npm package; the label is the first word of their category."""
    records = json.loads((package / "emoji.json").read_text(encoding="utf-8"))
    for number in np.random.default_rng(0).permutation(len(records)):
        record = records[number]
        file = package / "img/twitter/64" / record["image"]
        if record["category"] in EMOJI and file.is_file():
            yield record["category"].split()[0].lower(), file


def characters(archive: Path, alphabet: str, count: int) -> Labelled:
    """Yield the drawings of the first characters of one alphabet of Omniglot."""
    with ZipFile(archive) as content:
        names = [name for name in sorted(content.namelist()) if name.endswith(".png")]
        for name in names:
            _, found, character, _ = name.split("/")
            if found == alphabet and int(character.removeprefix("character")) <= count:
                yield character, open_rgb(content.read(name))


def cells(root: Path) -> Labelled:
    """Yield the first set of white blood cells, without its one basophil."""
    labels = pd.read_csv(root / "Class Labels of Dataset 1.csv")
    for number, label in labels.itertuples(index=False):
        if label in CELLS:
            yield CELLS[label], root / "Dataset 1" / f"{number:03d}.bmp"
