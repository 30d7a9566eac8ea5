"""Projections of the vectors to a plane: PCA, t-SNE, UMAP; how to align them; what they show."""

import importlib.util
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32, Int
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA

from embedbench.analysis.inputs import EvaluationSettings
from embedbench.clustering.clusterers import run_clusterers
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
"""The space of each projection."""

_COMPONENTS = 50

Projection = Float[np.ndarray, "images 2"]


def check_projection(kind: str) -> None:
    """Raise InputError if unknown, MissingLibraryError for `umap` without umap-learn."""
    if kind not in PROJECTIONS:
        raise InputError(f"unknown projection '{kind}'; projections: {', '.join(PROJECTIONS)}")
    if kind == "umap" and importlib.util.find_spec("umap") is None:
        raise MissingLibraryError(NO_UMAP)


def project_vectors(
    vectors: Vectors,
    image_names: Sequence[str],
    kinds: Sequence[str],
    seed: int,
    limit: SampleLimit = DEFAULT_LIMIT,
) -> pd.DataFrame:
    """Return where each image lies in each projection: columns `image, projection, x, y`.

    Of many images a sample is shown; principal components are those of all.

    Args:
        vectors: embeddings, one row per image.
        image_names: of the images.
        kinds: some of `PROJECTIONS`.
        seed: of t-SNE and UMAP, and of the sample.
        limit: with more images, quadratic steps use a sample.

    Raises:
        InputError: there is no such projection.
        MissingLibraryError: `umap` without umap-learn.
    """
    for kind in kinds:
        check_projection(kind)
    sample = limit.sample(len(vectors), seed)
    names = list(image_names) if sample is None else [image_names[row] for row in sample]
    frames = []
    for kind in kinds:
        projection = _project(vectors, PROJECTIONS[kind], seed, sample)
        frames.append(
            pd.DataFrame(
                {"image": names, "projection": kind, "x": projection[:, 0], "y": projection[:, 1]}
            )
        )
    if not frames:
        return pd.DataFrame({name: [] for name in ("image", "projection", "x", "y")})
    return pd.concat(frames, ignore_index=True)


def _project(
    vectors: Vectors, space: str, seed: int, sample: Int[np.ndarray, " sampled"] | None
) -> Projection:
    if sample is None:
        return to_space(vectors, space, seed)
    if is_neighbour_embedding(space):
        return to_space(vectors[sample], space, seed)
    projection: Projection = to_space(vectors, space, seed)[sample]
    return projection


def explained_variance(vectors: Vectors) -> pd.DataFrame:
    """Return the share of the variance that each principal component explains.

    Columns `component` from 1 to at most 50, `share` and `cumulative`, 0 to 1, of the vectors at
    unit length, as the PCA projection shows them. No rows where all vectors are the same.
    """
    points = to_space(vectors, "l2", 0).astype(np.float64)
    if not (points != points[0]).any():
        return pd.DataFrame({"component": [], "share": [], "cumulative": []})
    solver = "full" if len(points) <= DEFAULT_LIMIT.images else "covariance_eigh"
    shares = PCA(svd_solver=solver).fit(points).explained_variance_ratio_[:_COMPONENTS]
    return pd.DataFrame(
        {
            "component": np.arange(1, len(shares) + 1),
            "share": shares,
            "cumulative": np.cumsum(shares),
        }
    )


def is_neighbour_embedding(space: str) -> bool:
    """Whether the space is computed from the neighbours of the images, as t-SNE and UMAP are.

    Such a space has clusters even where the vectors have none.
    """
    return space.startswith(("tsne", "umap"))


def null_silhouette(vectors: Vectors, settings: EvaluationSettings) -> dict[str, float]:
    """Return the silhouette that each clusterer reaches in the space where there are no clusters.

    The vectors are replaced by structureless ones with the same mean and covariance
    (`clustering.null_reference`), drawn once. nan where a clusterer finds nothing. Of many
    images there are as many as in the sample.

    Args:
        vectors: embeddings, one row per image.
        settings: clusterers, space, k, seed and limit.
    """
    sample, seed = settings.sample(len(vectors)), settings.seed
    vectors = vectors if sample is None else vectors[sample]
    noise: Float32[np.ndarray, "images dim"]
    noise = next(iter(null_references(to_space(vectors, "l2", seed), seed, 1)))
    points = to_space(noise, settings.space, seed)
    partitions = run_clusterers(points, settings.clusterers, settings.ks, [seed])
    profiles = silhouettes(points, noise_as_singletons(partitions.labels))
    means = profiles.mean(axis=1)
    return dict(zip(partitions.runs["clusterer"], means.tolist(), strict=True))


def align_projections(projections: Mapping[str, Projection]) -> dict[str, Projection]:
    """Return the projections rotated and mirrored to lie as the first one does.

    Each is centred and scaled to a mean squared length of 1; then the orthogonal matrix that
    brings it closest to the first is applied (Procrustes; Schoenemann 1966, scipy). Distances
    within a projection keep their proportions.
    """
    scaled = {name: _scaled(projection) for name, projection in projections.items()}
    first = next(iter(scaled.values()))
    return {
        name: projection @ orthogonal_procrustes(projection, first)[0]
        for name, projection in scaled.items()
    }


def _scaled(projection: Projection) -> Projection:
    centred = projection.astype(np.float64) - projection.astype(np.float64).mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=1).mean())
    return np.asarray(centred / (length or 1.0))
