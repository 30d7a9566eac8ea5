"""Names for clusters, from candidate words, by an encoder that reads texts as well as images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy.stats import t
from sklearn.preprocessing import normalize

from embedbench.errors import InputError

__all__ = ["Name", "TEMPLATES", "name_clusters", "read_words", "texts_for", "word_similarity"]

TEMPLATES = ("a photo of a {}.", "a photo of the {}.", "a picture of {}.", "{}")
"""What words are put into; the mean over them is steadier than any one (Radford et al. 2021)."""

_CHANCE = 0.05


@dataclass(frozen=True)
class Name:
    """What a cluster is called.

    Attributes:
        name: the best word; empty where its margin is within chance.
        margin: by how much its cosine beats the next word's; a single word has to beat 0, the
            cosine of the average image.
        best: the best word, also where it is no good name.
    """

    name: str
    margin: float
    best: str


def read_words(names: str) -> tuple[str, ...]:
    """Return candidate words from `a,b,c` or from a `.txt` file with one a line.

    Raises:
        InputError: there are none, or there is no such file.
    """
    if names.endswith(".txt"):
        try:
            parts = Path(names).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read the words in '{names}': {error}") from error
    else:
        parts = names.split(",")
    words = tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
    if not words:
        raise InputError(f"there are no words in '{names}'")
    return words


def texts_for(words: Sequence[str]) -> list[str]:
    """Return every word in every template: all templates of the first word, and so on."""
    return [template.format(word) for word in words for template in TEMPLATES]


def word_similarity(
    images: Float32[np.ndarray, "images dim"], texts: Float32[np.ndarray, "texts dim"]
) -> Float[np.ndarray, "images words"]:
    """Return how well each word fits each image: cosine, each side without its mean.

    CLIP's images and texts lie in two separate cones (Liang et al. 2022, arXiv 2203.02053);
    taking each side's mean off removes what all images, or all words, have in common.

    Args:
        images: vectors of the images by the naming encoder.
        texts: its vectors of `texts_for(words)`.
    """
    unit = normalize(texts.astype(np.float64)).reshape(-1, len(TEMPLATES), texts.shape[1])
    words = normalize(unit.mean(axis=1))
    pictures = normalize(images.astype(np.float64))
    if len(words) > 1:
        words = normalize(words - words.mean(axis=0))
    pictures = normalize(pictures - pictures.mean(axis=0))
    similarity: Float[np.ndarray, "images words"] = pictures @ words.T
    return similarity


def name_clusters(
    similarity: Float[np.ndarray, "images words"],
    words: Sequence[str],
    labels: Int[np.ndarray, " images"],
) -> dict[int, Name]:
    """Return a name for each cluster, noise aside.

    A word is a good name if the cluster's images fit it better than every other word by more
    than chance: a one-sided paired t-test over the images, at 5 %. Of one image or two, or of
    images that fit several words alike, there is no good name.
    """
    if len(words) == 1:
        similarity = np.column_stack([similarity, np.zeros(len(similarity))])
        words = [*words, ""]
    names = {}
    for cluster in np.unique(labels[labels >= 0]):
        members = similarity[labels == cluster]
        best, *others = np.argsort(-members.mean(axis=0), kind="stable")
        leads = members[:, [best]] - members[:, others]
        good = len(members) > 2 and bool((leads.mean(axis=0) > _by_chance(leads)).all())
        margin = float(leads.mean(axis=0).min())
        names[int(cluster)] = Name(words[best] if good else "", margin, words[best])
    return names


def _by_chance(leads: Float[np.ndarray, "members words"]) -> Float[np.ndarray, " words"]:
    """Return the mean lead that chance exceeds in 5 of 100 samples of members."""
    size = len(leads)
    error = leads.std(axis=0, ddof=1) / np.sqrt(size)
    limits: Float[np.ndarray, " words"] = t.ppf(1 - _CHANCE, size - 1) * error
    return limits
