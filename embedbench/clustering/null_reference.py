"""Structureless data: what points as spread out as these would be if they had no clusters."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32
from sklearn.decomposition import PCA

__all__ = ["null_references"]

_SMALLEST_SPREAD = 1e-6
_LENGTH_TOLERANCE = 1e-3


def null_references(
    points: Float32[np.ndarray, "images dim"], seed: int, count: int
) -> Iterator[Float32[np.ndarray, "images dim"]]:
    """Yield data sets of as many points, with the same mean and covariance, without clusters.

    The coordinates along the principal components are uniform, as in Tibshirani, Walther and
    Hastie 2001, for of all shapes without clusters the uniform one splits best: a Gaussian
    reference finds clusters in a square. Two things differ from that paper, and both matter in
    many dimensions. The coordinates are made exactly uncorrelated, and scaled to the variances
    of the points: drawn anew from so few points, the variances would spread more, and the
    reference be easier to split than the points. (Where there are about as many dimensions as
    points, that makes it a rotation of the points, as in Langsrud 2005.) And where the points
    are of unit length, so is the reference.

    Args:
        points: what the data sets are to resemble.
        seed: of all the data sets.
        count: how many data sets.
    """
    solver = "full" if points.shape[0] <= points.shape[1] else "covariance_eigh"
    pca = PCA(svd_solver=solver).fit(points.astype(np.float64))
    spread = pca.singular_values_
    kept = spread > _SMALLEST_SPREAD * spread[0]
    axes = spread[kept, None] * pca.components_[kept]
    is_unit = np.allclose(np.linalg.norm(points, axis=1), 1, atol=_LENGTH_TOLERANCE)
    for child in np.random.SeedSequence(seed).spawn(count):
        uniform = np.random.default_rng(child).uniform(size=(len(points), int(kept.sum())))
        uncorrelated, _ = np.linalg.qr(uniform - uniform.mean(axis=0))
        reference = pca.mean_ + uncorrelated @ axes
        if is_unit:
            reference /= np.linalg.norm(reference, axis=1, keepdims=True)
        yield reference.astype(np.float32)
