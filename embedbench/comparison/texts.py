"""The texts that encoders read: candidate names, labels as words, and texts of the images."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int

from embedbench.analysis.cluster_naming import PROMPT_TEMPLATES, prompts_for
from embedbench.data.dataset import Dataset
from embedbench.data.tables.captions import captions_in_column, captions_of_images
from embedbench.data.tables.reading import is_table_name, read_table
from embedbench.errors import InputError
from embedbench.io.paths import parse_path
from embedbench.results.tables.purposes import WORDS
from embedbench.utils.text import pluralise

__all__ = ["TEXTS", "TextPlan", "TextVectors", "label_as_words", "with_texts"]

TEXTS = "texts"
"""The column that holds the texts of each image, as a JSON list."""

_MOST_PROMPTS = 1000
"""With labels for more prompts than these, only the first template is used."""

_SPLIT = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"(?:[a-z]?\d+)[\W_]+(?=.*[^\W\d_])", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class TextVectors:
    """An encoder's vectors of the texts of a `TextPlan`; no rows where it has none.

    Attributes:
        names: of the candidate names in all templates.
        labels: of the labels in all templates.
        texts: of the texts of the images.
    """

    names: Float32[np.ndarray, "prompts dim"]
    labels: Float32[np.ndarray, "labels_in_templates dim"]
    texts: Float32[np.ndarray, "texts dim"]


@dataclass(frozen=True)
class TextPlan:
    """What every encoder that reads texts is given.

    Attributes:
        names: candidate names of clusters.
        labels: of the images; none where they are no words, or are not asked for.
        templates: of the prompts for labels.
        texts: different texts of the images.
        obstacle: why labels are not read as words; empty if they are, or are not asked for.
    """

    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    templates: tuple[str, ...] = PROMPT_TEMPLATES
    texts: tuple[str, ...] = ()
    obstacle: str = ""

    @classmethod
    def of(cls, dataset: Dataset, names: Sequence[str], purposes: Mapping[str, str]) -> "TextPlan":
        """Return what is read for these images, candidate names and purposes."""
        if WORDS not in purposes:
            return cls(tuple(names))
        labels = (dataset.truth_codes() or ([], []))[1]
        obstacle = _obstacle(labels)
        kept = () if obstacle else tuple(labels)
        many = len(kept) * len(PROMPT_TEMPLATES) > _MOST_PROMPTS
        texts = dict.fromkeys(text for one in texts_of(dataset.table) for text in one)
        templates = PROMPT_TEMPLATES[:1] if many else PROMPT_TEMPLATES
        return cls(tuple(names), kept, templates, tuple(texts), obstacle)

    def prompts(self) -> list[str]:
        """Return all texts that an encoder reads."""
        labels = [label_as_words(label) for label in self.labels]
        return [*prompts_for(self.names), *prompts_for(labels, self.templates), *self.texts]

    def split(self, rows: Float32[np.ndarray, "texts dim"]) -> TextVectors:
        """Return the vectors of `prompts()` by what they are; no rows give no rows."""
        if not len(rows):
            return TextVectors(rows, rows, rows)
        ends = np.cumsum(
            [len(self.names) * len(PROMPT_TEMPLATES), len(self.labels) * len(self.templates)]
        )
        return TextVectors(*np.split(rows, ends))

    def pairs(self, table: pd.DataFrame) -> Int[np.ndarray, "pairs two"]:
        """Return the rows of an image and of one of its texts, for each such pair.

        Args:
            table: of the images.
        """
        numbers = {text: number for number, text in enumerate(self.texts)}
        found = [
            (row, numbers[text])
            for row, own in enumerate(texts_of(table) if self.texts else ())
            for text in own
        ]
        return np.array(found, dtype=np.int64).reshape(-1, 2)

    def record(self) -> dict[str, Any]:
        """Return what `run.json` holds: templates and labels in them, number of texts, obstacle."""
        return {
            "templates": list(self.templates) if self.labels else [],
            "labels": {label: label_as_words(label) for label in self.labels},
            "texts": len(self.texts),
            "obstacle": self.obstacle,
        }

    def remarks(self) -> list[str]:
        """Return remarks on how labels are read."""
        remarks = []
        changed = [label for label in self.labels if label_as_words(label) != label]
        if changed:
            remarks.append(
                f"as words, {pluralise(len(changed), 'label')} "
                f"{'is' if len(changed) == 1 else 'are'} read in another spelling, such as "
                f"'{label_as_words(changed[0])}' for '{changed[0]}'"
            )
        if len(self.templates) < len(PROMPT_TEMPLATES):
            remarks.append(
                f"{len(self.labels):,} labels are read in one template, '{self.templates[0]}': "
                f"{len(PROMPT_TEMPLATES)} are for at most "
                f"{_MOST_PROMPTS // len(PROMPT_TEMPLATES)} labels"
            )
        return remarks


def label_as_words(label: str) -> str:
    """Return a label as it stands in a prompt: `Faces easy` for `Faces_easy`.

    Underscores and slashes are blanks, and a number before the words is left out, as in
    `001.Black_footed_Albatross` or `n02102040-English_springer`.
    """
    plain = _NUMBER.sub("", label, count=1) if _NUMBER.match(label) else label
    return " ".join(part for part in re.split(r"[_/\s]+", plain) if part)


def _is_word(label: str) -> bool:
    parts = [part for part in _SPLIT.split(label) if part.isalpha()]
    return any(len(part) > 1 or not part.isascii() for part in parts)


def _obstacle(labels: Sequence[str]) -> str:
    """Return why labels cannot be read as words; empty if they can."""
    if not labels:
        return "there are no labels"
    if len(labels) < 2:
        return "all labels are the same"
    codes = [label for label in labels if not _is_word(label)]
    if 2 * len(codes) > len(labels):
        return f"the labels are codes, such as '{codes[0]}', not words"
    return ""


def with_texts(dataset: Dataset, texts: str | None) -> Dataset:
    """Return the dataset with a column `texts`, a JSON list of each image's texts, and remarks.

    Args:
        dataset: the images.
        texts: a column of the images, or a table with a column of file names and a column of
            texts, in which an image may have several rows. None for no texts.

    Raises:
        InputError: there is no such column or table, or it has no text for any image.
    """
    if texts is None:
        return dataset
    remarks: list[str] = []
    if texts in dataset.table:
        found = captions_in_column(dataset.table[texts])
    elif is_table_name(texts):
        table = read_table(parse_path(texts))
        found, remarks = captions_of_images(table, dataset.names, dataset.origin)
    else:
        columns = ", ".join(map(str, dataset.table.columns)) or "none"
        raise InputError(f"`texts` must be a column ({columns}) or a table; not '{texts}'")
    count, images = sum(map(len, found)), sum(map(bool, found))
    if not count:
        raise InputError(f"`texts` '{texts}' has no text for any of the images")
    remark = f"{pluralise(images, 'image')} of {len(dataset):,} with {pluralise(count, 'text')}"
    column = pd.Series([json.dumps(own, ensure_ascii=False) for own in found], dtype=object)
    table_with = dataset.table.assign(**{TEXTS: column})
    return replace(dataset, table=table_with, remarks=(*dataset.remarks, *remarks, remark))


def texts_of(table: pd.DataFrame) -> list[list[str]]:
    """Return the texts of each image; no lists where no texts were given."""
    return [json.loads(cell) for cell in table[TEXTS]] if TEXTS in table else []
