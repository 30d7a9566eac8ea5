"""Maps: where each image lies in a plane, how much a plane shows, and planes turned alike."""

import importlib.util
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA

from embedbench.clustering.clusterers import Clusterer, run_clusterers
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.clustering.null_reference import null_references
from embedbench.clustering.partitions import noise_as_singletons
from embedbench.clustering.spaces import NO_UMAP, to_space
from embedbench.encoder import Vectors
from embedbench.errors import InputError, MissingLibraryError
from embedbench.metrics.clustering.silhouette import silhouettes

__all__ = [
    "PROJECTIONS",
    "align_projections",
    "check_projection",
    "explained_variance",
    "is_neighbour_embedding",
    "null_silhouette",
    "project_vectors",
]

PROJECTIONS = {"pca": "pca:2", "tsne": "tsne:2", "umap": "umap:2"}
"""The space of each map."""

_COMPONENTS = 50

Plane = Float[np.ndarray, "images 2"]


def check_projection(kind: str) -> None:
    """Raise InputError for an unknown one, MissingLibraryError for `umap` without umap-learn."""
    if kind not in PROJECTIONS:
        raise InputError(f"unknown projection '{kind}'; projections: {', '.join(PROJECTIONS)}")
    if kind == "umap" and importlib.util.find_spec("umap") is None:
        raise MissingLibraryError(NO_UMAP)


def project_vectors(
    vectors: Vectors,
    images: Sequence[str],
    kinds: Sequence[str],
    seed: int,
    limits: SampleLimit = DEFAULT_LIMIT,
) -> pd.DataFrame:
    """Return where each image lies on each map: columns `image, projection, x, y`.

    Of many images a sample is shown; principal components are those of all.

    Args:
        vectors: what an encoder made.
        images: their names.
        kinds: some of `PROJECTIONS`.
        seed: of t-SNE and UMAP, and of the sample.
        limits: up to how many images all are shown.

    Raises:
        InputError: there is no such map.
        MissingLibraryError: `umap` without umap-learn.
    """
    for kind in kinds:
        check_projection(kind)
    sample = limits.sample(len(vectors), seed)
    if sample is None:
        planes = {kind: to_space(vectors, PROJECTIONS[kind], seed) for kind in kinds}
    else:
        images = [images[row] for row in sample]
        planes = {
            kind: to_space(vectors[sample], PROJECTIONS[kind], seed)
            if is_neighbour_embedding(PROJECTIONS[kind])
            else to_space(vectors, PROJECTIONS[kind], seed)[sample]
            for kind in kinds
        }
    frames = [
        pd.DataFrame(
            {"image": list(images), "projection": kind, "x": plane[:, 0], "y": plane[:, 1]}
        )
        for kind, plane in planes.items()
    ]
    return pd.concat(frames, ignore_index=True)


def explained_variance(vectors: Vectors) -> pd.DataFrame:
    """Return the share of the variance that each principal component holds.

    Columns `component` from 1 to at most 50, `share` and `cumulative`, 0 to 1, of the vectors at
    unit length, as the PCA map shows them. Where all vectors are the same, no rows.
    """
    rows = to_space(vectors, "l2", 0).astype(np.float64)
    if not (rows != rows[0]).any():
        return pd.DataFrame({"component": [], "share": [], "cumulative": []})
    solver = "full" if len(rows) <= DEFAULT_LIMIT.images else "covariance_eigh"
    shares = PCA(svd_solver=solver).fit(rows).explained_variance_ratio_[:_COMPONENTS]
    return pd.DataFrame(
        {
            "component": np.arange(1, len(shares) + 1),
            "share": shares,
            "cumulative": np.cumsum(shares),
        }
    )


def is_neighbour_embedding(space: str) -> bool:
    """Whether the space is drawn anew from the neighbours of the images, as t-SNE and UMAP do.

    Such a space has clusters even where the vectors have none.
    """
    return space.startswith(("tsne", "umap"))


def null_silhouette(
    vectors: Vectors,
    space: str,
    clusterers: Sequence[Clusterer],
    k: int,
    seed: int,
    limits: SampleLimit = DEFAULT_LIMIT,
) -> dict[str, float]:
    """Return the silhouette that each clusterer reaches in the space where there are no clusters.

    The vectors are exchanged for structureless ones with the same mean and covariance
    (`clustering.null_reference`), drawn once. nan where a clusterer finds nothing. Of many
    images there are as many as in the sample.
    """
    sample = limits.sample(len(vectors), seed)
    vectors = vectors if sample is None else vectors[sample]
    noise: Float32[np.ndarray, "images dim"]
    noise = next(iter(null_references(to_space(vectors, "l2", seed), seed, 1)))
    points = to_space(noise, space, seed)
    found = run_clusterers(points, clusterers, [k], [seed])
    profiles = silhouettes(points, noise_as_singletons(found.labels))
    means = profiles.mean(axis=1)
    return dict(zip(found.runs["clusterer"], means.tolist(), strict=True))


def align_projections(planes: Mapping[str, Plane]) -> dict[str, Plane]:
    """Return the planes turned and mirrored so that each lies as the first one does.

    Each is centred and brought to a mean squared length of 1; then the orthogonal matrix that
    brings it closest to the first is applied (Procrustes; Schoenemann 1966, scipy). Distances
    within a plane keep their proportions.
    """
    scaled = {name: _scaled(plane) for name, plane in planes.items()}
    first = next(iter(scaled.values()))
    return {name: plane @ orthogonal_procrustes(plane, first)[0] for name, plane in scaled.items()}


def _scaled(plane: Plane) -> Plane:
    centred = plane.astype(np.float64) - plane.astype(np.float64).mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=1).mean())
    return np.asarray(centred / (length or 1.0))
