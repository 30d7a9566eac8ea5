"""Classification: which images can be predicted, and whether their neighbours predict them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int
from scipy.linalg import hadamard

from embedbench.metrics.base import TWICE_IN_HALVES, Estimate, mean_estimate
from embedbench.metrics.embedding.neighbours import (
    NEIGHBOURS,
    Neighbourhood,
    first_neighbours,
)

__all__ = ["groups_a_class", "knn_correct", "knn_depth", "knn_score", "with_partner"]

PerImage = Float64[np.ndarray, " images"]

_OUTVOTES = 2.0**500
"""Vote of a neighbour at distance 0: to add other votes to it changes nothing."""


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


def knn_correct(
    found: Neighbourhood,
    truth: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    neighbours: int = NEIGHBOURS,
) -> PerImage:
    """Return 1 for each image whose label its labelled neighbours predict, 0 for the others.

    Leave-one-out, without the image's group. Neighbours vote by 1 / (1 - cosine), or only those
    at distance 0 if there are any, as in scikit-learn's `KNeighborsClassifier(metric="cosine",
    weights="distance")`; the lowest label wins ties. nan without a known label, if no image of
    another group has the same, and for images that were not asked.

    Args:
        found: neighbours from `neighbourhood`, with truth.
        truth: known label of each image as a number, -1 if unknown.
        groups: near-duplicate group of each image, as for `found`.
        neighbours: number of voters; fewer if there are fewer.

    Raises:
        ValueError: `found` has no truth, or fewer neighbours per image.
    """
    voters = _Voters.of(found, truth, groups, neighbours)
    correct = np.full(len(truth), np.nan)
    correct[voters.rows] = voters.are_right(np.arange(neighbours))
    return correct


def knn_score(
    found: Neighbourhood,
    truth: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    neighbours: int = NEIGHBOURS,
) -> Estimate:
    """Return the mean of `knn_correct`; its interval counts the images as voters, too.

    The influence of a voter is half of what it adds, on average over balanced halves of the
    neighbours (McCarthy 1969), the same for every encoder, as in `retrieval_influence`.

    Args:
        found: neighbours from `neighbourhood`, with truth; `knn_depth(neighbours)` of each image.
        truth: known label of each image as a number, -1 if unknown.
        groups: near-duplicate group of each image, as for `found`.
        neighbours: number of voters; fewer if there are fewer.

    Raises:
        ValueError: `found` has no truth, or fewer neighbours per image.
    """
    voters = _Voters.of(found, truth, groups, knn_depth(neighbours))
    halves = _balanced_halves(knn_depth(neighbours))
    right = np.array([voters.are_right(np.flatnonzero(half)[:neighbours]) for half in halves])
    # The mean with the voter less that without it is twice the mean of +1 and -1 times `right`.
    effects = right.astype(np.float64).T @ (2.0 * halves - 1) / len(halves)
    effects[voters.nearest < 0] = 0
    moves = np.zeros(len(truth))
    np.add.at(moves, voters.nearest.clip(0), effects)
    twice = TWICE_IN_HALVES * float(np.square(effects).sum())
    correct = knn_correct(found, truth, groups, neighbours)
    return mean_estimate(correct[None], moves=moves, moving=truth >= 0, twice=twice)


def knn_depth(neighbours: int) -> int:
    """Return how many neighbours to halve: of the halves of 30, 98 of 100 hold at least 10."""
    return 2 * neighbours + 10


def _balanced_halves(places: int) -> Bool[np.ndarray, "halves places"]:
    """Return halves of the places, in which every three places are equally often held and not.

    There are 256 halves of up to 127 places, and each complement is one of them.
    """
    size = 2 ** max(7, places.bit_length())
    columns = np.random.default_rng(0).permutation(np.arange(1, size))[:places]
    half: Bool[np.ndarray, "halves places"] = hadamard(size)[:, columns] > 0
    return np.concatenate([half, ~half])


@dataclass(frozen=True, eq=False)
class _Voters:
    """Labelled neighbours of the images that can be predicted, and their votes.

    Attributes:
        rows: the images that can be predicted.
        nearest: row numbers of their labelled neighbours; -1 if none.
        names: number of each neighbour's label among those of its row, from 1 in their order.
        own: the same of the image's own label; -1 if no neighbour has it.
        weights: of each vote; a copy outvotes all others, and where there is no neighbour it is 0.
    """

    rows: Int[np.ndarray, " predicted"]
    nearest: Int[np.ndarray, "predicted neighbours"]
    names: Int[np.ndarray, "predicted neighbours"]
    own: Int[np.ndarray, " predicted"]
    weights: Float64[np.ndarray, "predicted neighbours"]

    @classmethod
    def of(
        cls,
        found: Neighbourhood,
        truth: Int[np.ndarray, " images"],
        groups: Int[np.ndarray, " images"],
        most: int,
    ) -> "_Voters":
        """Return the `most` nearest; raise ValueError without truth, or with fewer found."""
        if found.labelled is None or found.labelled_similarity is None:
            raise ValueError("`found` has no labelled neighbours; give `neighbourhood` the truth")
        possible = with_partner(truth, groups)
        if found.asked is not None:
            possible &= np.isin(np.arange(len(truth)), found.asked)
        rows = np.flatnonzero(possible)
        nearest = first_neighbours(found.labelled, most)[rows]
        distances = 1 - found.labelled_similarity[rows, :most]
        is_there = nearest >= 0
        labels = np.where(is_there, truth[nearest], -1)
        order = labels.argsort(axis=1, kind="stable")
        in_order = np.take_along_axis(labels, order, axis=1)
        is_new = np.diff(in_order, axis=1, prepend=-1) != 0
        names = np.empty_like(labels)
        np.put_along_axis(names, order, is_new.cumsum(axis=1), axis=1)
        own = np.where(labels == truth[rows, None], names, -1).max(axis=1, initial=-1)
        with np.errstate(divide="ignore"):
            weights = np.where(distances == 0, _OUTVOTES, 1 / distances)
        return cls(rows, nearest, names, own, np.where(is_there, weights, 0.0))

    def are_right(self, columns: Int[np.ndarray, " voting"]) -> Bool[np.ndarray, " predicted"]:
        """Return whether the votes of these columns are for the image's own label."""
        shape = len(self.rows), int(self.names.max(initial=0)) + 1
        cells = np.arange(shape[0])[:, None] * shape[1] + self.names[:, columns]
        votes = np.bincount(cells.ravel(), self.weights[:, columns].ravel(), shape[0] * shape[1])
        return np.asarray(votes.reshape(shape).argmax(axis=1) == self.own)
