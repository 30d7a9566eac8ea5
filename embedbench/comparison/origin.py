"""The encoded images of a comparison, as its run folder keeps them, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd

from embedbench.comparison.config import ComparisonConfig, as_config
from embedbench.comparison.extra_images import Block, ExtraImages
from embedbench.comparison.options import OPTIONS, ComparisonOptions
from embedbench.comparison.stages.encoding import EncodedDataset, EncodedImages, PreparedImages
from embedbench.comparison.texts import TextPlan
from embedbench.data.dataset import Dataset
from embedbench.embedding.result import Embedding
from embedbench.encoders.record import EncoderRecord
from embedbench.errors import InputError
from embedbench.io.structured import read_structured, write_structured
from embedbench.results.encoded import VECTORS, Encoded
from embedbench.results.results import Results
from embedbench.results.views import MEASURED, timings_of
from embedbench.utils.options import from_keywords

__all__ = ["as_encoded", "encoded_dataset_of", "recorded_config"]


@dataclass(frozen=True, eq=False)
class _Origin:
    """What is not in the tables and arrays of a run folder.

    Attributes:
        encoders: by encoder, the fields of its embedding that are no arrays.
        errors: as of `EncodedImages`, and so are `plan`, `readers`, `asked` and `versions`.
        blocks: as of `ExtraImages`, and so are `rows`, `extra_failures` and `extra_remarks`.
        failures: images that could not be encoded.
        scanned: the columns of images from before anything was computed, with their types.
        columns: those of them that the dataset has.
        origin: as of `Dataset`, and so are `remarks` and `label_remarks`.
    """

    encoders: Mapping[str, Mapping[str, Any]]
    errors: Mapping[str, str]
    plan: TextPlan
    readers: tuple[str, ...]
    asked: tuple[str, ...]
    versions: Mapping[str, str]
    blocks: Mapping[Block, np.ndarray]
    rows: Mapping[str, np.ndarray]
    extra_failures: pd.DataFrame
    extra_remarks: tuple[str, ...]
    failures: pd.DataFrame
    scanned: Mapping[str, str]
    columns: tuple[str, ...]
    origin: str
    remarks: tuple[str, ...]
    label_remarks: tuple[str, ...]


def as_encoded(encoded_dataset: EncodedDataset) -> Encoded:
    """Return the encoded images as a run folder keeps them, without any path of this machine."""
    images, encoded, extra = encoded_dataset.images, encoded_dataset.encoded, encoded_dataset.extra
    dataset = images.dataset
    origin = _Origin(
        encoders={name: _facts_of(one) for name, one in encoded.embeddings.items()},
        errors=encoded.errors,
        plan=encoded.plan,
        readers=encoded.readers,
        asked=encoded.asked,
        versions=encoded.versions,
        blocks=extra.blocks,
        rows=extra.rows,
        extra_failures=extra.failures,
        extra_remarks=extra.remarks,
        failures=images.failures,
        scanned={str(name): str(kind) for name, kind in images.table.dtypes.items()},
        columns=tuple(map(str, dataset.table.columns)),
        origin=dataset.origin,
        remarks=dataset.remarks,
        label_remarks=dataset.label_remarks,
    )
    return Encoded(
        encoded.vectors,
        {name: one.texts for name, one in encoded.embeddings.items() if len(one.texts)},
        {name: one.others for name, one in encoded.embeddings.items() if len(one.others)},
        write_structured(origin),
    )


def encoded_dataset_of(results: Results, name: str) -> EncodedDataset:
    """Return the encoded images that results hold; the images themselves cannot be read.

    Args:
        results: of a comparison.
        name: of the results, for messages.

    Raises:
        InputError: they hold no vectors, or what is beside them is damaged.
    """
    kept = results.encoded
    if kept is None:
        raise InputError(
            f"'{name}' holds no vectors, so its encoders cannot be compared with others: run it "
            "again without --without-vectors"
        )
    try:
        origin: _Origin = read_structured(kept.origin, (_Origin, TextPlan))
        encoders = origin.encoders.items()
        embeddings = {one: _embedding(results, kept, one, fields) for one, fields in encoders}
        table = _as_scanned(results.images, origin.scanned)
        names = tuple(table["image"].astype(str))
        dataset = Dataset(
            names,
            tuple(map(Path, names)),
            table[list(origin.columns)],
            origin.origin,
            origin.remarks,
            origin.label_remarks,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"'{name}' is not a whole run folder: {VECTORS}/origin.npz is damaged; run again"
        ) from error
    encoded = EncodedImages(
        embeddings,
        dict(origin.errors),
        origin.plan,
        origin.readers,
        origin.asked,
        origin.versions,
    )
    extra = ExtraImages((), origin.blocks, origin.rows, origin.extra_failures, origin.extra_remarks)
    return EncodedDataset(PreparedImages(dataset, table, origin.failures), encoded, extra)


def _as_scanned(images: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return these columns; those that held objects do so again, though Parquet made texts of them.

    Raises:
        KeyError: one is missing.
    """
    table = images[list(kinds)]
    objects = [name for name, kind in kinds.items() if kind == "object"]
    return table.assign(
        **{name: table[name].astype(object).where(table[name].notna(), None) for name in objects}
    )


def _facts_of(embedding: Embedding) -> dict[str, Any]:
    """Return what stays the same from run to run; what was measured is in the table of timings."""
    record = embedding.record
    weights = tuple(
        replace(file, path=PurePath(file.path).name, changed_ns=0) for file in record.weights
    )
    nothing: dict[str, Any] = dict.fromkeys((*MEASURED, "workers"))
    record = replace(record, weights=weights, **nothing)
    return {
        "record": record.to_json(),
        "text_error": embedding.text_error,
        "is_looked_up": embedding.is_looked_up,
    }


def _embedding(results: Results, kept: Encoded, name: str, fields: Mapping[str, Any]) -> Embedding:
    """Return an encoder's embedding.

    Raises:
        KeyError: a field is missing.
        ValueError: its record is none.
    """
    vectors, record = kept.images[name], EncoderRecord.from_json(fields["record"])
    measured: dict[str, Any] = {
        quantity: timings_of(results, quantity).get(name) for quantity in MEASURED
    }
    if measured["peak_memory_mb"] is not None:
        measured["peak_memory_mb"] = int(measured["peak_memory_mb"])
    nothing = np.empty((0, vectors.shape[1]), np.float32)
    return Embedding(
        vectors,
        kept.texts.get(name, nothing),
        kept.others.get(name, nothing),
        {},
        replace(record, **measured),
        int(timings_of(results, "images_encoded").get(name, 0)),
        str(fields["text_error"]),
        bool(fields["is_looked_up"]),
    )


def recorded_config(run: Mapping[str, Any]) -> ComparisonConfig:
    """Return the options that `run.json` records, without encoders.

    Raises:
        InputError: one cannot be read, such as the name of a clusterer of another package.
    """
    given = {option.keyword: run[option.keyword] for option in OPTIONS if option.keyword in run}
    seeds = len(run["seeds"])
    return as_config(from_keywords(ComparisonOptions, given | {"seeds": seeds, "mix": None}), {})
