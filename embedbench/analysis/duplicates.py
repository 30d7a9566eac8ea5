"""Find duplicates among the images, by their files and by their vectors."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float32, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.preprocessing import normalize

from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.encoder import Vectors

__all__ = ["Rows", "duplicate_groups", "duplicate_rate"]

AnyVectors = Float32[np.ndarray, "images _"]
"""Vectors of one encoder of several; each has its own number of dimensions."""

_NEAR = 0.95
"""The least centred cosine of two duplicates ..."""

_CLOSER = 0.5
"""... which are at most this share as far apart as either is from its fifth nearest image."""

_NEIGHBOURS = 5

_SURE = 0.99
"""From this centred cosine on, two images are duplicates, however many others are as near."""

_BLOCK_BYTES = 2**26

_CELL, _CELLS = 500, 4
"""About how many images a cell has, and how many cells each image belongs to."""

Rows = Int[np.ndarray, " rows"]


def duplicate_groups(
    hashes: Sequence[str], vectors: Sequence[AnyVectors], limit: SampleLimit = DEFAULT_LIMIT
) -> Int[np.ndarray, " images"]:
    """Return the near-duplicate group of each image.

    Groups are numbered from 0 in the order in which they appear; most hold one image. Two images
    are duplicates if their files are the same, or if more than half of the encoders find them
    nearly equal; images linked by a chain of duplicates are in one group. An encoder finds two
    images nearly equal where their cosine, after subtracting the mean of all images of unit
    length, is at least 0.95, and they are at most half as far apart as either is from its fifth
    nearest image; or where it is at least 0.99. Without subtracting the mean, all images are
    nearly equal to an untrained network. Without the fifth neighbour, the views of one scene,
    each near to the next, become one group. An encoder that gives all images one vector is
    ignored.

    Measured on 32 photographs that had no part in choosing the rule, 20 small (about 300 x 200,
    Caltech-101) and 12 large (1024 pixels, Open Images), with the colours and edges of `pixels`
    and with EfficientNet-Lite (0 and 2 trained, 0 also untrained). Of the copies of the small
    ones and of the large ones were found, in %:

        encoders                   JPEG 75    JPEG 50    half size   2 % cut off
        pixels                     100, 100   95, 92     95, 100     90, 100
        Lite0                      100, 100   40, 83      0, 92      90, 92
        Lite0 untrained            100, 92    10, 67      0, 33       0, 0
        pixels, Lite0              100, 100   40, 75      0, 92      80, 92
        pixels, Lite0, untrained   100, 100   40, 100     0, 92      80, 92
        pixels, Lite0, Lite2       100, 100   60, 75      0, 92      95, 92

    No two of 144 different photographs, including new ones, were taken for copies. Random crops
    of 35 to 100 % of one photograph are no copies; the rule was chosen on these. Of 504 pairs (8 of
    each of 18 photographs) Lite0 alone takes 4 for copies, of 1,656 (24 of each of 6, most of
    them textures) 2, and Lite2 alone 1; `pixels`, and two or more encoders together, none. No
    group holds more than two.

    So duplicates may be missed: small ones above all; mirrored ones; where an image has more
    than five that were changed beyond saving again; and where most of the images are duplicates
    of one, for then the mean is what they share.

    Args:
        hashes: of the file of each image.
        vectors: of each encoder, one row per image; with none, the hashes decide.
        limit: with more images, each is compared with those of the nearest cells only.

    Raises:
        ValueError: an encoder has not one row for each hash.
    """
    for rows in vectors:
        if len(rows) != len(hashes):
            raise ValueError(
                f"`vectors` must hold a row for each of {len(hashes)} hashes; not {len(rows)}"
            )
    _, first, files = np.unique(
        np.asarray(hashes, dtype=str), return_index=True, return_inverse=True
    )
    groups = np.arange(len(first))
    for left, right in _pairs([rows[first] for rows in vectors], limit):
        groups = _join(groups, left, right)
    _, appears, numbers = np.unique(groups[files], return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(appears))[numbers])


def duplicate_rate(groups: Int[np.ndarray, " images"]) -> float:
    """Return the share of images that are not the first of their group.

    From 0, no image has a copy, to below 1, all are copies of one; nan without images.

    Args:
        groups: as of `duplicate_groups`.
    """
    return 1 - len(np.unique(groups)) / len(groups) if len(groups) else float("nan")


def _pairs(
    vectors: Sequence[AnyVectors], limit: SampleLimit
) -> Iterator[tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]]:
    """Yield the pairs that more than half of the encoders find nearly equal, block by block."""
    voters = [_centred(rows) for rows in vectors if (rows != rows[:1]).any()]
    if not voters:
        return
    nearby = [_nearest(points, limit) for points in voters]
    # Few images have another that is near enough; only those are compared again.
    near = np.sum([nearest >= _NEAR for nearest, _ in nearby], axis=0)
    left = np.flatnonzero(2 * near > len(voters))
    voters = [points[left] for points in voters]
    least = [_least_cosines(fifth[left]) for _, fifth in nearby]
    for block in _blocks(len(left)):
        votes = np.zeros((block.stop - block.start, len(left)), dtype=np.int16)
        for points, bound in zip(voters, least, strict=True):
            cosines = points[block] @ points.T
            votes += cosines >= np.maximum(bound[block, None], bound)
        firsts, seconds = np.nonzero(2 * votes > len(voters))
        yield left[firsts + block.start], left[seconds]


def _centred(rows: Vectors) -> Vectors:
    """Return the rows at unit length, after subtracting their mean at unit length."""
    wide = normalize(rows.astype(np.float64))
    wide -= wide.mean(axis=0)
    return np.asarray(normalize(wide), dtype=np.float32)


def _nearest(
    points: Vectors, limit: SampleLimit
) -> tuple[Float32[np.ndarray, " images"], Float32[np.ndarray, " images"]]:
    """Return each image's cosine with its nearest other and its fifth nearest, or the last."""
    count = min(_NEIGHBOURS, len(points) - 1)
    highest = np.full((len(points), count), -1, dtype=np.float32)
    for rows, columns in _candidates(points, limit):
        cosines = points[rows] @ points[columns].T
        cosines[rows[:, None] == columns] = -np.inf
        most = min(count, len(columns) - 1)
        start = len(columns) - most
        highest[rows, :most] = np.partition(cosines, start, axis=1)[:, start:]
    return highest.max(axis=1), highest.min(axis=1)


