"""One comparison of the encoders of several runs on the same images."""

import os
import shlex
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pandas as pd

from embedbench.comparison.config import ComparisonConfig
from embedbench.comparison.extra_images import CORRUPTED, MIXED, ExtraImages
from embedbench.comparison.memory import Memory, parse_memory
from embedbench.comparison.origin import recorded_config
from embedbench.comparison.pipeline import analyse_comparison
from embedbench.comparison.runs.common import (
    Run,
    joined,
    read_runs,
    relabelled,
    renamed,
    with_common_images,
)
from embedbench.comparison.runs.remarks import differences, left_out, not_in_every_run
from embedbench.comparison.runs.writing import Contents, write_run
from embedbench.comparison.stages.encoding import EncodedDataset
from embedbench.comparison.tables import known_of
from embedbench.data.images.corruptions import VECTOR_KINDS, Corruption
from embedbench.embedding.factory import make_engine
from embedbench.errors import InputError
from embedbench.parallel.engine_options import EngineOptions
from embedbench.results.live.notebook import live_table
from embedbench.results.results import Results
from embedbench.results.run_folder import OutFolder
from embedbench.results.tables.purposes import WORDS
from embedbench.utils.progress import Progress

__all__ = ["merge"]


def merge(
    runs: Sequence[str | Path | Results],
    *,
    labels: str | None = None,
    out: str | Path | None = None,
    without_pictures: bool = False,
    without_vectors: bool = False,
    memory: str | None = None,
    store: str | Path | None = None,
    quiet: bool | None = None,
) -> Results:
    """Return one comparison of the encoders of several runs on the same images.

    Nothing is encoded: the runs hold the vectors. Images that not every run has are left out;
    labels and options are those of the first run. Remarks say what differs between the runs.

    Args:
        runs: run folders, or results of comparisons; two or more, or one with other `labels`.
        labels: known classes in place of those of the first run: a column of the images, a table
            with a usual name of its column, `folder` or `parent`, or `none`. They are not read as
            words.
        out: where to write the run folder, in place of an earlier one; nowhere if None.
        without_pictures: the page holds no thumbnails.
        without_vectors: the run folder holds no vectors, so it can be merged with no other.
        memory: how much what is computed may take, such as `4GB`; half of what is free if None.
        store: the folder or address that keeps results of steps between runs.
        quiet: show no progress; None to show it in notebooks alone.

    Raises:
        InputError: there are fewer than two runs, one holds no vectors or is damaged, they have
            fewer than four images in common, the labels name none of them, or a clusterer of
            another package was used.
    """
    if isinstance(runs, str | Path | Results) or len(runs) < (2 if labels is None else 1):
        raise InputError("a merge needs two runs or more, or one with other labels")
    started = time.time()
    parts = read_runs(runs)
    if out is not None and os.path.abspath(out) in {os.path.abspath(one.folder) for one in parts}:
        raise InputError(f"`out` '{out}' is one of the runs, which it would replace: name another")
    config = _config_of(parts, memory, quiet)
    engine = make_engine(EngineOptions(memory=memory, store=store), config.progress)
    encoded = relabelled(_merged(parts), labels)
    config = replace(config, corruptions=_measured(config.corruptions, encoded.extra))
    flags = {"--labels": labels, "--out": out}
    words = ["embedbench", "merge", *(part.folder for part in parts)]
    words += [str(word) for flag in flags.items() if flag[1] is not None for word in flag]
    record = dict(parts[0].results.run) | {
        "command": shlex.join(words),
        "merged": [part.record() for part in parts],
        **{key: _in_any(parts, key) for key in ("encoders", "objects")},
        "purposes": list(config.purposes),
        "names": list(config.words),
        **({} if labels is None else {"labels": labels, "label_column": None}),
        "out": None if out is None else str(out),
        "without_pictures": without_pictures,
        "without_vectors": without_vectors,
        "memory": memory,
        "made_of": None,
    }
    with ExitStack() as stack:
        place = None if out is None else stack.enter_context(OutFolder(Path(out)))
        dataset = encoded.images.dataset
        for remark in (*dataset.remarks, *dataset.label_remarks):
            config.progress.say(f"note: {remark}")
        live = live_table(config.progress, encoded.encoded.asked)
        for name, embedding in encoded.encoded.embeddings.items():
            live.encoded(name, *known_of(embedding))
        results = analyse_comparison(config, engine, encoded, live, started, record)
        if place is not None:
            contents = Contents(pictures=not without_pictures, vectors=not without_vectors)
            results = write_run(results, place, config.progress, contents)
    return results


