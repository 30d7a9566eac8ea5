"""Extra images, encoded in addition to those compared: augmented, corrupted and mixed in.

They are encoded in one list, in blocks that have names; nobody needs to know their order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from jaxtyping import Int

from embedbench.analysis.label_free import AugmentedViews
from embedbench.comparison.config import ComparisonConfig
from embedbench.comparison.verdicts.few_labels import FEW_LABELS
from embedbench.data.dataset import Dataset
from embedbench.data.depth.survey import with_renderings
from embedbench.data.downloads.download import DownloadSettings, download_missing
from embedbench.data.images.augmentations import AUGMENTATIONS, AugmentedImage, choose_augmented
from embedbench.data.images.corruptions import VECTOR_KINDS
from embedbench.data.mixing import choose_mixed
from embedbench.data.scan import scan_images
from embedbench.embedding.engine import Engine
from embedbench.embedding.result import Embedding
from embedbench.embedding.worker import Item
from embedbench.encoder import Vectors
from embedbench.results.schema import FAILURE_COLUMNS

__all__ = ["AUGMENTED", "Block", "CORRUPTED", "ExtraImages", "MIXED", "plan_extra_images"]

Block = tuple[str, ...]
"""Name of a block: its kind and, of augmented and corrupted images, what was done to them."""

AUGMENTED, CORRUPTED, MIXED = "augmented", "corrupted", "mixed"

COPIES = 100
"""How many images are augmented where there are no labels, or few."""


Rows = Int[np.ndarray, " sampled"]


def _no_failures() -> pd.DataFrame:
    return pd.DataFrame(columns=FAILURE_COLUMNS)


@dataclass(frozen=True, eq=False)
class ExtraImages:
    """Images that are encoded in addition to those compared, in named blocks.

    Attributes:
        items: all of them, for `embed`.
        blocks: by name, where the block's images are in `items`: `("augmented", "crop")`,
            `("corrupted", "noise:3")`, `("mixed",)`.
        rows: by kind, the images that each block of the kind is made of; nothing for `mixed`.
        failures: mixed-in images that could not be read, as in `Results.failures`.
        remarks: what the reader should know.
    """

    items: tuple[Item, ...]
    blocks: Mapping[Block, Int[np.ndarray, " block"]]
    rows: Mapping[str, Rows]
    failures: pd.DataFrame = field(default_factory=_no_failures)
    remarks: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no such image."""
        return not any(map(len, self.blocks.values()))

    def without(self, kind: str) -> "ExtraImages":
        """Return those of other kinds."""
        return replace(
            self, blocks={name: at for name, at in self.blocks.items() if name[0] != kind}
        )

    def vectors(self, embedding: Embedding, block: Block) -> Vectors | None:
        """Return an encoder's vectors of a block, nan for images that could not be encoded.

        None if there is no such block, or the encoder looks its vectors up and has none of it.
        """
        if block not in self.blocks or not len(embedding.others):
            return None
        return np.asarray(embedding.others[self.blocks[block]])

    def augmented(self, embedding: Embedding) -> AugmentedViews | None:
        """Return an encoder's vectors of the augmented images; None where it has none."""
        vectors = [self.vectors(embedding, (AUGMENTED, name)) for name in AUGMENTATIONS]
        views = [view for view in vectors if view is not None and len(view)]
        if not views:
            return None
        return AugmentedViews(np.stack(views), self.rows[AUGMENTED])

    def keep(self, rows: Sequence[int]) -> "ExtraImages":
        """Return those made of these rows of the images, renumbered; mixed-in images stay.

        The items stay as they are, so that embeddings of all of them can still be read.
        """
        numbers = {row: number for number, row in enumerate(rows)}
        masks = {
            kind: np.array([row in numbers for row in made_of.tolist()], dtype=bool)
            for kind, made_of in self.rows.items()
        }
        blocks = {
            name: positions[masks[name[0]]] if name[0] in masks else positions
            for name, positions in self.blocks.items()
        }
        renumbered = {
            kind: np.array([numbers[row] for row in made_of[masks[kind]].tolist()], dtype=np.int64)
            for kind, made_of in self.rows.items()
        }
        return replace(self, blocks=blocks, rows=renumbered)


def plan_extra_images(
    config: ComparisonConfig,
    dataset: Dataset,
    hashes: Sequence[str],
    engine: Engine,
    downloads: DownloadSettings,
) -> ExtraImages:
    """Return the extra images of a comparison; those to mix in are downloaded and scanned.

    Args:
        config: how many, and which.
        dataset: the images compared.
        hashes: of their bytes.
        engine: where extra images are scanned.
        downloads: how images to mix in are downloaded.
    """
    augmented = choose_augmented(hashes, _copies(config, dataset))
    corrupted = choose_augmented(hashes, config.corrupted) if config.corruptions else []
    rows = {AUGMENTED: augmented} | ({CORRUPTED: corrupted} if config.corruptions else {})
    changes: dict[Block, str] = {(AUGMENTED, name): name for name in AUGMENTATIONS}
    changes |= {
        (CORRUPTED, corruption.name): corruption.name
        for corruption in config.corruptions
        if corruption.kind not in VECTOR_KINDS
    }
    parts: dict[Block, list[Item]] = {}
    for block, change in changes.items():
        images = [
            AugmentedImage(dataset.sources[row], change, hashes[row]) for row in rows[block[0]]
        ]
        parts[block] = [(image.store_key, image) for image in images]
    failures = _no_failures()
    remarks: tuple[str, ...] = ()
    if config.mix is not None:
        parts[(MIXED,)], failures, remarks = _mixed_in(config, len(dataset), engine, downloads)
    return ExtraImages(
        items=tuple(item for part in parts.values() for item in part),
        blocks=dict(zip(parts, _positions(map(len, parts.values())), strict=True)),
        rows={kind: np.array(chosen, dtype=np.int64) for kind, chosen in rows.items()},
        failures=failures,
        remarks=remarks,
    )


def _copies(config: ComparisonConfig, dataset: Dataset) -> int:
    """Return how many images to augment: the signals without labels need them, labels do not."""
    if config.copies is not None:
        return config.copies
    truth = dataset.truth_codes()
    known = 0 if truth is None else int((truth[0] >= 0).sum())
    return COPIES if known < min(FEW_LABELS, len(dataset)) else 0


def _positions(lengths: Iterable[int]) -> list[Int[np.ndarray, " block"]]:
    """Return the positions of each block in the list of all, from their lengths."""
    ends = np.cumsum([0, *lengths])
    return [np.arange(start, stop) for start, stop in zip(ends, ends[1:], strict=False)]


def _mixed_in(
    config: ComparisonConfig, images: int, engine: Engine, downloads: DownloadSettings
) -> tuple[list[Item], pd.DataFrame, tuple[str, ...]]:
    """Return the images to mix in, the failures among them, and remarks."""
    assert config.mix is not None
    chosen = choose_mixed(config.mix, images, config.seeds[0])
    chosen, missed = download_missing(chosen, downloads)
    known = len(chosen.remarks)
    chosen = with_renderings(chosen, config.drawing, engine.workers, engine.progress)
    chosen, table, unread = scan_images(chosen, engine.store, engine.workers, engine.progress)
    failures = pd.concat([missed, unread], ignore_index=True)
    items: list[Item] = list(zip(table["hash"], chosen.sources, strict=True))
    wanted = round(config.mix.share * images)
    remarks = tuple(f"mixed in: {remark}" for remark in chosen.remarks[known:])
    if len(chosen) < wanted:
        remarks += (f"only {len(chosen)} of {wanted} images are mixed in: there are no more",)
    return items, failures, remarks
