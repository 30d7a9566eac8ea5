"""Names for clusters, from candidate words, by an encoder that reads texts as well as images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32, Int
from scipy.stats import t
from sklearn.preprocessing import normalize

from embedbench.errors import InputError
from embedbench.utils.text import agreeing

__all__ = [
    "ClusterName",
    "PROMPT_TEMPLATES",
    "image_text_similarity",
    "name_clusters",
    "prompts_for",
    "read_words",
    "two_best_names",
]

PROMPT_TEMPLATES = ("a photo of a {}.", "a photo of the {}.", "a picture of {}.", "{}")
"""Prompts for each word; their mean is steadier than any one (Radford et al. 2021)."""

_CHANCE = 0.05

_CLOSE = 0.75
"""The least fit of an image's second word, as a share of that of the first."""


@dataclass(frozen=True)
class ClusterName:
    """Name of a cluster.

    Attributes:
        name: the best word; empty where its margin is within chance: see `name_clusters`.
        margin: by how much its cosine beats the next word's; a single word has to beat 0, the
            cosine of the average image.
        best: the best word, even where it is not a good name.
    """

    name: str
    margin: float
    best: str


def read_words(names: str | Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return candidate words without repetitions, and remarks on what was left out.

    Args:
        names: `a,b,c`, a `.txt` file with one a line, or a sequence of words; none if empty.

    Raises:
        InputError: there are only empty ones, or there is no such file.
    """
    if not names:
        return (), ()
    parts = list(names)
    if isinstance(names, str):
        parts = _read_file(names) if names.endswith(".txt") else names.split(",")
    cleaned = [" ".join(part.split()) for part in parts]
    words = tuple(dict.fromkeys(word for word in cleaned if word))
    if not words:
        raise InputError(f"there are no words in '{names}'")
    empty = cleaned.count("")
    repeated = len(cleaned) - empty - len(words)
    remarks = (
        f"{repeated} of the candidate names {agreeing(repeated, 'stand')} there twice",
        f"{empty} of the candidate names {agreeing(empty, 'are')} empty",
    )
    counts = (repeated, empty)
    return words, tuple(one for one, count in zip(remarks, counts, strict=True) if count)


def _read_file(names: str) -> list[str]:
    try:
        return Path(names).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:  # not UTF-8, or a name that no file can have
        raise InputError(f"cannot read the words in '{names}': {error}") from error


def prompts_for(words: Sequence[str], templates: Sequence[str] = PROMPT_TEMPLATES) -> list[str]:
    """Return every word in every template: all templates of the first word, and so on."""
    return [template.format(word) for word in words for template in templates]


def image_text_similarity(
    images: Float32[np.ndarray, "images dim"], texts: Float32[np.ndarray, "texts dim"]
) -> Float[np.ndarray, "images words"]:
    """Return how well each word fits each image: cosine, each side without its mean.

    CLIP's images and texts lie in two separate cones (Liang et al. 2022, arXiv 2203.02053);
    subtracting each side's mean removes what all images, or all words, have in common.

    Args:
        images: vectors of the images by the naming encoder.
        texts: its vectors of `prompts_for(words)`.
    """
    unit = normalize(texts.astype(np.float64)).reshape(-1, len(PROMPT_TEMPLATES), texts.shape[1])
    word_vectors = normalize(unit.mean(axis=1))
    pictures = normalize(images.astype(np.float64))
    if len(word_vectors) > 1:
        word_vectors = normalize(word_vectors - word_vectors.mean(axis=0))
    pictures = normalize(pictures - pictures.mean(axis=0))
    similarity: Float[np.ndarray, "images words"] = pictures @ word_vectors.T
    return similarity


def name_clusters(
    similarity: Float[np.ndarray, "images words"],
    words: Sequence[str],
    assignments: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
) -> dict[int, ClusterName]:
    """Return a name for each cluster, except noise: the word that fits it best, if it leads enough.

    How far a word leads every other is the difference of their mean cosines in the cluster, each
    group of copies counted as one image. It is a good name if the lead exceeds what each of two
    kinds of chance exceeds in 5 of 100 cases:

    - of the images: a one-sided paired t-test over the groups, of which there must be three;
    - of the words: an encoder finds any word nearer to some clusters than to others, however many
      images they hold. How much, is seen where the words are not the best: there, a word's mean
      cosines have a spread over the clusters, pooled over the words. The lead must be a difference
      that two words of this spread would not have. With so few clusters or words that there is no
      spread to see, the first kind decides alone.

    So views of one photograph, which are no copies, do not make a name by their number, nor does
    a word that fits everything a little. Measured with `conse` in `benchmarks/cluster_names.py`: of
    20 classes of Caltech-101 (K-means at 10, 20 and 40 clusters; words for all classes, for half of
    them, or for kinds of things), 20 to 58 % of the clusters got a name, and every one was right;
    by the t-test alone 67 to 92 %, of which 52 to 98 % were right. Of the clusters of the sample
    photographs 22 % got a name, all right; by the t-test alone 44 %, of which 83 % were right. The
    rule and the words of the samples were chosen on these pictures, and the clusters are those of
    trained encoders. Elsewhere fewer names are right: 64 to 100 % of those of `pixels`' clusters of
    Caltech-101, which mix classes, and half of those of samples offered kinds of things ("animal").
    An encoder that is sure of something wrong still names it wrongly: offered "brick wall" for the
    sample photographs, `conse` gives it to the gravel, and 78 % of their names are right.

    Args:
        similarity: as of `image_text_similarity`.
        words: by the columns of `similarity`.
        assignments: cluster of each image; -1 is noise.
        groups: near-duplicate group of each image.
    """
    if len(words) == 1:
        similarity = np.column_stack([similarity, np.zeros(len(similarity))])
        words = [*words, ""]
    clusters = np.unique(assignments[assignments >= 0])
    members = [
        _group_means(similarity[assignments == one], groups[assignments == one]) for one in clusters
    ]
    if not members:
        return {}
    means = np.stack([rows.mean(axis=0) for rows in members])
    limit = _by_word(means)
    names = {}
    for cluster, rows, fits in zip(clusters, members, means, strict=True):
        best, *others = np.argsort(-fits, kind="stable")
        leads = rows[:, [best]] - rows[:, others]
        margins = leads.mean(axis=0)
        good = len(rows) > 2 and bool((margins > np.maximum(_by_image(leads), limit)).all())
        margin = float(margins.min())
        names[int(cluster)] = ClusterName(words[best] if good else "", margin, words[best])
    return names


def two_best_names(
    similarity: Float[np.ndarray, "images words"], words: Sequence[str], image_names: Sequence[str]
) -> pd.DataFrame:
    """Return the two words that fit each image best, and which images lie between two words.

    Columns: `image, name, similarity, second_name, second_similarity, margin`, cosines, and
    `ambiguous`: whether the image fits both words, as a hot dog does food and dog: the second fits
    at least three quarters as well as the first, and better than the second words of half of the
    images do. No rows where there are fewer than two words.
    """
    columns = ["image", "name", "similarity", "second_name", "second_similarity", "margin",
               "ambiguous"]  # fmt: skip
    if len(words) < 2:
        return pd.DataFrame(columns=columns)
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :2]
    fits = np.take_along_axis(similarity, order, axis=1)
    close = (fits[:, 1] > 0) & (fits[:, 1] >= _CLOSE * fits[:, 0])
    return pd.DataFrame(
        {
            "image": list(image_names),
            "name": [words[row] for row in order[:, 0]],
            "similarity": fits[:, 0],
            "second_name": [words[row] for row in order[:, 1]],
            "second_similarity": fits[:, 1],
            "margin": fits[:, 0] - fits[:, 1],
            "ambiguous": close & (fits[:, 1] > np.median(fits[:, 1])),
        }
    )


def _group_means(
    rows: Float[np.ndarray, "members words"], groups: Int[np.ndarray, " members"]
) -> Float[np.ndarray, "groups words"]:
    """Return the mean row of each group."""
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.zeros((len(sizes), rows.shape[1]))
    np.add.at(sums, numbers, rows)
    means: Float[np.ndarray, "groups words"] = sums / sizes[:, None]
    return means


def _by_image(leads: Float[np.ndarray, "groups words"]) -> Float[np.ndarray, " words"]:
    """Return the mean lead that chance exceeds in 5 of 100 samples of groups."""
    size = len(leads)
    error = leads.std(axis=0, ddof=1) / np.sqrt(size)
    limits: Float[np.ndarray, " words"] = t.ppf(1 - _CHANCE, size - 1) * error
    return limits


def _by_word(means: Float[np.ndarray, "clusters words"]) -> float:
    """Return the difference that 5 of 100 pairs of words have which fit a cluster no better.

    Args:
        means: how well each word fits each cluster.
    """
    fits = means.copy()
    fits[np.arange(len(fits)), fits.argmax(axis=1)] = np.nan
    counts = (~np.isnan(fits)).sum(axis=0)
    averages = np.nansum(fits, axis=0) / np.maximum(counts, 1)
    freedom = int((counts - 1).clip(min=0).sum())
    if not freedom:
        return 0.0
    spread = np.sqrt(np.nansum((fits - averages) ** 2) / freedom)
    return float(t.ppf(1 - _CHANCE, freedom) * np.sqrt(2) * spread)