def _in_any(parts: Sequence[Run], key: str) -> list[str]:
    return list(dict.fromkeys(one for part in parts for one in part.results.run.get(key) or ()))


def _config_of(parts: Sequence[Run], memory: str | None, quiet: bool | None) -> ComparisonConfig:
    """Return the options of the first run, with words and texts of the one that reads them.

    Raises:
        InputError: an option cannot be read.
    """
    configs = [recorded_config(part.results.run) for part in parts]
    reading = configs[parts.index(_reading(parts))]
    words = {WORDS: reading.purposes[WORDS]} if WORDS in reading.purposes else {}
    return replace(
        configs[0],
        purposes=dict(configs[0].purposes) | words,
        words=reading.words,
        remarks=reading.remarks,
        memory=Memory.free() if memory is None else parse_memory(memory),
        progress=Progress(quiet),
    )


def _reading(parts: Sequence[Run]) -> Run:
    """Return the first run whose encoders read texts, which decides on these; else the first."""
    return next((part for part in parts if WORDS in part.results.run["purposes"]), parts[0])


def _measured(corruptions: tuple[Corruption, ...], extra: ExtraImages) -> tuple[Corruption, ...]:
    """Return the corruptions of vectors, and those of images that every run has copies of."""
    return tuple(
        one
        for one in corruptions
        if one.kind in VECTOR_KINDS or (CORRUPTED, one.name) in extra.blocks
    )


def _merged(parts: Sequence[Run]) -> EncodedDataset:
    """Return the encoded images of all runs as one, with remarks on what differs.

    Raises:
        InputError: they have no image in common.
    """
    common = with_common_images([part.encoded for part in parts])
    names, remarks = _names_of_encoders(parts)
    runs = [renamed(run, new) for run, new in zip(common, names, strict=True)]
    if len({part.results.run.get("mix") for part in parts}) > 1:
        runs = [replace(run, extra=run.extra.without(MIXED)) for run in runs]
    merged = joined(runs, _reading(parts).encoded.encoded.plan)
    told = [remark for run in runs for remark in run.images.dataset.remarks]
    remarks = [*told, *differences(parts, common), *remarks, *left_out(common, merged)]
    dataset = replace(merged.images.dataset, remarks=tuple(dict.fromkeys(remarks)))
    failures = pd.concat([merged.images.failures, not_in_every_run(parts, common)])
    images = replace(merged.images, dataset=dataset, failures=failures.reset_index(drop=True))
    return replace(merged, images=images)


def _names_of_encoders(parts: Sequence[Run]) -> tuple[list[dict[str, str]], list[str]]:
    """Return the new name of each run's encoders, of those that take part, and remarks.

    An encoder that is in two runs takes part once, one that failed in one run and not in another
    with its vectors, and others of one name get that of their run.
    """
    taken: dict[str, tuple[str, str | None]] = {}
    found: list[dict[str, str]] = []
    remarks: list[str] = []
    whole = {name for part in parts for name in part.encoded.encoded.embeddings}
    for part in parts:
        new_names: dict[str, str] = {}
        prints = part.results.run["fingerprints"]
        for name in part.encoded.encoded.asked:
            fingerprint = prints.get(name)
            if fingerprint is None and (name in whole or name in taken):
                continue
            if name not in taken:
                taken[name] = (part.name, fingerprint)
                new_names[name] = name
                continue
            first, known = taken[name]
            if fingerprint == known:
                remarks.append(
                    f"{name} is in {first} and in {part.name}: its vectors of {first} are taken"
                )
                continue
            new_names[name] = f"{name} ({part.name})"
            remarks.append(
                f"{name} has other weights or other code in {first} and in {part.name}, where it "
                f"is called '{new_names[name]}'"
            )
        found.append(new_names)
    return found, remarks
