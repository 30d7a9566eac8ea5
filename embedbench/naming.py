"""Names for clusters, from candidate words, by an encoder that reads texts as well as images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Int
from sklearn.preprocessing import normalize

from embedbench.errors import InputError

__all__ = ["TEMPLATES", "Name", "name_clusters", "read_words", "texts_for", "word_similarity"]

TEMPLATES = ("a photo of a {}.", "a photo of the {}.", "a picture of {}.", "{}")
"""What words are put into; the mean over them is steadier than any one (Radford et al. 2021)."""

_DRAWS = 1000
_CHANCE = 0.95


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
    seed: int,
) -> dict[int, Name]:
    """Return a name for each cluster, noise aside.

    A word is a good name if its margin to the next exceeds that of 95 % of random groups of as
    many images.
    """
    names = {}
    if len(words) == 1:
        similarity = np.column_stack([similarity, np.zeros(len(similarity))])
        words = [*words, ""]
    for cluster in np.unique(labels[labels >= 0]):
        members = labels == cluster
        scores = similarity[members].mean(axis=0)
        order = np.argsort(-scores, kind="stable")
        best = words[order[0]]
        margin = float(scores[order[0]] - scores[order[1]])
        good = margin > _margin_by_chance(similarity, int(members.sum()), seed)
        names[int(cluster)] = Name(best if good else "", margin, best)
    return names


def _margin_by_chance(similarity: Float[np.ndarray, "images words"], size: int, seed: int) -> float:
    random = np.random.default_rng(seed)
    images = len(similarity)
    margins = np.empty(_DRAWS)
    for draw in range(_DRAWS):
        group = random.choice(images, size, replace=False)
        top = np.partition(similarity[group].mean(axis=0), -2)[-2:]
        margins[draw] = top[1] - top[0]
    return float(np.quantile(margins, _CHANCE))
