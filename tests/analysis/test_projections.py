"""Promises of projections: variance is PCA's, alignment keeps shapes, noise is shown as noise."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation
from sklearn.metrics import silhouette_score

from embedbench.analysis.inputs import EvaluationSettings
from embedbench.analysis.projections import (
    align_projections,
    check_projection,
    explained_variance,
    is_neighbour_embedding,
    null_silhouette,
    project_vectors,
)
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.clustering.spaces import to_space
from embedbench.errors import InputError, MissingLibraryError


def test_a_projection_is_the_space_of_its_name() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    table = project_vectors(vectors, [f"{row}.jpg" for row in range(30)], ["pca", "tsne"], 3)
    assert list(table.columns) == ["image", "projection", "x", "y"]
    for kind, space in (("pca", "pca:2"), ("tsne", "tsne:2")):
        mine = table[table["projection"] == kind]
        assert np.array_equal(mine[["x", "y"]], to_space(vectors, space, 3))


def test_an_unknown_projection_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="unknown projection 'mds'; projections: pca, tsne, umap"):
        project_vectors(np.eye(4, dtype=np.float32), list("abcd"), ["mds"], 0)


def test_a_projection_whose_library_is_missing_is_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    check_projection("tsne")
    with pytest.raises(MissingLibraryError, match="umap-learn"):
        check_projection("umap")


def test_shares_of_variance_are_those_of_the_covariance() -> None:
    vectors = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    spread = np.sort(np.linalg.eigvalsh(np.cov(unit.T)))[::-1]
    table = explained_variance(vectors)
    assert table["component"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["share"].tolist() == pytest.approx(spread / spread.sum(), abs=1e-6)
    assert table["cumulative"].iloc[-1] == pytest.approx(1)


def test_vectors_that_are_all_the_same_have_no_variance_to_share() -> None:
    assert explained_variance(np.ones((5, 3), dtype=np.float32)).empty


@settings(max_examples=40)
@given(angle=st.floats(0, 2 * np.pi), scale=st.floats(0.1, 50), mirrored=st.booleans())
def test_a_plane_that_was_turned_mirrored_and_scaled_comes_back(
    angle: float, scale: float, mirrored: bool
) -> None:
    plane = np.random.default_rng(2).normal(size=(20, 2)) * [3, 1]
    turn = Rotation.from_euler("z", angle).as_matrix()[:2, :2]
    other = scale * plane @ turn * [-1 if mirrored else 1, 1] + [5, -7]
    found = align_projections({"first": plane, "other": other})
    assert found["other"] == pytest.approx(found["first"], abs=1e-6)


def test_turning_keeps_the_proportions_of_distances() -> None:
    random = np.random.default_rng(3)
    one, other = random.normal(size=(2, 15, 2))
    found = align_projections({"one": one, "other": other})
    ratios = pdist(found["other"]) / pdist(other)
    assert ratios == pytest.approx(np.full(len(ratios), ratios[0]))


def test_a_tsne_plane_has_clusters_where_the_vectors_have_none() -> None:
    vectors = np.random.default_rng(4).normal(size=(150, 20)).astype(np.float32)
    how = EvaluationSettings([parse_clusterer("kmeans")], "tsne:2", (5,), (0,))
    found = null_silhouette(vectors, how)
    labels = parse_clusterer("kmeans").run(to_space(vectors, "l2", 0), [5], [0]).labels[0]
    among_vectors = silhouette_score(vectors, labels)
    assert found["kmeans"] > 0.25 > 0.1 > among_vectors


def test_only_tsne_and_umap_draw_planes() -> None:
    spaces = ("l2", "raw", "center-l2", "pca:2", "whiten", "umap:5", "tsne:2")
    assert [is_neighbour_embedding(space) for space in spaces] == [False] * 5 + [True, True]
