"""Which images to label, so that a verdict without labels can become one with labels."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from embedbench.errors import InputError
from embedbench.io.atomic import open_atomic
from embedbench.io.safe_csv import read_csv, write_csv
from embedbench.results.reading import read_results
from embedbench.utils.messages import system_reason

__all__ = ["LabelSheet", "suggest_labels"]


@dataclass(eq=False)
class LabelSheet:
    """The labels of a run's images: those that it had, and those that a person gives one by one.

    The images to label are drawn at random, one of each group of duplicates. Picking those on which
    the encoders disagree most was tried, and is no better (`docs/explanation/verdict.md`), while a
    random sample also gives scores without bias.

    Attributes:
        known: labels that the run had, by image.
        order: the images without one, in the order in which they are asked for.
        given: labels given since, by image; an empty text for one that was passed over.
    """

    known: dict[str, str]
    order: list[str]
    given: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, images: pd.DataFrame, seed: int = 0) -> "LabelSheet":
        """Return a sheet without new labels.

        Args:
            images: the table of images of a run.
            seed: seed of the draw.

        Raises:
            InputError: every image has a label already.
        """
        labels = images["truth"] if "truth" in images else pd.Series(None, images.index, object)
        labelled = images[labels.notna()].assign(label=labels[labels.notna()].astype(str))
        open_groups = images[~images["group"].isin(labelled["group"])].drop_duplicates("group")
        if open_groups.empty:
            raise InputError("every image of the run has a label already")
        drawn = np.random.default_rng(seed).permutation(len(open_groups))
        order = open_groups["image"].astype(str).iloc[drawn].tolist()
        return cls(dict(zip(labelled["image"].astype(str), labelled["label"], strict=True)), order)

    @property
    def labels(self) -> dict[str, str]:
        """Every label that there is, by image."""
        return self.known | {image: label for image, label in self.given.items() if label}

    @property
    def left(self) -> int:
        """Number of images that were neither labelled nor passed over."""
        return len(self.order) - len(self.given)

    def read(self, file: Path) -> None:
        """Take the labels of a file that `write` wrote; images before the last one are passed over.

        Raises:
            InputError: it cannot be read, or has an image that the run does not have.
        """
        try:
            table = read_csv(file, {"image": str, "label": str})
            rows = zip(table["image"], table["label"].fillna("").str.strip(), strict=True)
            found = {str(image): str(label) for image, label in rows}
        except OSError as error:
            raise InputError(f"cannot read '{file}': {system_reason(error)}") from error
        except (KeyError, ValueError, AttributeError) as error:
            raise InputError(f"'{file}' has no columns `image` and `label`") from error
        foreign = [image for image in found if image not in {*self.known, *self.order}]
        if foreign:
            raise InputError(
                f"'{file}' has labels of other images, such as '{foreign[0]}'; name another file"
            )
        labelled = {image: label for image, label in found.items() if label}
        self.given = {image: label for image, label in labelled.items() if image in self.order}
        last = max([self.order.index(image) for image in self.given], default=-1)
        self.given = dict.fromkeys(self.order[: last + 1], "") | self.given

    def write(self, file: Path, asked: int | None = None) -> None:
        """Write the columns `image` and `label`, of which `embedbench run --labels` takes any part.

        Args:
            file: the `.csv` file.
            asked: how many images to label are listed; None for those up to the last that was
                labelled or passed over.

        Raises:
            InputError: the file cannot be written.
        """
        if asked is None:
            asked = max([self.order.index(image) + 1 for image in self.given], default=0)
        rows = [*self.known.items()]
        rows += [(image, self.given.get(image, "")) for image in self.order[:asked]]
        try:
            with open_atomic(file) as content:
                write_csv(pd.DataFrame(rows, columns=["image", "label"]), content)
        except OSError as error:
            raise InputError(f"cannot write '{file}': {system_reason(error)}") from error


def suggest_labels(run: Path, count: int, out: Path, seed: int = 0) -> int:
    """Write a table of images to label, and return their number.

    Columns: `image`; `label`, the known label or empty. `embedbench run --labels` takes the file,
    filled in whole or in part.

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
    sheet = LabelSheet.of(read_results(run).images, seed)
    sheet.write(out, count)
    return min(count, len(sheet.order))
