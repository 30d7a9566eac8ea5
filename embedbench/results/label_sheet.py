"""Which images to label, so that a verdict without labels can become one with labels."""

from pathlib import Path

import numpy as np
import pandas as pd

from embedbench.errors import InputError
from embedbench.io.atomic import open_atomic
from embedbench.io.safe_csv import write_csv
from embedbench.results.results import Results

__all__ = ["suggest_labels"]


def suggest_labels(run: Path, count: int, out: Path, seed: int = 0) -> int:
    """Write a table of images to label, and return how many are in it.

    The images are drawn at random, of duplicates one: picking those on which the encoders
    disagree most was tried, and is no better (`docs/explanation/verdict.md`), while a random
    sample also gives scores without bias. Columns: `image`; `label`, empty, or as it is known.
    Filled in, in part or whole, the file is what `embedbench run --labels` takes.

    Args:
        run: a run folder.
        count: how many images; those that have a label already are not counted.
        out: the `.csv` file to write; it must not be there yet.
        seed: of the draw. The first images stay the same when `count` grows.

    Raises:
        InputError: there is no such run, no image without a label, or the file is there.
    """
    if count < 1:
        raise InputError(f"`n` must be at least 1; not {count}")
    if out.exists():
        raise InputError(f"'{out}' is there already, and may hold labels; name another file")
    images = Results.read(run).images
    known = images["truth"] if "truth" in images else pd.Series(None, images.index, dtype=object)
    labelled = images[known.notna()].assign(label=known[known.notna()])
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
        raise InputError(f"cannot write '{out}': {error.strerror or error}") from error
    return len(chosen)
