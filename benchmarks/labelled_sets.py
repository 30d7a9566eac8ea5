"""Write the labelled sets for the benchmark of the verdict as folders of small images.

python benchmarks/labelled_sets.py OUT --assets ASSETS --debian / --emoji PACKAGE

Sources: `caltech`, `openimages`: a folder of assets; `samples`, `digits`: nothing;
`fashion`, `stamps`, `clipart`: the Debian packages dataset-fashion-mnist,
tuxpaint-stamps-default and openclipart-png; `emoji`: the npm package emoji-datasource-twitter,
unpacked. A set without its source is left out with a message.
"""

import argparse
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits

from embedbench.data.images.decoding import open_rgb
from embedbench.data.sample_photos import write_samples
from embedbench.errors import ImageError

SHARE = Path("usr/share")
STAMPS = {
    "animals": "animals", "food": "food", "household": "household", "letters": "symbols/alphabets",
    "money": "symbols/money", "plants": "plants", "seasonal": "seasonal", "town": "town",
    "vehicles": "vehicles",
}  # fmt: skip
CLIPART = {
    "beverages": "food/beverages", "birds": "animals/birds", "bugs": "animals/bugs",
    "clocks": "signs_and_symbols/clocks", "desserts": "food/desserts",
    "flags": "signs_and_symbols/flags", "fruit": "food/fruit", "mammals": "animals/mammals",
    "roadsigns": "transportation/roadsigns", "vehicles": "transportation/vehicles",
}  # fmt: skip
EMOJI = {
    "Animals & Nature", "Flags", "Food & Drink", "Objects", "Smileys & Emotion", "Symbols",
    "Travel & Places", "Activities",
}  # fmt: skip

Labelled = Iterator[tuple[str, Image.Image]]


def main() -> None:
    """Write the sets whose sources are available."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument(
        "--debian", type=Path, default=Path("/"), help="root folder of the packages"
    )
    parser.add_argument("--emoji", type=Path, default=Path("package"), help="the npm package")
    options = parser.parse_args()
    images, share = options.assets / "images", options.debian / SHARE
    sources: dict[str, Callable[[], Labelled]] = {
        "caltech": lambda: _folder(images / "caltech101_subset"),
        "openimages": lambda: _table(images / "openimages_100", "openimages_100_labels.csv"),
        "samples": lambda: _folder(write_samples(options.out.parent / "samples")),
        "digits": _digits,
        "fashion": lambda: _fashion(share / "datasets/fashion-mnist"),
        "stamps": lambda: _classes(share / "tuxpaint/stamps", STAMPS),
        "clipart": lambda: _classes(share / "openclipart/png", CLIPART),
        "emoji": lambda: _emoji(options.emoji),
    }
    most = {"caltech": 10, "samples": 8, "openimages": 100}
    for name, source in sources.items():
        try:
            count = _write(options.out / name, source(), most.get(name, 20))
            print(f"{name}: {count} images")
        except OSError as error:
            print(f"{name}: left out: {error}")


def _write(folder: Path, labelled: Labelled, most: int) -> int:
    """Write at most `most` images of each class, at most 512 pixels a side; return their number."""
    counts: dict[str, int] = {}
    for label, image in labelled:
        number = counts.setdefault(label, 0)
        if number < most:
            (folder / label).mkdir(parents=True, exist_ok=True)
            image.thumbnail((512, 512))
            image.save(folder / label / f"{number:03d}.png")
            counts[label] += 1
    return sum(counts.values())


def _folder(folder: Path) -> Labelled:
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    return _classes(folder, {path.name: path.name for path in sorted(folder.iterdir())})


def _classes(folder: Path, classes: dict[str, str]) -> Labelled:
    """Yield the images of each class's folder in a seeded random order."""
    for label, part in classes.items():
        if not (folder / part).is_dir():
            raise FileNotFoundError(folder / part)
        files = [p for p in sorted((folder / part).rglob("*")) if p.suffix in (".png", ".jpg")]
        for number in np.random.default_rng(0).permutation(len(files)):
            try:
                image = open_rgb(files[number].read_bytes())
            except ImageError:
                continue
            yield label, image


def _table(folder: Path, labels: str) -> Labelled:
    for file, label in pd.read_csv(folder.parent / labels).itertuples(index=False):
        yield str(label), open_rgb((folder / str(file)).read_bytes())


def _digits() -> Labelled:
    found = load_digits()
    for pixels, label in zip(found.images, found.target, strict=True):
        yield str(label), _grey((pixels / 16 * 255).astype(np.uint8), 64)


def _fashion(folder: Path) -> Labelled:
    pixels = np.frombuffer(gzip.open(folder / "t10k-images-idx3-ubyte.gz").read(), np.uint8)
    labels = np.frombuffer(gzip.open(folder / "t10k-labels-idx1-ubyte.gz").read(), np.uint8)
    for image, label in zip(pixels[16:].reshape(-1, 28, 28), labels[8:], strict=True):
        yield str(label), _grey(image, 112)


def _grey(pixels: np.ndarray, side: int) -> Image.Image:
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC).convert("RGB")


def _emoji(package: Path) -> Labelled:
    records = json.loads((package / "emoji.json").read_text(encoding="utf-8"))
    for number in np.random.default_rng(0).permutation(len(records)):
        record = records[number]
        file = package / "img/twitter/64" / record["image"]
        if record["category"] in EMOJI and file.is_file():
            yield record["category"].split()[0].lower(), open_rgb(file.read_bytes())


if __name__ == "__main__":
    main()
