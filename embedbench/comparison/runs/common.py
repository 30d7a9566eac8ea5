"""The encoded images of several runs, brought to the images that all of them have."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embedbench.comparison.extra_images import Block, ExtraImages
from embedbench.comparison.origin import encoded_dataset_of
from embedbench.comparison.stages.encoding import EncodedDataset, EncodedImages, PreparedImages
from embedbench.comparison.texts import TextPlan, TextVectors
from embedbench.data.dataset import with_labels
from embedbench.embedding.result import Embedding
from embedbench.errors import InputError
from embedbench.results.reading import read_results
from embedbench.results.results import Results

__all__ = ["Run", "joined", "read_runs", "relabelled", "renamed", "with_common_images"]


@dataclass(frozen=True, eq=False)
class Run:
    """A run to merge.

    Attributes:
        name: for remarks; its own among the runs.
        folder: where it lies, or a number.
        results: of the run.
        encoded: its encoded images.
    """

    name: str
    folder: str
    results: Results
    encoded: EncodedDataset

    def record(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""
        run = self.results.run
        kept = {key: run.get(key) for key in ("command", "versions", "hardware")}
        return {"run": self.folder, "dataset": run["dataset"]["fingerprint"], **kept}


def read_runs(runs: Sequence[str | Path | Results]) -> list[Run]:
    """Return the runs, read.

    Raises:
        InputError: one is no run folder, is given twice, or holds no vectors.
    """
    places = [os.path.abspath(run) for run in runs if not isinstance(run, Results)]
    twice = [place for place in places if places.count(place) > 1]
    if twice:
        raise InputError(f"the run folder '{twice[0]}' is given twice")
    last = [os.path.basename(place) for place in places]
    parts: list[Run] = []
    for number, run in enumerate(runs, start=1):
        results = run if isinstance(run, Results) else read_results(run)
        told = results.run.get("out") if isinstance(run, Results) else run
        folder = f"run {number}" if told is None else str(told)
        name = os.path.basename(os.path.abspath(folder))
        if last.count(name) > 1 or name in {part.name for part in parts}:
            name = f"run {number}" if isinstance(run, Results) else folder
        parts.append(Run(name, folder, results, encoded_dataset_of(results, folder)))
    return parts


def with_common_images(runs: Sequence[EncodedDataset]) -> list[EncodedDataset]:
    """Return the runs with the images of the same name and bytes alone, in the first one's order.

    Raises:
        InputError: there is no such image.
    """
    hashes = [dict(zip(run.images.dataset.names, run.images.hashes, strict=True)) for run in runs]
    first, *others = hashes
    names = [name for name in first if all(one.get(name) == first[name] for one in others)]
    if not names:
        raise InputError(
            "the runs have no image in common: its name and its bytes must be the same in all"
        )
    numbers = [{name: row for row, name in enumerate(one)} for one in hashes]
    return [
        _keep(run, [rows[name] for name in names]) for run, rows in zip(runs, numbers, strict=True)
    ]


def _keep(run: EncodedDataset, rows: list[int]) -> EncodedDataset:
    images, encoded = run.images, run.encoded
    if rows == list(range(len(images.dataset))):  # vectors stay on disk
        return run
    kept = {name: embedding.take(rows) for name, embedding in encoded.embeddings.items()}
    table = images.table.iloc[rows].reset_index(drop=True)
    return EncodedDataset(
        PreparedImages(images.dataset.take(rows), table, images.failures),
        replace(encoded, embeddings=kept),
        run.extra.keep(rows),
    )


def renamed(run: EncodedDataset, names: Mapping[str, str]) -> EncodedDataset:
    """Return a run with other names of its encoders; without those that have none."""
    encoded = run.encoded
    stages = {f"encode: {name}": f"encode: {new}" for name, new in names.items()}
    failures = run.images.failures
    return EncodedDataset(
        replace(run.images, failures=failures.assign(stage=failures["stage"].replace(stages))),
        replace(
            encoded,
            embeddings={
                new: encoded.embeddings[one]
                for one, new in names.items()
                if one in encoded.embeddings
            },
            errors={
                new: encoded.errors[one] for one, new in names.items() if one in encoded.errors
            },
            readers=tuple(names[one] for one in encoded.readers if one in names),
            asked=tuple(names[one] for one in encoded.asked if one in names),
        ),
        run.extra,
    )


def relabelled(run: EncodedDataset, labels: str | None) -> EncodedDataset:
    """Return a run with other labels, which its encoders have not read as words.

    Args:
        run: with common images.
        labels: as of `Dataset.with_truth`; None to keep those that there are.

    Raises:
        InputError: there is no such table or column, or it names none of the images.
    """
    if labels is None:
        return run
    dataset = with_labels(run.images.dataset, labels)
    table = run.images.table.drop(columns="truth", errors="ignore")
    if "truth" in dataset.table:
        table = table.assign(truth=dataset.table["truth"])
    encoded, plan = run.encoded, run.encoded.plan
    if plan.labels:
        plan = replace(plan, labels=(), obstacle="the labels are others than the encoders read")
        encoded = replace(
            encoded,
            plan=plan,
            embeddings={
                name: replace(one, texts=_without_labels(encoded.texts.get(name), one.texts))
                for name, one in encoded.embeddings.items()
            },
        )
    images = replace(run.images, dataset=dataset, table=table)
    return replace(run, images=images, encoded=encoded)


def _without_labels(texts: TextVectors | None, rows: np.ndarray) -> np.ndarray:
    return rows if texts is None else np.concatenate([texts.names, texts.texts])


def joined(runs: Sequence[EncodedDataset], plan: TextPlan) -> EncodedDataset:
    """Return the runs as one, with the extra images that all of them have.

    A run that encoded no extra images has none of them, as encoders that look vectors up.

    Args:
        runs: with the same images, and other names of encoders.
        plan: the texts; encoders that read others take part without.
    """
    extra, positions = _common_extra([run.extra for run in runs])
    embeddings: dict[str, Embedding] = {}
    for run, order in zip(runs, positions, strict=True):
        for name, embedding in run.encoded.embeddings.items():
            others = embedding.others[order if len(embedding.others) else []]
            embedding = replace(embedding, others=others)
            if run.encoded.plan != plan and len(embedding.texts):
                error = "in its run it read other texts"
                embedding = replace(embedding, texts=embedding.texts[:0], text_error=error)
            embeddings[name] = embedding
    images, parts = runs[0].images, [run.encoded for run in runs]
    failures = pd.concat([run.images.failures for run in runs], ignore_index=True)
    return EncodedDataset(
        replace(images, failures=failures.drop_duplicates(ignore_index=True)),
        EncodedImages(
            embeddings,
            {name: error for part in parts for name, error in part.errors.items()},
            plan,
            tuple(name for part in parts for name in part.readers if part.plan == plan),
            tuple(name for part in parts for name in part.asked),
            {name: version for part in reversed(parts) for name, version in part.versions.items()},
        ),
        extra,
    )


def _common_extra(extras: Sequence[ExtraImages]) -> tuple[ExtraImages, list[np.ndarray]]:
    """Return the extra images that all runs have, and where each run has them, in their order."""
    having = [extra for extra in extras if not extra.is_empty]
    if not having:
        return extras[0], [np.empty(0, np.int64) for _ in extras]
    rows = {
        kind: np.array([row for row in made_of.tolist() if _in_all(row, kind, having)], np.int64)
        for kind, made_of in having[0].rows.items()
        if all(kind in extra.rows for extra in having)
    }
    blocks: dict[Block, np.ndarray] = {}
    positions: list[list[np.ndarray]] = [[] for _ in extras]
    count = 0
    for name in having[0].blocks:
        places = [_places(extra, name, rows) for extra in extras]
        sizes = {
            len(place) for place, extra in zip(places, extras, strict=True) if not extra.is_empty
        }
        if len(sizes) != 1:
            continue
        size = sizes.pop()
        blocks[name], count = np.arange(count, count + size), count + size
        for found, place in zip(positions, places, strict=True):
            found.append(place)
    remarks = dict.fromkeys(remark for extra in having for remark in extra.remarks)
    common = replace(having[0], items=(), blocks=blocks, rows=rows, remarks=tuple(remarks))
    return common, [np.concatenate([np.empty(0, np.int64), *found]) for found in positions]


def _in_all(row: int, kind: str, extras: Sequence[ExtraImages]) -> bool:
    return all(row in extra.rows[kind] for extra in extras)


def _places(extra: ExtraImages, name: Block, rows: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return where a run has the images of a block, of those made of these rows."""
    places = extra.blocks.get(name, np.empty(0, np.int64))
    if extra.is_empty or not len(places):
        return places[:0]
    if name[0] not in rows:  # mixed-in images are made of none
        return places if len(name) == 1 else places[:0]
    numbers = {row: number for number, row in enumerate(extra.rows[name[0]].tolist())}
    return places[[numbers[row] for row in rows[name[0]].tolist()]]
