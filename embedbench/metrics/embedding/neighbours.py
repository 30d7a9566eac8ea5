"""Nearest neighbours of each image, and how many of them two encoders share."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int, UInt64
from sklearn.preprocessing import normalize

from embedbench.encoder import Vectors

__all__ = [
    "NEIGHBOURS",
    "NeighbourSearch",
    "Neighbourhood",
    "distance_blocks",
    "first_neighbours",
    "neighbourhood",
    "overlap",
]

Nearest = Int[np.ndarray, "images neighbours"]
Cosines = Float64[np.ndarray, "images neighbours"]

_MEGABYTE = 2**20
_BYTES_A_PAIR = 32
"""Memory of a pair of images in a block: distances, a sorted copy, two rows of keys."""

_COPY = 1e-14
"""Rows with a smaller 1 - cosine differ by float32 rounding only."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Nearest other images of each image by cosine.

    A neighbour is never of the image's own group. If there are fewer neighbours, rows end in -1,
    with similarity nan. Ties are in the order of row numbers. If only a sample of the images is
    queried, each among all, the others have no neighbours.

    Attributes:
        nearest: row numbers of the neighbours, the nearest first.
        similarity: cosines to them, -1 to 1.
        labelled: as `nearest`, of images with a known label only; None without truth.
        labelled_similarity: cosines to these.
        asked: sorted rows of the queried images; None if all.
    """

    nearest: Nearest
    similarity: Cosines
    labelled: Nearest | None
    labelled_similarity: Cosines | None
    asked: Int[np.ndarray, " sampled"] | None = None


def neighbourhood(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    most: int = 50,
    working_memory: int = 256,
    asked: Int[np.ndarray, " sampled"] | None = None,
) -> Neighbourhood:
    """Return the neighbours of each image.

    Cosines are computed in float64, for the ties; rows of zeros have cosine 0 with all.

    Args:
        vectors: embeddings, one row per image.
        truth: known label of each image as a number, -1 if unknown; None without labels.
        groups: near-duplicate group of each image.
        most: number of neighbours to keep for each image.
        working_memory: memory of the pass in MB, about, without vectors and result.
        asked: sorted rows of the images to query; all if None.
    """
    search = NeighbourSearch.of(truth, len(vectors), most)
    rows = np.arange(len(vectors))
    queries = rows if asked is None else asked
    for some, distances in distance_blocks(vectors, groups, queries, rows, working_memory):
        search.add(some, distances)
    return search.result(asked)


@dataclass(frozen=True, eq=False)
class NeighbourSearch:
    """Neighbours found so far, for a pass over blocks of distances.

    Attributes:
        truth: known label of each image as a number, -1 if unknown; None without labels.
        unknown: rows of the images of unknown label; none without labels.
        nearest: as in `Neighbourhood`.
        similarity: as in `Neighbourhood`.
        labelled: as in `Neighbourhood`, but with truth only.
        labelled_similarity: as in `Neighbourhood`, but with truth only.
    """

    truth: Int[np.ndarray, " images"] | None
    unknown: Int[np.ndarray, " unknown"]
    nearest: Nearest
    similarity: Cosines
    labelled: Nearest
    labelled_similarity: Cosines

    @classmethod
    def of(
        cls, truth: Int[np.ndarray, " images"] | None, images: int, most: int
    ) -> "NeighbourSearch":
        """Return the search before its first block, for `most` neighbours of each image."""
        nearest, near = _empty(images, most)
        unknown = np.flatnonzero(truth < 0) if truth is not None else np.arange(0)
        labelled, labelled_near = _empty(images, most) if len(unknown) else (nearest, near)
        return cls(truth, unknown, nearest, near, labelled, labelled_near)

    def add(
        self, rows: Int[np.ndarray, " block"], distances: Float32[np.ndarray, "block images"]
    ) -> None:
        """Keep the nearest of a block of images; inf is the distance of those left out."""
        most = self.nearest.shape[1]
        self.nearest[rows], self.similarity[rows] = _nearest(distances, most)
        if len(self.unknown):
            known = distances.copy()
            known[:, self.unknown] = np.inf
            self.labelled[rows], self.labelled_similarity[rows] = _nearest(known, most)

    def result(self, asked: Int[np.ndarray, " sampled"] | None) -> Neighbourhood:
        """Return the neighbours of the images that were asked; None if all were."""
        if self.truth is None:
            return Neighbourhood(self.nearest, self.similarity, None, None, asked)
        return Neighbourhood(
            self.nearest, self.similarity, self.labelled, self.labelled_similarity, asked
        )


def distance_blocks(
    vectors: Vectors,
    groups: Int[np.ndarray, " images"],
    queries: Int[np.ndarray, " queries"],
    gallery: Int[np.ndarray, " gallery"],
    working_memory: int,
) -> Iterator[tuple[Int[np.ndarray, " block"], Float32[np.ndarray, "block gallery"]]]:
    """Yield rows of queries, and 1 - cosine between each and the gallery; inf within a group.

    Ties up to float64 rounding are exact ties in float32. Rows of zeros have cosine 0 with all.

    Args:
        vectors: embeddings, one row per image.
        groups: group of each image.
        queries: rows of the queries.
        gallery: rows of the images they are compared with.
        working_memory: memory of a block in MB, about.
    """
    unit = normalize(vectors.astype(np.float64)) if len(vectors) else vectors.astype(np.float64)
    others = unit if len(gallery) == len(unit) else unit[gallery]
    size = max(1, working_memory * _MEGABYTE // (_BYTES_A_PAIR * max(1, len(gallery))))
    for start in range(0, len(queries), size):
        rows = queries[start : start + size]
        wide = unit[rows] @ others.T
        np.subtract(1, wide, out=wide)
        wide[wide < _COPY] = 0
        distances: Float32[np.ndarray, "block gallery"] = wide.astype(np.float32)
        distances[groups[rows][:, None] == groups[gallery]] = np.inf
        yield rows, distances


def _empty(count: int, most: int) -> tuple[Nearest, Cosines]:
    return np.full((count, most), -1), np.full((count, most), np.nan)


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
