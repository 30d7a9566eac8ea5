"""Find duplicates among the images, by their bytes and by how the pictures look."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["Rows", "duplicate_groups", "duplicate_rate", "duplicate_remarks"]

Rows = Int[np.ndarray, " rows"]
AnyRows = Int[np.ndarray, "..."]
Pixels = UInt8[np.ndarray, "images side side 3"]

_SIDE = 32
"""Side of the square to which each picture is shrunk, in pixels."""

_LOW = 8
"""The lowest frequencies, this many in each direction, are compared first."""

_LEAST_LOW, _LEAST = 0.96, 0.97
"""Least correlation of the grey pixels of two duplicates: in low frequencies, and of all."""

_MOST_AWAY = 20.0
"""Largest mean difference of the colours of two duplicates, of 255 levels."""

_AWAY, _LEAST_AWAY = 12.0, 0.99
"""From this difference on, as of a brighter copy, the least correlation is higher."""

_MOST_STRETCH = 0.05
"""Largest difference of the logarithms of width / height of two duplicates."""

_PLAIN = 5.0
"""A picture whose grey values vary less, in levels, has no features: its bytes decide."""

_BLOCK, _PAIRS = 1024, 4096
"""Pictures, and pairs of pictures, compared at once."""

_NEAREST = 50
"""Of more candidates than this, a picture is compared with the nearest and the next in order."""


def duplicate_groups(
    hashes: Sequence[str], thumbnails: Sequence[bytes]
) -> Int[np.ndarray, " images"]:
    """Return the near-duplicate group of each image.

    Groups are numbered from 0 in the order in which they appear; most hold one image. Two images
    are duplicates if their files are the same, or if they look the same; images linked by a chain
    of duplicates are in one group. No encoder has a say, so the groups do not depend on which
    encoders are compared.

    Two pictures look the same if, shrunk to 32 x 32 pixels, their grey values have a correlation
    of at least 0.97 (and of 0.96 in the 8 x 8 lowest frequencies of the cosine transform, which
    is compared first), their colours differ by at most 12 of 255 levels on average, or by at most
    20 where the correlation is at least 0.99, and the ratios of width to height by at most 5 %:
    a copy was either cut a little or made a little brighter, another view is both.
    `docs/explanation/intervals.md` has what is measured of this rule: how often different
    photographs are taken for copies, and which copies are found.

    So duplicates may be missed: mirrored, turned or recoloured ones, those of which more than
    about 2 % was cut off, and plain pictures without features, unless their files are the same.

    Args:
        hashes: of the file of each image.
        thumbnails: a small JPEG of each image.

    Raises:
        ValueError: there is not one thumbnail for each hash.
    """
    if len(thumbnails) != len(hashes):
        raise ValueError(
            f"`thumbnails` must hold one for each of {len(hashes)} hashes; not {len(thumbnails)}"
        )
    _, first, files = np.unique(
        np.asarray(hashes, dtype=str), return_index=True, return_inverse=True
    )
    groups = np.arange(len(first))
    if len(first) > 1:
        looks = _Looks.of([thumbnails[row] for row in first])
        groups = _join(len(first), list(_pairs(looks)))
    _, appears, numbers = np.unique(groups[files], return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(appears))[numbers])


def duplicate_rate(groups: Int[np.ndarray, " images"]) -> float:
    """Return the share of images that are not the first of their group.

    From 0, no image has a copy, to below 1, all are copies of one; nan without images.

    Args:
        groups: as of `duplicate_groups`.
    """
    return 1 - len(np.unique(groups)) / len(groups) if len(groups) else float("nan")


def duplicate_remarks(hashes: Sequence[str], groups: Int[np.ndarray, " images"]) -> tuple[str, ...]:
    """Return a remark on how many images are copies and how they were found; none without copies.

    Args:
        hashes: of the file of each image.
        groups: as of `duplicate_groups`.
    """
    images, files, different = len(groups), len(set(hashes)), len(np.unique(groups))
    if different == images:
        return ()
    copies = images - different
    are = "is a copy of another" if copies == 1 else "are copies of others"
    return (
        f"{copies} of the {images} images {are}: "
        f"{images - files} by their bytes, {files - different} by how they look at 32 x 32 pixels; "
        "copies count as one image in resamples and folds, and are not neighbours of each other",
    )


@dataclass(frozen=True, eq=False)
class _Looks:
    """How pictures look, in the order of their brightness.

    Attributes:
        pixels: of each, shrunk to a square.
        low: low frequencies of the grey pixels, of length one; zeros for a plain picture.
        brightness: mean of all values.
        shape: logarithm of width / height.
        rows: the row of each in the arguments.
    """

    pixels: Pixels
    low: Float32[np.ndarray, "images frequencies"]
    brightness: Float32[np.ndarray, " images"]
    shape: Float32[np.ndarray, " images"]
    rows: Rows

    @classmethod
    def of(cls, thumbnails: Sequence[bytes]) -> "_Looks":
        """Return the looks of JPEG files."""
        with ThreadPoolExecutor() as threads:
            found = list(threads.map(_shrunk, thumbnails, chunksize=64))
        pixels = np.stack([one for one, _ in found])
        brightness = pixels.reshape(len(pixels), -1).mean(axis=1, dtype=np.float32)
        order = np.argsort(brightness, kind="stable")
        pixels = pixels[order]
        shape = np.array([shape for _, shape in found], dtype=np.float32)
        low = np.concatenate(
            [
                _low_frequencies(pixels[start : start + _BLOCK])
                for start in range(0, len(pixels), _BLOCK)
            ]
        )
        return cls(pixels, low, brightness[order], shape[order], order)

    def same(self, one: Rows, other: Rows) -> Bool[np.ndarray, " rows"]:
        """Return which pairs look the same."""
        away = np.abs(self.pixels[one].astype(np.int16) - self.pixels[other]).mean(axis=(1, 2, 3))
        correlation = (_centred(self.pixels[one]) * _centred(self.pixels[other])).sum(axis=(1, 2))
        stretch = np.abs(self.shape[one] - self.shape[other])
        return np.asarray(
            (correlation >= np.where(away <= _AWAY, _LEAST, _LEAST_AWAY))
            & (away <= _MOST_AWAY)
            & (stretch <= _MOST_STRETCH)
        )


def _shrunk(thumbnail: bytes) -> tuple[UInt8[np.ndarray, "side side 3"], float]:
    """Return a picture's pixels in a small square, and the logarithm of width / height."""
    with Image.open(BytesIO(thumbnail)) as image:
        width, height = image.size
        small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small), float(np.log(width / height))


