"""Null references: data with the mean and covariance of the points, but without clusters."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32
from scipy.linalg import qr
from sklearn.decomposition import PCA

__all__ = ["null_references"]

_SMALLEST_SPREAD = 1e-6
_LENGTH_TOLERANCE = 1e-3


def null_references(
    points: Float32[np.ndarray, "images dim"], seed: int, count: int
) -> Iterator[Float32[np.ndarray, "images dim"]]:
    """Yield data sets of the same size, mean and covariance as the points, without clusters.

    Coordinates along the principal components are uniform, as in Tibshirani, Walther and Hastie
    2001: of all shapes without clusters the uniform one splits best, and a Gaussian reference
    would find clusters in a square. Two things differ from that paper; both matter in many
    dimensions. First, the coordinates are made exactly uncorrelated and scaled to the variances
    of the points: with random variances from few points, the reference would be easier to split
    than the points. (With about as many dimensions as points, this makes it a rotation of the
    points, as in Langsrud 2005.) Second, if the points have unit length, so has the reference.

    Args:
        points: points to imitate, one row per image.
        seed: seed of all data sets.
        count: number of data sets.
    """
    solver = "full" if points.shape[0] <= points.shape[1] else "covariance_eigh"
    pca = PCA(svd_solver=solver).fit(points.astype(np.float64))
    spread = pca.singular_values_
    components = spread > _SMALLEST_SPREAD * spread[0]
    axes = spread[components, None] * pca.components_[components]
    axes, mean = axes.astype(np.float32), pca.mean_.astype(np.float32)
    is_unit = np.allclose(np.linalg.norm(points, axis=1), 1, atol=_LENGTH_TOLERANCE)
    for child in np.random.SeedSequence(seed).spawn(count):
        uniform = np.random.default_rng(child).uniform(size=(len(points), int(components.sum())))
        uniform -= uniform.mean(axis=0)
        uncorrelated, _ = qr(uniform.astype(np.float32), mode="economic", check_finite=False)
        reference = mean + uncorrelated @ axes
        if is_unit:
            reference /= np.linalg.norm(reference, axis=1, keepdims=True)
        yield reference
