"""Labels of images from a user's table."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.data.tables.columns import image_column, label_column, texts
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import UserTable
from embedbench.errors import InputError
from embedbench.io.safe_csv import restored
from embedbench.utils.matching import Matches, match_names
from embedbench.utils.text import agreeing, pluralise, shorten

__all__ = [
    "as_labels",
    "column_of_names",
    "composed_text",
    "drop_missing",
    "drop_several",
    "in_one_writing",
    "labels_in_column",
    "labels_of_images",
    "match_images",
    "unmatched_remarks",
]

_MISSING = frozenset(
    "#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|"
    "nan|null".split("|")
)
"""Texts that pandas takes for missing values."""

_SEVERAL = re.compile(r"\s*[|;,]\s*")


def labels_of_images(
    table: UserTable, images: Sequence[str], form: TableForm, folder: str = ""
) -> tuple["pd.Series[Any]", list[str]]:
    """Return the label of each image, and remarks on what was assumed or left out.

    Args:
        table: has a column of names and a column of labels.
        images: unique names of the images.
        form: of the table.
        folder: the folder that the names are relative to.

    Raises:
        InputError: the columns cannot be told, no row names an image, or two rows give an image
            different labels.
    """
    file, names_in = table.file, column_of_names(table, images, form, folder)
    if names_in is None:
        columns = ", ".join(map(str, table.cells.columns))
        raise InputError(
            f"no column of '{file}' names images; it has {columns}: give it with --path-column"
        )
    labels_in = label_column(table, form, {names_in})
    if labels_in is None:
        raise InputError(f"'{file}' has no column of labels beside '{names_in}'")
    names = texts(table.cells, names_in)
    labels = labels_in_column(table, labels_in)
    remarks = [f"labels: column '{labels_in}' of '{file.name}', images by its column '{names_in}'"]
    matches = match_images(names, images, folder)
    found = np.full(len(images), None, dtype=object)
    for name, label in zip(names, labels, strict=True):
        row = matches.rows.get(name)
        if row is None or label is None:
            continue
        if found[row] not in (None, label):
            raise InputError(
                f"'{file}' has two labels for '{images[row]}': '{shorten(str(found[row]))}' and "
                f"'{shorten(str(label))}'; images of several classes cannot be scored"
            )
        found[row] = label
    if not matches.rows:
        raise InputError(f"the labels in '{file}' name none of the {len(images)} images")
    remarks += unmatched_remarks(names, images, matches, file.name)
    series, more = drop_several(pd.Series(found, dtype=object), file.name)
    series, missing = (series, []) if form.keep_na else drop_missing(series, file.name)
    return series, [*remarks, *more, *missing]


def column_of_names(
    table: UserTable, images: Sequence[str], form: TableForm, folder: str
) -> str | None:
    """Return the column whose values name these images; see `image_column`."""

    def share_named(names: Sequence[str]) -> float:
        return len(match_names(names[:1000], images, folder).rows) / max(1, len(set(names[:1000])))

    return image_column(table, form, share_named)


def match_images(names: Sequence[str], images: Sequence[str], folder: str) -> Matches:
    """Match names; a name that was written as safe for spreadsheets is tried without that, too."""
    matches = match_names(filter(None, names), images, folder)
    unsafe = {restored(name): name for name in names if name and name not in matches.rows}
    again = match_names((plain for plain, name in unsafe.items() if plain != name), images, folder)
    for plain, row in again.rows.items():
        matches.rows[unsafe[plain]] = row
    return matches


def unmatched_remarks(
    names: Sequence[str], images: Sequence[str], matches: Matches, file: str
) -> list[str]:
    """Return remarks on rows without an image, and images without a row."""
    doubtful = {name for pair in matches.clashes.values() for name in pair} | set(matches.several)
    unmatched = [n for n in names if n and n not in matches.rows and n not in doubtful]
    named = set(matches.rows.values())
    without = [image for row, image in enumerate(images) if row not in named]
    remarks = []
    if unmatched:
        remarks.append(
            f"{len(unmatched):,} of {pluralise(len(names), 'row')} in '{file}' name no image, "
            f"such as '{shorten(unmatched[0])}'"
        )
    if matches.several:
        name, (first, second) = next(iter(matches.several.items()))
        remarks.append(
            f"{pluralise(len(matches.several), 'name')} in '{file}' could be several images, such "
            f"as '{shorten(name)}', which fits '{shorten(first)}' and '{shorten(second)}': "
            "left out"
        )
    if matches.clashes:
        image, (first, second) = next(iter(matches.clashes.items()))
        remarks.append(
            f"{pluralise(len(matches.clashes), 'image')} could be that of several names in "
            f"'{file}', such as '{shorten(image)}', which '{shorten(first)}' and "
            f"'{shorten(second)}' fit: left out"
        )
    if without:
        count = len(without)
        remarks.append(
            f"{count:,} of {pluralise(len(images), 'image')} {agreeing(count, 'have')} no row in "
            f"'{file}', such as '{shorten(without[0])}'"
        )
    return remarks


def labels_in_column(table: UserTable, column: str) -> "pd.Series[Any]":
    """Return the labels in a column as `as_labels`, without the guards against formulas.

    embedbench writes a quotation mark before what a spreadsheet would take for a formula.
    """
    texts = as_labels(table.cells[column])
    labels = [restored(text) if isinstance(text, str) else text for text in texts]
    return pd.Series(labels, texts.index, dtype=object)


def as_labels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the values of a column as texts without blanks at their ends; None if missing.

    Whole numbers have no decimals, whatever the type of the column. A list of one is its value; a
    longer one is its values with `|` between them.
    """
    whole = pd.api.types.is_float_dtype(column.dtype) and all(
        float(one).is_integer() for one in column.dropna()
    )
    values = [_label(one, whole) for one in column.astype(object)]
    return pd.Series(values, index=column.index, dtype=object)