def _grey(pixels: Pixels) -> Float32[np.ndarray, "images side side"]:
    """Return the grey values with mean 0."""
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.asarray(grey - grey.mean(axis=(1, 2), keepdims=True))


def _centred(pixels: Pixels) -> Float32[np.ndarray, "images side side"]:
    """Return the grey values with mean 0 and length one; none of the pictures is plain."""
    grey = _grey(pixels)
    return np.asarray(grey / np.sqrt((grey**2).sum(axis=(1, 2), keepdims=True)))


def _low_frequencies(pixels: Pixels) -> Float32[np.ndarray, "images frequencies"]:
    grey = _grey(pixels)
    low = dctn(grey, axes=(1, 2), norm="ortho")[:, :_LOW, :_LOW].reshape(len(pixels), -1)
    low[grey.std(axis=(1, 2)) < _PLAIN] = 0
    lengths = np.linalg.norm(low, axis=1, keepdims=True)
    return np.asarray(low / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _pairs(looks: _Looks) -> Iterator[tuple[Rows, Rows]]:
    """Yield the pairs that look the same, by their rows in the arguments, block by block.

    The mean difference of the colours is at least that of the brightness, so a picture is
    compared only with those of about its brightness.
    """
    count = len(looks.rows)
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        end = np.searchsorted(looks.brightness, looks.brightness[stop - 1] + _MOST_AWAY, "right")
        likeness = looks.low[start:stop] @ looks.low[start:end].T
        likeness[np.tril_indices(stop - start)] = 0
        one, other = np.nonzero(_candidates(likeness))
        for first in range(0, len(one), _PAIRS):
            part = slice(first, first + _PAIRS)
            these, those = one[part] + start, other[part] + start
            same = looks.same(these, those)
            yield looks.rows[these[same]], looks.rows[those[same]]


def _candidates(likeness: Float32[np.ndarray, "block others"]) -> Bool[np.ndarray, "block others"]:
    """Return which pairs are compared closely."""
    near = likeness >= _LEAST_LOW
    half = _NEAREST // 2
    for row in np.flatnonzero(near.sum(axis=1) > _NEAREST):
        # The next ones link many copies of one picture in a chain, whatever rounding does.
        following = np.flatnonzero(near[row])[:half]
        nearest = np.argpartition(-likeness[row], half)[:half]
        near[row] = False
        near[row, np.concatenate([following, nearest])] = True
    return np.asarray(near)


def _join(count: int, pairs: Sequence[tuple[AnyRows, AnyRows]]) -> Int[np.ndarray, " images"]:
    """Return the group of each of the images after linking those of each pair."""
    none = np.zeros(0, dtype=np.int64)
    one = np.concatenate([none, *(pair[0] for pair in pairs)])
    other = np.concatenate([none, *(pair[1] for pair in pairs)])
    graph = coo_array((np.ones(len(one), dtype=bool), (one, other)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
