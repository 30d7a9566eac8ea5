"""Try changes of four strengths, and halves of a picture, as signals for the choice of an encoder.

python benchmarks/graded_views.py SETS BANK DRAWS OUT --assets ASSETS [--wheels WHEELS] [--count 10]

The changed images of BANK (see `verdict_bank.py`) are cropped and coloured anew, each in four
strengths, and cut into two halves, for the cheaper encoders and for the first sets in the order of
the bank. OUT/views/SET.safetensors is a bank of these. DRAWS is what `signal_candidates.py` wrote;
OUT/draws has the same draws of these encoders with the new candidates, which are then judged in
the same way. About two minutes a set on one core.
"""

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance
from safetensors.numpy import load_file, save
from threadpoolctl import threadpool_limits

from candidate_report import report, with_signals
from embedbench.data.images.decoding import open_rgb
from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.encoder import Encoder
from embedbench.io.atomic import write_atomic
from embedbench.io.store import Store
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.metrics.embedding.consistency import cluster_retention
from signal_candidates import RUNS
from verdict_bank import IMAGES, ORDER, Workers, spread
from verdict_draws import Arrays, drawn_bank
from verdict_encoders import PARTS
from verdict_networks import encoders
from verdict_sets import Views, directions

CHEAP = (
    "plain colours", "pixels", "lite0 stages", "mobilenet stages", "squeezenet", "keras",
    "characters", "text line", "text detector",
)  # fmt: skip
CROPS, COLOURS, HALVES = (0.9, 0.75, 0.6, 0.45), (0.1, 0.2, 0.4, 0.6), 2
"""Share of each side that a crop leaves; by how much colours change; pieces of an image."""

GRADED = (
    *(f"crop to {share} kept" for share in CROPS),
    *(f"colour by {strength} kept" for strength in COLOURS),
    "mean of the crops", "mean of the colours", "fall over the crops", "fall over the colours",
    "halves find each other", "halves in one cluster",
)  # fmt: skip
"""The candidates."""


def changed(image: Image.Image, key: str) -> list[Image.Image]:
    """Return the crops, the weakest first, the same of colours, and the two halves."""
    random = np.random.default_rng(int(hashlib.sha256(key.encode()).hexdigest()[:16], 16))
    across, down, *tint = random.uniform(size=5)
    found = []
    for share in CROPS:
        width, height = (max(1, round(share * side)) for side in image.size)
        left, top = round(across * (image.width - width)), round(down * (image.height - height))
        found.append(image.crop((left, top, left + width, top + height)))
    for strength in COLOURS:
        bands = ImageEnhance.Color(image).enhance(1 - strength).split()
        gains = [1 + strength * (2 * one - 1) for one in tint]
        moved = [
            band.point([min(255, round(gain * value)) for value in range(256)])
            for band, gain in zip(bands, gains, strict=True)
        ]
        found.append(Image.merge("RGB", moved))
    width, height = image.size
    is_wide = width >= height
    middle = (width if is_wide else height) // 2
    first = (0, 0, middle, height) if is_wide else (0, 0, width, middle)
    second = (middle, 0, width, height) if is_wide else (0, middle, width, height)
    return [*found, image.crop(first), image.crop(second)]


def encoded(
    folder: Path, bank: Path, pool: Mapping[str, Encoder], workers: Workers, store: Store
) -> Arrays:
    """Return the arrays of a set's bank with these views in place of the bank's copies."""
    kept, dataset = load_file(bank / f"{folder.name}.safetensors"), read_dataset(folder)
    codes = dataset.truth_codes()
    assert codes is not None
    sources = [dataset.sources[row] for row in spread(codes[0], IMAGES)]
    views = []
    for row in kept["rows"]:
        content = read_source(sources[row])
        key = content_hash(content)
        for place, view in enumerate(changed(open_rgb(content), key)):
            views.append((hashlib.sha256(f"graded {place} {key}".encode()).hexdigest(), view))
    arrays = {"rows": kept["rows"], "truth": kept["truth"]}
    for name, encoder in pool.items():
        table, told = workers.encode(encoder, dict(views), store).result()
        for part, columns in PARTS.get(name, {name: slice(None)}).items():
            width = np.arange(table.shape[1])[columns].size
            found = table[:, columns].reshape(len(kept["rows"]), -1, width).swapaxes(0, 1)
            arrays[part] = kept[part]
            arrays[f"{part}/changed"] = np.ascontiguousarray(found, np.float16)
        print(f"{folder.name} {name}: {told}", flush=True)
    return arrays