def _candidates(points: Vectors, limit: SampleLimit) -> Iterator[tuple[Rows, Rows]]:
    """Yield images and those that may be near them: all, or of many images those of a cell.

    Some images drawn at random are the middles of cells. An image is compared with those that
    have the middle nearest to it among the four nearest to them, as a duplicate of it has.
    """
    if len(points) <= limit.images:
        for block in _blocks(len(points)):
            yield np.arange(block.start, block.stop), np.arange(len(points))
        return
    random = np.random.default_rng(0)
    cells = len(points) // _CELL
    middles = points[np.sort(random.choice(len(points), cells, replace=False, shuffle=False))]
    nearest = np.empty((len(points), min(_CELLS, cells)), dtype=np.int64)
    for block in _blocks(len(points)):
        order = np.argsort(-(points[block] @ middles.T), axis=1, kind="stable")
        nearest[block] = order[:, :_CELLS]
    for cell in range(cells):
        rows = np.flatnonzero(nearest[:, 0] == cell)
        columns = np.flatnonzero((nearest == cell).any(axis=1))
        for start in range(0, len(rows), _CELL):
            yield rows[start : start + _CELL], columns


def _least_cosines(fifth: Float32[np.ndarray, " images"]) -> Float32[np.ndarray, " images"]:
    """Return the least cosine of a duplicate of each image, from that of its fifth nearest."""
    # The square of the distance of two points of unit length is twice 1 - cosine.
    return np.clip(1 - np.float32(_CLOSER**2) * (1 - fifth), _NEAR, _SURE).astype(np.float32)


def _blocks(images: int) -> Iterator[slice]:
    rows = max(1, _BLOCK_BYTES // (4 * max(1, images)))
    for start in range(0, images, rows):
        yield slice(start, min(start + rows, images))


def _join(
    groups: Int[np.ndarray, " images"],
    one: Int[np.ndarray, " pairs"],
    other: Int[np.ndarray, " pairs"],
) -> Int[np.ndarray, " images"]:
    """Return the groups after merging those of each pair."""
    links = np.ones(len(one), dtype=bool)
    shape = (len(groups), len(groups))
    graph = coo_array((links, (groups[one], groups[other])), shape=shape)
    joined = connected_components(graph, directed=False)[1]
    return np.asarray(joined[groups], dtype=np.int64)
