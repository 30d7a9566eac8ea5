"""Nearest neighbours of each image, and the scores of retrieval and classification by them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int, UInt64
from sklearn.preprocessing import normalize

from embedbench.encoder import Vectors
from embedbench.metrics.embedding.retrieval_influence import retrieval_influence

__all__ = [
    "NEIGHBOURS",
    "Neighbourhood",
    "first_neighbours",
    "knn_correct",
    "neighbourhood",
    "overlap",
]

Nearest = Int[np.ndarray, "images neighbours"]
Cosines = Float64[np.ndarray, "images neighbours"]
PerImage = Float64[np.ndarray, " images"]

_MEGABYTE = 2**20
_BYTES_A_PAIR = 32
"""Memory of a pair of images in a block: distances, a sorted copy, two rows of keys."""

_COPY = 1e-14
"""Rows with a smaller 1 - cosine differ by float32 rounding only."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Nearest other images of each image by cosine, and retrieval scores of its class.

    A neighbour is never of the image's own group. If there are fewer neighbours, rows end in -1,
    with similarity nan. Ties are in the order of row numbers. If only a sample of the images is
    queried, each among all, the others have no neighbours and no scores.

    Attributes:
        nearest: row numbers of the neighbours, the nearest first.
        similarity: cosines to them, -1 to 1.
        labelled: as `nearest`, of images with a known label only; None without truth.
        labelled_similarity: cosines to these.
        average_precision: average precision of ranking the other labelled images by cosine, with
            those of the image's class relevant: 0 to 1, higher is better. nan without a known
            label, and if no image of another group has the same. None without truth.
        r_precision: share of the image's class among the R nearest labelled images, R the number
            of images of the class in other groups: range, direction and nan as above.
        precision_influence: how far each image, as a retrieval result, moves the sum of the
            average precisions of the others; see `retrieval_influence`. None without truth.
        r_precision_influence: the same for their R-precisions.
        asked: sorted rows of the queried images; None if all.
    """

    nearest: Nearest
    similarity: Cosines
    labelled: Nearest | None
    labelled_similarity: Cosines | None
    average_precision: PerImage | None
    r_precision: PerImage | None
    precision_influence: PerImage | None = None
    r_precision_influence: PerImage | None = None
    asked: Int[np.ndarray, " sampled"] | None = None


def neighbourhood(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    most: int = 50,
    working_memory: int = 256,
    asked: Int[np.ndarray, " sampled"] | None = None,
) -> Neighbourhood:
    """Return the neighbours of each image and its retrieval scores, in one pass over all pairs.

    Equal cosines are ties: the average precision counts them together, as scikit-learn's
    `average_precision_score` does, and the R-precision is the mean over their orders (McSherry
    and Najork 2008), so that equal rows score as chance. Cosines are computed in float64, for
    the ties; rows of zeros have cosine 0 with all.

    Args:
        vectors: embeddings, one row per image.
        truth: known label of each image as a number, -1 if unknown; None without labels.
        groups: near-duplicate group of each image.
        most: number of neighbours to keep for each image.
        working_memory: memory of the pass in MB, about, without vectors and result.
        asked: sorted rows of the images to query; all if None.
    """
    count = len(vectors)
    unit = normalize(vectors.astype(np.float64))
    nearest, near = _empty(count, most)
    labelled, labelled_near = nearest, near
    unknown = np.flatnonzero(truth < 0) if truth is not None else np.arange(0)
    if len(unknown):
        labelled, labelled_near = _empty(count, most)
    scores, moves = np.full((2, count), np.nan), np.zeros((2, count))
    lost = np.zeros(count)
    size = max(1, working_memory * _MEGABYTE // (_BYTES_A_PAIR * max(1, count)))
    queries = np.arange(count) if asked is None else asked
    for start in range(0, len(queries), size):
        rows = queries[start : start + size]
        distances = _distances(unit, groups, rows)
        nearest[rows], near[rows] = _nearest(distances, most)
        if len(unknown):
            distances[:, unknown] = np.inf
            labelled[rows], labelled_near[rows] = _nearest(distances, most)
        if truth is not None:
            scores[:, rows] = _retrieval(distances, truth, truth[rows])
            _add_moves(distances, truth, truth[rows], moves, lost)
    if truth is None:
        return Neighbourhood(nearest, near, None, None, None, None, asked=asked)
    # A query without its only relevant image has no score: the mean of the others replaces it.
    scored = ~np.isnan(scores[0])
    if scored.any():
        moves -= lost * scores[:, scored].mean(axis=1, keepdims=True)
    return Neighbourhood(
        nearest, near, labelled, labelled_near, scores[0], scores[1], moves[0], moves[1], asked
    )


def _empty(count: int, most: int) -> tuple[Nearest, Cosines]:
    return np.full((count, most), -1), np.full((count, most), np.nan)


def _distances(
    unit: Float64[np.ndarray, "images dim"],
    groups: Int[np.ndarray, " images"],
    rows: Int[np.ndarray, " block"],
) -> Float32[np.ndarray, "block images"]:
    """Return 1 - cosine between a block of images and all; inf within a group.

    Ties up to float64 rounding are exact ties in float32.
    """
    wide = unit[rows] @ unit.T
    np.subtract(1, wide, out=wide)
    wide[wide < _COPY] = 0
    distances: Float32[np.ndarray, "block images"] = wide.astype(np.float32)
    distances[groups[rows][:, None] == groups] = np.inf
    return distances


def _nearest(
    distances: Float32[np.ndarray, "block images"], most: int
) -> tuple[Int[np.ndarray, "block neighbours"], Float64[np.ndarray, "block neighbours"]]:
    """Return the nearest of each row in order, and their cosines; -1 and nan if none is left."""
    # Bits of non-negative floats sort as the floats do: one sort of keys also orders ties.
    keys: UInt64[np.ndarray, "block images"] = distances.view(np.uint32).astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= np.arange(distances.shape[1], dtype=np.uint64)
    if most < distances.shape[1]:
        keys.partition(most, axis=1)
        keys = keys[:, :most]
    keys.sort(axis=1)
    nearest, cosines = _empty(len(distances), most)
    columns = keys.shape[1]
    nearest[:, :columns] = keys & np.uint64(2**32 - 1)
    near = (keys >> np.uint64(32)).astype(np.uint32).view(np.float32)
    cosines[:, :columns] = 1 - near.astype(np.float64)
    nearest[np.isneginf(cosines)] = -1
    cosines[np.isneginf(cosines)] = np.nan
    return nearest, cosines


def _retrieval(
    distances: Float32[np.ndarray, "block images"],
    truth: Int[np.ndarray, " images"],
    wanted: Int[np.ndarray, " block"],
) -> Float64[np.ndarray, "2 block"]:
    """Return average precision and R-precision of a block of queries with the wanted labels."""
    scores = np.full((2, len(distances)), np.nan)
    members = {label: np.flatnonzero(truth == label) for label in np.unique(truth[truth >= 0])}
    ordered = np.sort(distances, axis=1)
    for query, ranking in enumerate(ordered):
        label = wanted[query]
        if label < 0:
            continue
        right = np.sort(distances[query, members[label]])
        right = right[np.isfinite(right)]
        if not len(right):
            continue
        hits = np.searchsorted(right, right, "right")
        scores[0, query] = np.mean(hits / np.searchsorted(ranking, right, "right"))
        # Of the images tied at the cut-off some count, each with the same probability.
        cut = ranking[len(right) - 1]
        nearer, hits_nearer = np.searchsorted(ranking, cut), np.searchsorted(right, cut)
        tied = np.searchsorted(ranking, cut, "right") - nearer
        hits_tied = np.searchsorted(right, cut, "right") - hits_nearer
        within = hits_nearer + hits_tied * (len(right) - nearer) / tied
        scores[1, query] = within / len(right)
    return scores


def _add_moves(
    distances: Float32[np.ndarray, "block images"],
    truth: Int[np.ndarray, " images"],
    wanted: Int[np.ndarray, " block"],
    moves: Float64[np.ndarray, "2 images"],
    lost: Float64[np.ndarray, " images"],
) -> None:
    """Add each image's influence on a block of queries; count in `lost` queries that need it."""
    for query, away in enumerate(distances):
        order = np.argsort(away, kind="stable")
        order = order[np.isfinite(away[order])]
        right = truth[order] == wanted[query]
        if wanted[query] < 0 or not right.any():
            continue
        for total, influence in zip(moves, retrieval_influence(right), strict=True):
            total[order] += np.nan_to_num(influence)
        if right.sum() == 1:
            position = int(np.argmax(right))
            lost[order[position]] += 1
            moves[:, order[position]] += (1 / (position + 1), float(position == 0))


