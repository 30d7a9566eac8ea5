"""Embedding: images to vectors, in worker processes of each encoder's own, into the store."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from embedbench.data.dataset import Dataset
from embedbench.data.images.augmentations import AugmentedImage
from embedbench.data.images.sources import Source
from embedbench.embedding.autotune import load_tuning
from embedbench.embedding.engine import Engine
from embedbench.embedding.job import EncodingJob, missing_from
from embedbench.embedding.worker import Item, stamp
from embedbench.encoder import Encoder, LookupEncoder, Vectors, check_rows, combine, hash_file
from embedbench.errors import EncoderError, StoreError
from embedbench.io.store import Store, text_key
from embedbench.utils.messages import wrap_foreign_errors

__all__ = ["Embedding", "embed"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """What an encoder made of a dataset.

    Attributes:
        vectors: row i is image i.
        texts: row i is text i; no rows where none were asked for.
        others: row i is other image i, nan where it could not be encoded; no rows where none
            were asked for, or where vectors are looked up and the others have none.
        failures: reasons by the images' rows; their vectors are nan.
        record: `dim`, `fingerprint`, and what was measured when the vectors were made:
            `images_per_second`, `load_seconds`, `peak_memory_mb`, and the facts of the model.
        encoded: how many images were encoded now; the others were in the store.
    """

    vectors: Vectors
    texts: Float32[np.ndarray, "texts dim"]
    others: Float32[np.ndarray, "others dim"]
    failures: dict[int, str]
    record: dict[str, Any]
    encoded: int

    def take(self, rows: Sequence[int]) -> "Embedding":
        """Return the embedding of these images alone, none of which may have failed."""
        return replace(self, vectors=self.vectors[list(rows)], failures={})


@wrap_foreign_errors()
def embed(
    label: str,
    encoder: Encoder,
    dataset: Dataset,
    hashes: Sequence[str],
    engine: Engine,
    texts: Sequence[str] = (),
    others: Sequence[Item] = (),
) -> Embedding:
    """Return the vectors of all images, texts and others; those not in the store are encoded.

    Args:
        label: the encoder's name, for the progress bar.
        encoder: not yet loaded; it is loaded in the workers alone, and only if it is needed.
        dataset: the images.
        hashes: the hash of each image's bytes.
        engine: where and how.
        texts: to be put into the images' space; the encoder must be a TextEncoder.
        others: changed images and such, with their keys, encoded beside the images.

    Raises:
        EmbedbenchError: the encoder could not be loaded, failed, or returned something wrong.
    """
    if isinstance(encoder, LookupEncoder):
        return _look_up(encoder, dataset)
    items: dict[str, Source | AugmentedImage] = dict(zip(hashes, dataset.sources, strict=True))
    items |= dict(others)
    _check(encoder)
    choice = load_tuning(engine.store, encoder, list(items))
    settled = choice.encoder if choice else encoder
    record = _recall(engine.store, settled) if choice else None
    missing, missing_texts = missing_from(engine.store, record, items, texts)
    failures: dict[str, str] = {}
    if record is None or missing or missing_texts:
        with engine.start_workers(settled) as crew:
            session = EncodingJob(
                label, settled, crew, engine.store, engine.progress, choice, record
            )
            done = session.run(items, texts)
        record, failures, missing = done.record, done.failures, done.missing
    failed = {row: failures[key] for row, key in enumerate(hashes) if key in failures}
    if len(failed) == len(hashes):
        raise EncoderError(f"it could encode none of the images; the first: {failed[0]}")
    encoded = len({key for key, _ in missing} & set(hashes) - set(failures))
    return _collect(engine.store, record, hashes, texts, others, failed, encoded)


def _check(encoder: Encoder) -> None:
    """Raise EncoderError if what can be asked of an encoder that is not loaded makes no sense."""
    variants = list(encoder.variants("cpu"))
    if not variants:
        raise EncoderError("it has no variants; the first is the encoder as it is")
    for one in variants:
        if not isinstance(one, Encoder):
            kind = type(one).__name__
            raise EncoderError(f"one of its variants is a {kind}; it must be an Encoder")
        if not (isinstance(one.batch_size, int) and one.batch_size >= 1):
            raise EncoderError(f"its batch_size is {one.batch_size}; it must be at least 1")


def _collect(
    store: Store,
    record: dict[str, Any],
    hashes: Sequence[str],
    texts: Sequence[str],
    others: Sequence[Item],
    failed: dict[int, str],
    encoded: int,
) -> Embedding:
    text_keys, other_keys = [text_key(text) for text in texts], [key for key, _ in others]
    table = store.rows(record["fingerprint"], [*hashes, *text_keys, *other_keys])
    ends = [len(hashes), len(hashes) + len(text_keys)]
    vectors, text_rows, other_rows = np.split(table, ends)
    gone = len(hashes) - len(failed) - int(np.isfinite(vectors).all(axis=1).sum())
    if gone:
        raise StoreError(
            f"the vectors of {gone} images are gone from the store '{store.folder}': was it "
            "emptied meanwhile? run again"
        )
    record = record | {"dim": table.shape[1]}
    return Embedding(vectors, text_rows, other_rows, failed, record, encoded)


def _look_up(encoder: LookupEncoder, dataset: Dataset) -> Embedding:
    vectors = check_rows(encoder.lookup(dataset.names), len(dataset))
    dim = vectors.shape[1]
    record = {"dim": dim, "fingerprint": encoder.fingerprint(), "facts": asdict(encoder.facts())}
    record["weights"] = [[str(one), *stamp(one), hash_file(one)] for one in encoder.weights_files()]
    nothing = np.empty((0, dim), np.float32)
    return Embedding(vectors, nothing, nothing, {}, record, 0)


def _recall(store: Store, encoder: Encoder) -> dict[str, Any] | None:
    """Return what is remembered of an encoder, if its weights' files are still the same.

    A record whose fingerprint is not that of this encoder and these files is none.
    """
    identity = encoder.identity()
    record = store.get_record("encoders", combine(identity, []))
    if record is None:
        return None
    try:
        hashes = [row[3] for row in record["weights"]]
        same = all(stamp(Path(row[0])) == row[1:3] for row in record["weights"])
        known = record["fingerprint"] == combine(identity, hashes)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return record if same and known else None
