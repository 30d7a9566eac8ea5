"""Turn images into vectors: look them up in the store, and encode the missing ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from embedbench.data.dataset import Dataset
from embedbench.data.images.augmentations import AugmentedImage
from embedbench.data.images.sources import Source
from embedbench.embedding.autotune import load_tuning
from embedbench.embedding.engine import Engine
from embedbench.embedding.job import EncodingJob, missing_from
from embedbench.embedding.worker import Item
from embedbench.encoder import Encoder, LookupEncoder, Vectors, check_rows, combine
from embedbench.encoders.record import EncoderRecord, WeightsFile
from embedbench.errors import EncoderError, StoreError
from embedbench.io.store import Store, text_key
from embedbench.utils.messages import wrap_foreign_errors

__all__ = ["Embedding", "embed"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """The vectors of a dataset by one encoder.

    Attributes:
        vectors: row i is image i.
        texts: row i is text i; no rows if there are no texts.
        others: row i is other image i, nan where it could not be encoded; no rows if there are no
            others, or if the vectors are looked up.
        failures: reasons by the images' rows; their vectors are nan.
        record: the fingerprint, the facts of the model, and what was measured when the vectors
            were made.
        encoded: how many images were encoded now; the others were in the store.
    """

    vectors: Vectors
    texts: Float32[np.ndarray, "texts dim"]
    others: Float32[np.ndarray, "others dim"]
    failures: dict[int, str]
    record: EncoderRecord
    encoded: int

    def take(self, rows: Sequence[int]) -> "Embedding":
        """Return the embedding of these images only, none of which may have failed."""
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
    """Return the vectors of all images, texts and others; encode those not in the store.

    Args:
        label: the encoder's name, for the progress bar.
        encoder: not yet loaded; only workers load it, and only if it is needed.
        dataset: the images.
        hashes: the hash of each image's bytes.
        engine: where and how the encoder runs.
        texts: encoded into the images' space; the encoder must be a TextEncoder.
        others: further images with their keys, such as augmented ones.

    Raises:
        EmbedbenchError: the encoder cannot be loaded, fails, or returns something wrong.
    """
    if isinstance(encoder, LookupEncoder):
        return _look_up(encoder, dataset)
    items: dict[str, Source | AugmentedImage] = dict(zip(hashes, dataset.sources, strict=True))
    items |= dict(others)
    _check(encoder)
    tuned = load_tuning(engine.store, encoder, list(items))
    variant = tuned.encoder if tuned else encoder
    record = _load_record(engine.store, variant) if tuned else None
    fingerprint = record.fingerprint if record else None
    missing, missing_texts = missing_from(engine.store, fingerprint, items, texts)
    failures: dict[str, str] = {}
    if record is None or missing or missing_texts:
        with engine.start_workers(variant) as workers:
            job = EncodingJob(label, variant, workers, engine.store, engine.progress, tuned, record)
            result = job.run(items, texts)
        record, failures, missing = result.record, result.failures, result.missing
    failed = {row: failures[key] for row, key in enumerate(hashes) if key in failures}
    if len(failed) == len(hashes):
        raise EncoderError(f"it could encode none of the images; the first: {failed[0]}")
    encoded = len({key for key, _ in missing} & set(hashes) - set(failures))
    return _collect(engine.store, record, hashes, texts, others, failed, encoded)


def _check(encoder: Encoder) -> None:
    """Raise EncoderError if an encoder that is not loaded has impossible variants."""
    variants = list(encoder.variants("cpu"))
    if not variants:
        raise EncoderError("it has no variants; the first is the encoder as it is")
    for variant in variants:
        if not isinstance(variant, Encoder):
            kind = type(variant).__name__
            raise EncoderError(f"one of its variants is a {kind}; it must be an Encoder")
        if not (isinstance(variant.batch_size, int) and variant.batch_size >= 1):
            raise EncoderError(f"its batch_size is {variant.batch_size}; it must be at least 1")


def _collect(
    store: Store,
    record: EncoderRecord,
    hashes: Sequence[str],
    texts: Sequence[str],
    others: Sequence[Item],
    failed: dict[int, str],
    encoded: int,
) -> Embedding:
    text_keys, other_keys = [text_key(text) for text in texts], [key for key, _ in others]
    table = store.rows(record.fingerprint, [*hashes, *text_keys, *other_keys])
    ends = [len(hashes), len(hashes) + len(text_keys)]
    vectors, text_rows, other_rows = np.split(table, ends)
    lost = len(hashes) - len(failed) - int(np.isfinite(vectors).all(axis=1).sum())
    if lost:
        raise StoreError(
            f"the vectors of {lost} images are gone from the store '{store.folder}': was it "
            "emptied meanwhile? run again"
        )
    record = replace(record, dim=table.shape[1])
    return Embedding(vectors, text_rows, other_rows, failed, record, encoded)


def _look_up(encoder: LookupEncoder, dataset: Dataset) -> Embedding:
    """Return the vectors that were made elsewhere; images without one are failures."""
    vectors = encoder.lookup(dataset.names)
    missing = _rows_of_nan(vectors, len(dataset))
    if len(missing) == len(dataset):
        raise EncoderError("it has a vector of none of the images")
    there = np.delete(vectors, missing, axis=0) if missing else vectors
    check_rows(there, len(dataset) - len(missing))
    dim = vectors.shape[1]
    facts = encoder.facts()
    reason = f"no vector in '{facts.weights}'" if facts.weights else "no vector"
    weights = tuple(WeightsFile.read(file) for file in encoder.weights_files())
    record = EncoderRecord(encoder.fingerprint(), weights, facts, dim)
    nothing = np.empty((0, dim), np.float32)
    return Embedding(vectors, nothing, nothing, dict.fromkeys(missing, reason), record, 0)


def _rows_of_nan(vectors: Any, count: int) -> list[int]:
    """Return which rows are nan and nothing else; none where these are no rows."""
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        return []
    if vectors.ndim != 2 or len(vectors) != count:
        return []
    return np.flatnonzero(np.isnan(vectors).all(axis=1)).tolist()


def _load_record(store: Store, encoder: Encoder) -> EncoderRecord | None:
    """Return the encoder's record; None if there is none, or if its weights have changed."""
    values = store.get_record("encoders", combine(encoder.identity(), []))
    if values is None:
        return None
    try:
        record = EncoderRecord.from_json(values)
    except ValueError:  # others may write to the store
        return None
    return record if record.fits(encoder) else None
