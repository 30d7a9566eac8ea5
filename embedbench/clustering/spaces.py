"""Spaces: transforms of the vectors before clustering, such as unit length or PCA."""

import os
import re
import sys
import warnings

import numpy as np
from jaxtyping import Float32
from loky import ProcessPoolExecutor
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from embedbench.errors import InputError, MissingLibraryError
from embedbench.parallel.lifetime import exit_with_parent

__all__ = ["NO_UMAP", "check_lengths", "check_space", "principal_components", "to_space"]

NO_UMAP = (
    "space 'umap:N' needs the library 'umap-learn', which is not installed; "
    'in your checkout run: pip install -e ".[umap]"'
)

_ALLOWED = "l2, raw, center-l2, pca:N, whiten, umap:N, tsne:2"
_PATTERN = re.compile(r"l2|raw|center-l2|whiten|tsne:2|(?:pca|umap):[1-9]\d*")
_WHITENED_VARIANCE = 0.5
_UMAP_NEIGHBOURS = 30
_TSNE_PERPLEXITY = 30.0
_TSNE_LEAST_IMAGES = 4
_TSNE_FEW = 1000
_TSNE_STEPS = (500, 1000)
"""With few images the later half of the steps changes nothing: on 600 photographs, for vectors of a
network and for pixels, trustworthiness 0.994 and 0.889 (0.995 and 0.890 with 1,000 steps), of 15
neighbours 0.76 and 0.38 kept (0.76 and 0.38): `benchmarks/tsne_steps.py`."""
_SHORTEST, _LONGEST = 1e-15, 1e15
"""Float32 holds squares from 1e-38 to 3e38; there is room for sums of 100 million of them."""


def check_space(space: str) -> None:
    """Raise InputError, with the list of spaces, unless `space` names one."""
    if not _PATTERN.fullmatch(space):
        raise InputError(f"unknown space '{space}'; spaces: {_ALLOWED}")


def check_lengths(points: Float32[np.ndarray, "images components"], space: str) -> None:
    """Raise InputError unless the squares of the points' lengths fit float32, also their sum.

    K-means adds squares up in float32: too large ones make one cluster of all images, as do those
    that are too small.

    Args:
        points: vectors in the space.
        space: its name, for the error.
    """
    lengths = np.linalg.norm(points.astype(np.float64), axis=1)
    longest = float(lengths.max(initial=0))
    if longest and not _SHORTEST <= longest <= _LONGEST:
        raise InputError(
            f"in the space '{space}' the longest vector has the length {longest:.1e}, whose square "
            f"float32 cannot hold; it must be between {_SHORTEST:.0e} and {_LONGEST:.0e}: use the "
            "space 'l2', or scale the vectors"
        )


def to_space(
    vectors: Float32[np.ndarray, "images dim"], space: str, seed: int
) -> Float32[np.ndarray, "images components"]:
    """Return the vectors in the space to cluster, one row per image.

    Args:
        vectors: embeddings, one row per image.
        space: one of
            `l2`: rows of unit length, so that Euclidean distance orders pairs as cosine does;
            rows of zeros stay zeros.
            `raw`: the vectors unchanged.
            `center-l2`: the mean subtracted, then unit length.
            `pca:N`: the first N principal components of `l2`.
            `whiten`: the principal components of `l2` that hold half of the variance, each
            scaled to variance 1. More components would give noise the same weight: with as many
            components as images, every pair of images is at the same distance.
            `umap:N`: UMAP of `l2` for clustering (30 neighbours, minimal distance 0), after
            Lowe et al. 2024, arXiv 2406.02465. Needs the library umap-learn.
            `tsne:2`: scikit-learn's t-SNE of `l2`. It shows clusters in pure noise.
        seed: seed of `umap:N` and `tsne:2`; the other spaces do not depend on it.

    Raises:
        InputError: unknown space, or too few images for it.
        MissingLibraryError: `umap:N` without umap-learn.
    """
    check_space(space)
    if space == "raw":
        return vectors
    if space == "center-l2":
        return _unit_length(vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32))
    rows = _unit_length(vectors)
    name, _, count = space.partition(":")
    match name:
        case "pca":
            _check_count(space, int(count), min(rows.shape))
            return principal_components(rows, int(count))
        case "whiten":
            return _whiten(rows)
        case "umap":
            # Spectral initialisation needs N eigenvectors, and more images than eigenvectors + 1.
            _check_count(space, int(count), len(rows) - 2)
            return _umap_in_own_process(rows, int(count), seed)
        case "tsne":
            return _tsne(rows, seed)
    return rows


