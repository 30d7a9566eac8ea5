"""How well an encoder's texts fit its images: labels read as words, and images found by texts."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64, Int
from scipy.special import digamma
from sklearn.preprocessing import normalize

from embedbench.encoder import Vectors

__all__ = ["TEXT_KS", "class_vectors", "text_to_image", "text_to_image_chance", "zero_shot_correct"]

TEXT_KS = (1, 5, 10)
"""Recall of images by texts is reported at these numbers of images found."""

Texts = Float32[np.ndarray, "texts dim"]
Pairs = Int[np.ndarray, "pairs two"]

_CELLS = 2**24
"""Similarities that a block of texts may have."""


def class_vectors(prompts: Texts, templates: int) -> Float64[np.ndarray, "classes dim"]:
    """Return the unit vector of each class: the mean of the unit vectors of its prompts.

    Args:
        prompts: vectors of all templates of the first class, then of the second, and so on.
        templates: how many there are.
    """
    unit = normalize(prompts.astype(np.float64)).reshape(-1, templates, prompts.shape[1])
    classes: Float64[np.ndarray, "classes dim"] = normalize(unit.mean(axis=1))
    return classes


def zero_shot_correct(
    images: Vectors, classes: Float64[np.ndarray, "classes dim"], labels: Int[np.ndarray, " images"]
) -> Float64[np.ndarray, " images"]:
    """Return whether the class nearest to each image by cosine is its label (Radford et al. 2021).

    1 if it is, 0 if not, 1 / n where n classes are as near, nan for images without a label.

    Args:
        images: embeddings, one row per image.
        classes: the vector of each class.
        labels: class of each image, -1 where unknown.
    """
    fits = normalize(images.astype(np.float64)) @ classes.T
    is_best = fits >= fits.max(axis=1, keepdims=True) - 1e-12
    own = np.take_along_axis(is_best, labels.clip(min=0)[:, None].astype(np.int64), axis=1)[:, 0]
    correct = np.where(labels >= 0, own / is_best.sum(axis=1), np.nan)
    return np.asarray(correct)


def text_to_image(
    images: Vectors,
    texts: Texts,
    pairs: Pairs,
    groups: Int[np.ndarray, " images"],
    ks: Sequence[int] = TEXT_KS,
) -> dict[str, Float64[np.ndarray, " images"]]:
    """Return how well texts find their images among all images, by cosine.

    A text and one of its images are a pair. The image is found at k if fewer than k wrong images
    fit the text better; those that the text describes too, and their near-duplicates, are not
    wrong. With one image a text this is the usual recall at k. Equal cosines count as the mean
    over their orders.

    Args:
        images: embeddings, one row per image.
        texts: embeddings of the texts.
        pairs: rows of an image and of a text that describes it.
        groups: near-duplicate group of each image.
        ks: numbers of images found.

    Returns:
        `text_recall_at_k` for each k, and `text_reciprocal_rank`: for each image the mean over
        its texts, 0 to 1, nan for images without a text.
    """
    unit = normalize(images.astype(np.float64))
    pairs = _by_text(pairs)
    above, tied = np.zeros(len(pairs)), np.zeros(len(pairs))
    step = max(1, _CELLS // max(1, len(images)))
    for start in range(0, len(texts), step):
        some = slice(*np.searchsorted(pairs[:, 1], [start, start + step]))
        rows, columns = pairs[some, 1] - start, pairs[some, 0]
        fits = normalize(texts[start : start + step].astype(np.float64)) @ unit.T
        own = fits[rows, columns]
        right = np.zeros((len(fits), int(groups.max()) + 1), dtype=bool)
        right[rows, groups[columns]] = True
        fits[right[:, groups]] = -np.inf
        others = fits[rows]
        above[some] = (others > own[:, None] + 1e-12).sum(axis=1)
        tied[some] = (np.abs(others - own[:, None]) <= 1e-12).sum(axis=1)
    return _of_images(pairs, above, tied, len(images), ks)


def text_to_image_chance(
    pairs: Pairs, groups: Int[np.ndarray, " images"], ks: Sequence[int] = TEXT_KS
) -> dict[str, float]:
    """Return what a random order of the images gives each score of `text_to_image`.

    Args:
        pairs: rows of an image and of a text that describes it, at least one.
        groups: near-duplicate group of each image.
        ks: numbers of images found.
    """
    pairs = _by_text(pairs)
    copies = np.bincount(groups)
    described = np.unique(np.stack([pairs[:, 1], groups[pairs[:, 0]]], axis=1), axis=0)
    right = np.bincount(described[:, 0], copies[described[:, 1]])
    wrong = len(groups) - right[pairs[:, 1]]
    scores = _of_images(pairs, np.zeros(len(pairs)), wrong, len(groups), ks)
    return {name: float(np.nanmean(values)) for name, values in scores.items()}


def _by_text(pairs: Pairs) -> Pairs:
    return pairs[np.argsort(pairs[:, 1], kind="stable")]


def _of_images(
    pairs: Pairs,
    above: Float64[np.ndarray, " pairs"],
    tied: Float64[np.ndarray, " pairs"],
    images: int,
    ks: Sequence[int],
) -> dict[str, Float64[np.ndarray, " images"]]:
    """Return the scores of each image, from how many wrong images fit better, and as well."""
    scores = {f"text_recall_at_{k}": ((k - above) / (tied + 1)).clip(0.0, 1.0) for k in ks} | {
        "text_reciprocal_rank": (digamma(above + tied + 2) - digamma(above + 1)) / (tied + 1)
    }
    counts = np.bincount(pairs[:, 0], minlength=images).astype(np.float64)
    counts[counts == 0] = np.nan
    return {
        name: np.bincount(pairs[:, 0], values, minlength=images) / counts
        for name, values in scores.items()
    }
