"""How often the name of a cluster is right, and how many clusters get one.

python benchmarks/cluster_names.py [CALTECH_FOLDER] > table.md

The sample photographs with the words of the demo, and 20 classes of Caltech-101 in folders of
their names, if there is a folder, with words of several kinds. K-means at several numbers of
clusters and seeds, in the vectors of each encoder; `conse` reads the words. A name is right if it
is that of the commonest class of its cluster and half of the images are of that class. Beside the
rule stand two others: the best word always, and the paired t-test over images alone. About 3
minutes on two cores.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t
from sklearn.preprocessing import normalize

from embedbench.analysis.cluster_naming import image_text_similarity, name_clusters, prompts_for
from embedbench.analysis.duplicates import duplicate_groups
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.data.images.decoding import open_rgb
from embedbench.data.sample_photos import WORDS, write_samples
from embedbench.encoder import TextEncoder
from embedbench.encoders.registry import create_encoder
from photographs import ASSETS

ENCODERS, SEEDS = ("timm", "timm:tf_efficientnet_lite2", "conse"), 3
NAMER, DATA = "conse", "caltech101_subset"
RULES = ("best word", "t-test", "rule")

SAMPLES = {
    "astronaut": "astronaut", "brick": "bricks", "cameraman": "man with a camera",
    "cat": "cat", "clock": "clock", "coffee": "cup of coffee", "coins": "coins",
    "flower": "flower", "galaxies": "stars", "grass": "grass", "gravel": "stones", "moon": "moon",
    "motorcycle": "motorcycle", "page": "book page", "retina": "eye", "rocket": "rocket",
    "temple": "temple", "tissue": "body tissue",
}  # fmt: skip
CALTECH = {
    "Leopards": "leopard", "Motorbikes": "motorbike", "airplanes": "airplane",
    "bonsai": "bonsai tree", "butterfly": "butterfly", "car_side": "car",
    "chandelier": "chandelier", "dalmatian": "dalmatian", "dragonfly": "dragonfly",
    "elephant": "elephant", "grand_piano": "grand piano", "hawksbill": "sea turtle",
    "helicopter": "helicopter", "ketch": "sailing boat", "laptop": "laptop",
    "scorpion": "scorpion", "starfish": "starfish", "sunflower": "sunflower",
    "umbrella": "umbrella", "watch": "wristwatch",
}  # fmt: skip
OTHERS = (
    "cup of coffee", "chair", "person", "house", "mountain", "fish", "telephone", "guitar",
    "pizza", "bird", "book", "dog",
)  # fmt: skip
COARSE = {
    "animal": "Leopards butterfly dalmatian dragonfly elephant hawksbill scorpion starfish",
    "food": "", "vehicle": "Motorbikes airplanes car_side helicopter ketch",
    "musical instrument": "grand_piano", "furniture": "chandelier grand_piano",
    "plant": "bonsai sunflower", "electronic device": "laptop watch",
    "clothing": "umbrella watch", "building": "", "person": "", "landscape": "",
    "object": "chandelier grand_piano laptop umbrella watch",
}  # fmt: skip


@dataclass(frozen=True)
class Pictures:
    """Labelled pictures: their classes, groups of copies, and vectors by encoder."""

    labels: np.ndarray
    groups: np.ndarray
    vectors: dict[str, np.ndarray]

    @classmethod
    def read(cls, folder: Path) -> "Pictures":
        """Read a folder of folders and encode it."""
        files = sorted(folder.glob("*/*.jpg"))
        contents = [file.read_bytes() for file in files]
        images = [open_rgb(content) for content in contents]
        vectors = {name: create_encoder(name).encode(images) for name in ENCODERS}
        groups = duplicate_groups(
            [hashlib.sha256(content).hexdigest() for content in contents], contents
        )
        return cls(np.array([file.parent.name for file in files]), groups, vectors)


def counts(
    pictures: Pictures, words: Sequence[str], truth: dict[str, set[str]], k: int
) -> dict[str, np.ndarray]:
    """Return by rule how many names are right, how many there are, and how many clusters."""
    reader = create_encoder(NAMER)
    assert isinstance(reader, TextEncoder)
    texts = np.asarray(reader.encode_texts(prompts_for(words)))
    fits = image_text_similarity(pictures.vectors[NAMER], texts)
    found = {rule: np.zeros(3, int) for rule in RULES}
    for vectors in pictures.vectors.values():
        for fit in fit_kmeans(normalize(vectors), [(k, seed) for seed in range(SEEDS)]):
            names = name_clusters(fits, words, fit.labels, pictures.groups)
            for cluster, name in names.items():
                members = fit.labels == cluster
                right = truth.get(commonest(pictures.labels[members]), set())
                alone = name.best if leads(fits[members]) else ""
                for rule, given in zip(RULES, (name.best, alone, name.name), strict=True):
                    found[rule] += [given in right, given != "", True]
    return found


def commonest(labels: np.ndarray) -> str:
    """Return the label of at least half of the images; "" without one."""
    values, sizes = np.unique(labels, return_counts=True)
    return str(values[sizes.argmax()]) if 2 * sizes.max() >= len(labels) else ""


def leads(fits: np.ndarray) -> bool:
    """Return whether the best word leads every other by a one-sided paired t-test over images."""
    best, *others = np.argsort(-fits.mean(axis=0))
    ahead = fits[:, [best]] - fits[:, others]
    error = ahead.std(axis=0, ddof=1) / np.sqrt(len(fits)) if len(fits) > 2 else np.inf
    return bool((ahead.mean(axis=0) > t.ppf(0.95, max(len(fits) - 1, 1)) * error).all())


def cases(caltech: Path) -> Iterator[tuple[str, Pictures, list[str], dict[str, set[str]], int]]:
    """Yield what is named: its title, the pictures, the words, the truth, and k."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = Pictures.read(write_samples(Path(folder)))
    yield "samples, 18 clusters", pictures, list(WORDS), singles(SAMPLES), 18
    if not caltech.is_dir():
        return
    pictures, own = Pictures.read(caltech), list(CALTECH.values())
    for k in (20, 10, 40):
        yield f"Caltech-101, {k} clusters", pictures, [*own, *OTHERS], singles(CALTECH), k
    half = [*own[::2], *OTHERS]
    yield "Caltech-101, words for half of the classes", pictures, half, singles(CALTECH), 20
    kinds = {name: {word for word, of in COARSE.items() if name in of.split()} for name in CALTECH}
    yield "Caltech-101, kinds of things", pictures, list(COARSE), kinds, 20


def singles(words: dict[str, str]) -> dict[str, set[str]]:
    """Return the one right word of each class as a set."""
    return {label: {word} for label, word in words.items()}


def main() -> None:
    """Print the table."""
    rows = []
    for title, pictures, words, truth, k in cases(
        Path(sys.argv[1]) if sys.argv[1:] else ASSETS / DATA
    ):
        row: dict[str, object] = {"pictures": title}
        for rule, (right, named, clusters) in counts(pictures, words, truth, k).items():
            row[f"{rule}: right"] = f"{right / max(named, 1):.2f}"
            row[f"{rule}: named"] = f"{named / clusters:.2f}"
        rows.append(row)
        print(row, file=sys.stderr)
    print(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
