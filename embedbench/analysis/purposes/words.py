"""What an encoder makes of texts: its scores, and what smaller vectors of images cost them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int

from embedbench.analysis.inputs import Targets
from embedbench.analysis.purposes.forms import forms_of
from embedbench.analysis.purposes.scores import SIZE_COLUMNS, form_rows
from embedbench.analysis.purposes.text_forms import to_forms_with_texts
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.embedding.words import class_vectors, text_to_image, zero_shot_correct
from embedbench.results.tables.purposes import WORDS, ZERO_SHOT

__all__ = ["ReadTexts", "word_scores", "word_size_rows"]


@dataclass(frozen=True, eq=False)
class ReadTexts:
    """The texts that images are compared with, as an encoder read them.

    Attributes:
        prompts: all templates of the first class, then of the second, and so on; no rows where
            labels are not read.
        templates: number of templates.
        texts: of the images; no rows where there are none.
        pairs: rows of an image and of a text that describes it.
    """

    prompts: Float32[np.ndarray, "prompts dim"]
    templates: int
    texts: Float32[np.ndarray, "texts dim"]
    pairs: Int[np.ndarray, "pairs two"]

    def only(self, metric: str) -> "ReadTexts":
        """Return what a metric of words needs, and no other rows."""
        if metric == ZERO_SHOT:
            return replace(self, texts=self.texts[:0], pairs=self.pairs[:0])
        return replace(self, prompts=self.prompts[:0])


def word_scores(vectors: Vectors, read: ReadTexts, targets: Targets) -> dict[str, Estimate]:
    """Return the scores that the texts allow, by their names.

    Args:
        vectors: embeddings of the images, one row each.
        read: texts in the same space.
        targets: labels and near-duplicate groups.
    """
    scores: dict[str, Estimate] = {}
    if len(read.prompts) and targets.labels is not None:
        classes = class_vectors(read.prompts, read.templates)
        correct = zero_shot_correct(vectors, classes, targets.labels)
        scores[ZERO_SHOT] = mean_estimate(correct[None])
    if len(read.pairs):
        found = text_to_image(vectors, read.texts, read.pairs, targets.groups)
        scores |= {name: mean_estimate(values[None]) for name, values in found.items()}
    return scores


def word_size_rows(
    vectors: Vectors,
    read: ReadTexts,
    targets: Targets,
    metric: str,
    seed: int,
    resamples: PairedBootstrap,
    trained_for: Sequence[int] = (),
) -> pd.DataFrame:
    """Return words by form of the images' vectors, in the columns of `size_rows`.

    Args:
        vectors: embeddings of the images, one row each; forms are fitted on all of them.
        read: texts in the same space, whose score there is.
        targets: labels and near-duplicate groups.
        metric: of words.
        seed: of product quantisation.
        resamples: of the images.
        trained_for: as for `forms_of`.
    """
    dim = vectors.shape[1]
    forms, reasons = forms_of(dim, len(vectors), trained_for)
    both = np.concatenate([read.prompts, read.texts])
    scores = {}
    for form, (images, rows) in to_forms_with_texts(vectors, both, forms, seed).items():
        prompts, texts = np.split(rows, [len(read.prompts)])
        stored = replace(read, prompts=prompts, texts=texts)
        scores[form] = word_scores(images, stored, targets)[metric]
    found = form_rows(WORDS, metric, scores, reasons, dim, resamples)
    return pd.DataFrame(found, columns=SIZE_COLUMNS)
