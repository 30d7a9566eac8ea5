"""What is encoded beside the images as they are: corrupted copies, and images mixed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int

from embedbench.comparison.config import ComparisonConfig
from embedbench.data.dataset import Dataset
from embedbench.data.download import DownloadSettings, download_missing
from embedbench.data.images.augmentations import AugmentedImage, choose_augmented
from embedbench.data.images.corruptions import VECTOR_KINDS, Corruption
from embedbench.data.mixing import choose_mixed
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import Embedding
from embedbench.embedding.engine import Engine
from embedbench.embedding.worker import Item
from embedbench.encoder import Vectors
from embedbench.results.schema import FAILURE_COLUMNS

__all__ = ["Conditions", "read_conditions"]


@dataclass(frozen=True, eq=False)
class Conditions:
    """What is looked at beyond the images as they are.

    Attributes:
        corruptions: of images and of vectors.
        rows: the images that corrupted copies are made of.
        items: what is encoded for it beside the images: each corruption's copies together, then
            the mixed-in images.
        mixed: how many images are mixed in.
        remarks: what a person should know.
        vectors: by encoder, what it made of the items; none before they are read.
    """

    corruptions: tuple[Corruption, ...]
    rows: Int[np.ndarray, " sampled"]
    items: list[Item]
    mixed: int
    remarks: tuple[str, ...]
    vectors: Mapping[str, Float32[np.ndarray, "items dim"]]

    @property
    def of_images(self) -> list[Corruption]:
        """The corruptions for which images are encoded."""
        return [one for one in self.corruptions if one.kind not in VECTOR_KINDS]

    def read(
        self, embeddings: Mapping[str, Embedding], start: int, kept: Sequence[int]
    ) -> "Conditions":
        """Return the conditions with the vectors that the encoders made.

        Args:
            embeddings: of which the items are among the others.
            start: where they start there.
            kept: the rows of the images that are compared; the others are left out, and the rows
                renumbered.
        """
        place = {row: number for number, row in enumerate(kept)}
        there = np.array([row in place for row in self.rows.tolist()], dtype=bool)
        every = np.concatenate(
            [np.tile(there, len(self.of_images)), np.ones(self.mixed, dtype=bool)]
        )
        vectors = {
            name: found.others[start:][every]
            for name, found in embeddings.items()
            if len(found.others) > start
        }
        rows = np.array([place[row] for row in self.rows[there].tolist()], dtype=np.int64)
        return replace(self, rows=rows, vectors=vectors)

    def corrupted(self, encoder: str, corruption: Corruption) -> Vectors:
        """Return an encoder's vectors of the copies of one corruption; nan where there is none."""
        start = self.of_images.index(corruption) * len(self.rows)
        rows: Vectors = self.vectors[encoder][start : start + len(self.rows)]
        return rows

    def mixed_in(self, encoder: str) -> Vectors:
        """Return an encoder's vectors of the mixed-in images that it could encode."""
        rows = self.vectors[encoder][len(self.of_images) * len(self.rows) :]
        made: Vectors = rows[np.isfinite(rows).all(axis=1)]
        return made


def read_conditions(
    request: ComparisonConfig,
    dataset: Dataset,
    hashes: Sequence[str],
    engine: Engine,
    fetching: DownloadSettings,
) -> tuple[Conditions, pd.DataFrame]:
    """Return what is to be encoded beside the images, and what of it cannot be read."""
    chosen = choose_augmented(hashes, request.corrupted) if request.corruptions else []
    wanted = [one for one in request.corruptions if one.kind not in VECTOR_KINDS]
    copies = [
        AugmentedImage(dataset.sources[row], one.name, hashes[row])
        for one in wanted
        for row in chosen
    ]
    items: list[Item] = [(copy.store_key, copy) for copy in copies]
    failures, remarks, mixed = pd.DataFrame(columns=FAILURE_COLUMNS), [], 0
    if request.mix is not None:
        found = choose_mixed(request.mix, len(dataset), request.seeds[0])
        found, missed = download_missing(found, fetching)
        found, images, unread = scan_images(found, engine.store, engine.workers, engine.progress)
        failures = pd.concat([missed, unread], ignore_index=True)
        items += zip(images["hash"], found.sources, strict=True)
        mixed = len(found)
        asked = round(request.mix.share * len(dataset))
        if mixed < asked:
            remarks.append(f"only {mixed} of {asked} images are mixed in: there are no more")
    rows = np.array(chosen, dtype=np.int64)
    return Conditions(request.corruptions, rows, items, mixed, tuple(remarks), {}), failures