def principal_components(
    points: Float32[np.ndarray, "images dim"], components: int
) -> Float32[np.ndarray, "images components"]:
    """Return the first principal components of the points, exact, with deterministic signs."""
    solver = "full" if points.shape[0] <= points.shape[1] else "covariance_eigh"
    pca = PCA(components, svd_solver=solver)
    # If all images are equal, the explained variance ratio is 0 / 0.
    with np.errstate(invalid="ignore"):
        return np.ascontiguousarray(pca.fit_transform(points))


def _check_count(space: str, count: int, highest: int) -> None:
    if count > highest:
        raise InputError(f"space '{space}' has too many components; here at most {highest} fit")


def _unit_length(
    vectors: Float32[np.ndarray, "images dim"],
) -> Float32[np.ndarray, "images dim"]:
    # In float64: squares of large and small float32 values overflow or underflow in float32.
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return (wide / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _whiten(
    rows: Float32[np.ndarray, "images dim"],
) -> Float32[np.ndarray, "images components"]:
    components = principal_components(rows, min(rows.shape)).astype(np.float64)
    variance = components.var(axis=0)
    share = np.cumsum(variance) / max(variance.sum(), np.finfo(np.float64).tiny)
    leading = slice(0, int(np.searchsorted(share, _WHITENED_VARIANCE)) + 1)
    deviation = np.sqrt(variance[leading])
    whitened = components[:, leading] / np.where(deviation > 0, deviation, 1)
    return whitened.astype(np.float32)


def _tsne(rows: Float32[np.ndarray, "images dim"], seed: int) -> Float32[np.ndarray, "images 2"]:
    if len(rows) < _TSNE_LEAST_IMAGES:
        raise InputError(
            f"space 'tsne:2' needs at least {_TSNE_LEAST_IMAGES} images; there are {len(rows)}"
        )
    perplexity = min(_TSNE_PERPLEXITY, (len(rows) - 1) / 3)
    start = "pca" if rows.shape[1] > 1 and (rows != rows[0]).any() else "random"
    steps = _TSNE_STEPS[0] if len(rows) <= _TSNE_FEW else _TSNE_STEPS[1]
    tsne = TSNE(2, perplexity=perplexity, init=start, max_iter=steps, random_state=seed, n_jobs=1)
    plane: Float32[np.ndarray, "images 2"] = tsne.fit_transform(rows)
    return plane


def _umap_in_own_process(
    rows: Float32[np.ndarray, "images dim"], components: int, seed: int
) -> Float32[np.ndarray, "images components"]:
    one_thread = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with ProcessPoolExecutor(
        max_workers=1, env=one_thread, initializer=exit_with_parent, initargs=(os.getpid(),)
    ) as fresh_process:
        reduced: Float32[np.ndarray, "images components"] = fresh_process.submit(
            _umap, rows, components, seed
        ).result()
    return reduced


def _umap(
    rows: Float32[np.ndarray, "images dim"], components: int, seed: int
) -> Float32[np.ndarray, "images components"]:
    # umap imports TensorFlow if it is installed; both bring an LLVM, and the process aborts.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
            from umap import UMAP
    except ModuleNotFoundError as error:
        raise MissingLibraryError(NO_UMAP) from error
    umap = UMAP(
        n_components=components,
        n_neighbors=min(_UMAP_NEIGHBOURS, len(rows) - 1),
        min_dist=0.0,
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        # With few images UMAP may fall back to random initialisation, which is fine.
        warnings.filterwarnings("ignore", "Spectral initialisation failed", UserWarning)
        return np.asarray(umap.fit_transform(rows), dtype=np.float32)