def _label(value: Any, whole: bool) -> str | None:
    if isinstance(value, list | tuple | np.ndarray):
        texts_of = [text for one in value if (text := _label(one, whole)) is not None]
        return "|".join(texts_of) or None
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    if value is None or pd.isna(value):
        return None
    return str(int(value) if whole else value).strip() or None


def in_one_writing(labels: "pd.Series[Any]") -> tuple["pd.Series[Any]", list[str]]:
    """Return labels with accents composed (NFC), and a remark if that makes two of them one.

    macOS takes letters and their accents apart in the names of folders; other systems do not.
    """
    texts = [composed_text(label) for label in labels]
    composed = pd.Series(texts, labels.index, dtype=object)
    pairs = pd.DataFrame({"before": labels, "after": composed}).dropna().drop_duplicates()
    merged = pairs["after"][pairs["after"].duplicated()]
    if merged.empty:
        return composed, []
    remark = (
        f"{pluralise(len(merged), 'label')} differed from another only in how accents are stored, "
        f"such as '{shorten(str(merged.iloc[0]))}', and counted as the same"
    )
    return composed, [remark]


def composed_text(value: Any) -> Any:
    """Return a text with its accents composed (NFC); another value as it is."""
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def drop_missing(labels: "pd.Series[Any]", file: str) -> tuple["pd.Series[Any]", list[str]]:
    """Return labels without texts that mean a missing value, and a remark on them."""
    dropped = labels.isin(_MISSING)
    if not dropped.any():
        return labels, []
    kinds, count = ", ".join(sorted(set(labels[dropped]))), int(dropped.sum())
    remark = (
        f"{pluralise(count, 'image')} {agreeing(count, 'have')} the label {kinds} in '{file}', "
        "which was taken for a missing value; --keep-na takes it for a class"
    )
    return labels.where(~dropped, None), [remark]


def drop_several(labels: "pd.Series[Any]", file: str) -> tuple["pd.Series[Any]", list[str]]:
    """Return labels without those that name several classes, and a remark on them.

    A text names several classes if it has parts with `|`, `;` or `,` between them, and each part
    stands in another label too.
    """
    distinct = {label for label in labels if label is not None}
    parts = {label: {part for part in _SEVERAL.split(label) if part} for label in distinct}
    counts = Counter(part for one in parts.values() for part in one)
    several = {
        label
        for label, one in parts.items()
        if len(one) > 1 and all(counts[part] > 1 for part in one)
    }
    if not several:
        return labels, []
    dropped = labels.isin(several)
    count = int(dropped.sum())
    remark = (
        f"{pluralise(count, 'image')} {agreeing(count, 'have')} several labels in '{file}', such "
        f"as '{shorten(min(several))}': left without a label"
    )
    return labels.where(~dropped, None), [remark]