def of_views(views: Views, rows: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the candidates of one encoder.

    Args:
        views: copies in the order of `changed`.
        rows: of the images that have copies.
        labels: partitions of the images, by k and seed.
    """
    kept = [
        cluster_retention(views.images, labels, copy[None], rows).mean
        for copy in views.copies[:-HALVES]
    ]
    crops, colours = np.array(kept[: len(CROPS)]), np.array(kept[len(CROPS) :])
    one, other = (directions(copies) for copies in views.copies[-HALVES:])
    cosines = one @ other.T
    found = [cosines.argmax(axis=axis) == np.arange(len(rows)) for axis in (0, 1)]
    values = [
        *kept, crops.mean(), colours.mean(), crops[-1] - crops[0], colours[-1] - colours[0],
        np.mean(found), halves_together(directions(views.images), one, other, labels),
    ]  # fmt: skip
    return dict(zip(GRADED, map(float, values), strict=True))


def halves_together(
    images: np.ndarray, one: np.ndarray, other: np.ndarray, labels: np.ndarray
) -> float:
    """Return the AMI between the clusters that the first halves and the second halves fall into.

    Where all halves fall into one cluster, that says nothing, and counts as 0.
    """
    found = []
    for own in labels.reshape(-1, labels.shape[-1]):
        means = np.array([images[own == cluster].mean(axis=0) for cluster in np.unique(own)])
        lengths = (means**2).sum(axis=1)
        first, second = ((lengths - 2 * half @ means.T).argmin(axis=1) for half in (one, other))
        found.append(ami_score(first[None].astype(np.int32), second).mean)
    return float(np.nan_to_num(found).mean())


def drawn(file: Path, draw: Path) -> Arrays:
    """Return a draw with only the encoders of a graded bank, and the new candidates.

    Args:
        file: the set in the graded bank.
        draw: as `signal_candidates.py` wrote it.
    """
    arrays = dict(np.load(draw, allow_pickle=False))
    bank = drawn_bank(file, int(draw.stem.rsplit("_", 1)[1]))
    names = arrays["names"].tolist()
    some = np.array([place for place, name in enumerate(names) if name in bank.views])
    labels = arrays["labels"][some].astype(np.int32)
    alone = [
        of_views(bank.views[names[place]], bank.rows, own)
        for place, own in zip(some, labels, strict=True)
    ]
    kept: Arrays = {"names": arrays["names"][some], "ks": arrays["ks"]}
    for name in ("partitions", "cka"):
        kept[name] = arrays[name][np.ix_(some, some)]
    kept |= {name: arrays[name][some] for name in ("ami", "clusters kept")}
    return kept | {name: np.array([own[name] for own in alone]) for name in GRADED}


def main() -> None:
    """Encode, draw, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("sets", "bank", "draws", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--count", type=int, default=10, help="number of sets")
    asked = parser.parse_args()
    views, draws = asked.out / "views", asked.out / "draws"
    views.mkdir(parents=True, exist_ok=True)
    draws.mkdir(exist_ok=True)
    pool = encoders(asked.assets, asked.wheels, asked.out / "networks")
    pool = {name: pool[name] for name in CHEAP if name in pool}
    workers, store = Workers(), Store(asked.out / "store")
    there = [name for name in ORDER if (asked.bank / f"{name}.safetensors").exists()]
    for name in there[: asked.count]:
        file = views / f"{name}.safetensors"
        if not file.exists():
            arrays = encoded(asked.sets / name, asked.bank, pool, workers, store)
            write_atomic(file, save(arrays))
        for draw in sorted(asked.draws.glob(f"{name}_*.npz")):
            with threadpool_limits(1):
                np.savez(draws / draw.name, allow_pickle=False, **drawn(file, draw))
    report(with_signals(draws, RUNS, GRADED), GRADED)


if __name__ == "__main__":
    main()
