"""Classes of images, and how many groups of near-duplicates each has."""

import numpy as np
from jaxtyping import Bool, Int

__all__ = ["groups_a_class", "with_partner"]


def groups_a_class(
    truth: Int[np.ndarray, " images"], groups: Int[np.ndarray, " images"]
) -> dict[int, int]:
    """Return the number of groups of each known label.

    Args:
        truth: known label of each image as a number, -1 if unknown.
        groups: near-duplicate group of each image.
    """
    pairs = np.unique(np.stack([truth, groups], axis=1), axis=0)
    labels, counts = np.unique(pairs[pairs[:, 0] >= 0, 0], return_counts=True)
    return dict(zip(labels.tolist(), counts.tolist(), strict=True))


def with_partner(
    truth: Int[np.ndarray, " images"], groups: Int[np.ndarray, " images"]
) -> Bool[np.ndarray, " images"]:
    """Return which images have a known label that an image of another group has too.

    Args:
        truth: known label of each image as a number, -1 if unknown.
        groups: near-duplicate group of each image.
    """
    usable = [label for label, size in groups_a_class(truth, groups).items() if size >= 2]
    return np.isin(truth, usable)