def knn_correct(
    found: Neighbourhood, truth: Int[np.ndarray, " images"], neighbours: int = 10
) -> PerImage:
    """Return 1 for each image whose label its labelled neighbours predict, 0 for the others.

    Leave-one-out, without the image's group. Neighbours vote by 1 / (1 - cosine), or only those
    at distance 0 if there are any, as in scikit-learn's `KNeighborsClassifier(metric="cosine",
    weights="distance")`; the lowest label wins ties. nan without a known label, and if no image
    of another group has the same.

    Args:
        found: neighbours from `neighbourhood`, with truth.
        truth: known label of each image as a number, -1 if unknown.
        neighbours: number of voters; fewer if there are fewer.

    Raises:
        ValueError: `found` has no truth, or fewer neighbours per image.
    """
    possible = found.average_precision
    if found.labelled is None or found.labelled_similarity is None or possible is None:
        raise ValueError("`found` has no labelled neighbours; give `neighbourhood` the truth")
    voters = first_neighbours(found.labelled, neighbours)
    distances = 1 - found.labelled_similarity[:, :neighbours]
    copies = distances == 0
    with np.errstate(divide="ignore"):
        weights = np.where(copies.any(axis=1, keepdims=True), copies, 1 / distances)
    images, columns = np.nonzero(voters >= 0)
    names, labels = np.unique(truth, return_inverse=True)
    votes = np.bincount(
        images * len(names) + labels[voters[images, columns]],
        weights[images, columns],
        len(truth) * len(names),
    )
    guess = votes.reshape(len(truth), len(names)).argmax(axis=1)
    return np.where(np.isnan(possible), np.nan, guess == labels)


