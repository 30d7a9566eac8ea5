"""Which images to label, so that a verdict without labels can become one with labels."""

from pathlib import Path

import numpy as np
import pandas as pd

from embedbench.errors import InputError
from embedbench.io.atomic import open_atomic
from embedbench.io.safe_csv import write_csv
from embedbench.results.results import Results
from embedbench.utils.messages import system_reason

__all__ = ["suggest_labels"]


def suggest_labels(run: Path, count: int, out: Path, seed: int = 0) -> int:
    """Write a table of images to label, and return their number.

    The images are drawn at random, one of each group of duplicates. Picking those on which the
    encoders disagree most was tried, and is no better (`docs/explanation/verdict.md`), while a
    random sample also gives scores without bias. Columns: `image`; `label`, the known label or
    empty. `embedbench run --labels` takes the file, filled in whole or in part.

    Args:
        run: a run folder.
        count: number of images; those that have a label already are not counted.
        out: the `.csv` file to write; it must not exist yet.
        seed: seed of the draw. The first images stay the same when `count` grows.

    Raises:
        InputError: no such run, no image without a label, or the file exists.
    """
    if count < 1:
        raise InputError(f"`n` must be at least 1; not {count}")
    if out.exists():
        raise InputError(f"'{out}' is there already, and may hold labels; name another file")
    images = Results.read(run).images
    labels = images["truth"] if "truth" in images else pd.Series(None, images.index, dtype=object)
    labelled = images[labels.notna()].assign(label=labels[labels.notna()])
    open_groups = images[~images["group"].isin(labelled["group"])].drop_duplicates("group")
    if open_groups.empty:
        raise InputError(f"every image in '{run}' has a label already")
    drawn = np.random.default_rng(seed).permutation(len(open_groups))[:count]
    chosen = open_groups.iloc[drawn].assign(label="")
    table = pd.concat([labelled, chosen])[["image", "label"]]
    try:
        with open_atomic(out) as file:
            write_csv(table, file)
    except OSError as error:
        raise InputError(f"cannot write '{out}': {system_reason(error)}") from error
    return len(chosen)