def overlap(one: Neighbourhood, other: Neighbourhood, neighbours: int = 10) -> float:
    """Return the share of neighbours that two encoders have in common, averaged over the images.

    The mutual nearest-neighbour alignment of Huh et al. 2024, arXiv 2405.07987: 0 to 1, higher is
    more alike; unrelated vectors have about `neighbours` / (images - 1). Images without a
    neighbour are left out; nan if none is left.

    Args:
        one: neighbours of one encoder, from `neighbourhood`.
        other: neighbours of another encoder, with the same images and groups.
        neighbours: number of nearest images; fewer if there are fewer.

    Raises:
        ValueError: different numbers of images, or fewer neighbours per image.
    """
    if len(one.nearest) != len(other.nearest):
        raise ValueError(
            f"`one` and `other` must be of the same images; not {len(one.nearest)} and "
            f"{len(other.nearest)}"
        )
    first, second = (first_neighbours(each.nearest, neighbours) for each in (one, other))
    both = np.concatenate([first, second], axis=1)
    both.sort(axis=1)
    common = ((both[:, 1:] == both[:, :-1]) & (both[:, 1:] >= 0)).sum(axis=1)
    counts = (first >= 0).sum(axis=1)
    counted = counts > 0
    if not counted.any():
        return float("nan")
    return float(np.mean(common[counted] / counts[counted]))


def first_neighbours(nearest: Nearest, neighbours: int) -> Int[np.ndarray, "images counted"]:
    """Return the first columns; raise ValueError if there are fewer."""
    if not 1 <= neighbours <= nearest.shape[1]:
        raise ValueError(
            f"`neighbours` must be between 1 and {nearest.shape[1]}, the number found; "
            f"not {neighbours}"
        )
    return nearest[:, :neighbours]


NEIGHBOURS = 10
