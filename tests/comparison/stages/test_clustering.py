"""Promises of the clustering stage: all tables, for encoders that can be clustered."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.analysis.label_free import AugmentedViews
from embedbench.clustering.clusterers import Hdbscan, KMeans
from embedbench.clustering.estimator import Estimator
from embedbench.comparison.config import parse_k
from embedbench.comparison.memory import Memory
from embedbench.comparison.stages.clustering import ClusteringAnalysis, run_clustering_stage
from embedbench.errors import InputError
from embedbench.parallel.pool import Pool
from embedbench.parallel.serial import Serial
from embedbench.results.schema import TABLES
from embedbench.utils.progress import Progress

pytestmark = pytest.mark.usefixtures("one_core")

LABELS = np.arange(36) % 3


def encoder(noise: float, seed: int) -> np.ndarray:
    """Vectors around three places, one a class."""
    random = np.random.default_rng(seed)
    vectors = 3 * np.eye(3, 8)[LABELS] + noise * random.normal(size=(36, 8))
    return vectors.astype(np.float32)


VECTORS = {"good": encoder(0.3, 0), "noise": encoder(30, 1)}
INPUTS = AnalysisInputs(
    image_names=[f"{number:02d}.png" for number in range(36)],
    targets=Targets(LABELS, "abc", np.arange(36)),
    clusterers=(KMeans(), Hdbscan()),
    spaces=("l2", "tsne:2"),
    k_grid=parse_k("2..4", 36, None),
    seeds=(0, 1),
    attributes={"format": np.arange(36) // 18},
    projections=("pca",),
)


def analysed(
    inputs: AnalysisInputs,
    vectors: dict[str, np.ndarray],
    augmented: dict[str, AugmentedViews | None] | None = None,
) -> ClusteringAnalysis:
    views = dict.fromkeys(vectors) if augmented is None else augmented
    return run_clustering_stage(inputs, vectors, views, Memory(10**12), Progress(quiet=True))


@pytest.fixture(scope="module")
def both() -> ClusteringAnalysis:
    rows = np.arange(0, 36, 2)
    views = AugmentedViews(np.stack([VECTORS["good"][rows]] * 2), rows)
    return analysed(INPUTS, VECTORS, {"good": views, "noise": None})


def test_a_few_images_are_clustered_in_this_process_unless_the_code_is_another_packages() -> None:
    few = replace(INPUTS, k_grid=parse_k("3", 36, None))
    own = (Estimator(AgglomerativeClustering(), "own"),)
    vectors = {"a": np.zeros((len(INPUTS.image_names), 2), np.float32)}
    memory = Memory(10**12)
    assert isinstance(memory.processes(1, few, vectors), Serial)
    planes = replace(few, projections=("umap",))
    for inputs in (replace(few, clusterers=own), planes, replace(few, seeds=tuple(range(1000)))):
        with memory.processes(1, inputs, vectors) as pool:
            assert isinstance(pool, Pool)


def test_each_table_has_rows_for_every_encoder(both: ClusteringAnalysis) -> None:
    assert {"comparison", "disagreements"} <= set(both.tables) <= set(TABLES)
    for name, table in both.tables.items():
        if name != "disagreements":  # only pairs that one of both puts apart
            assert set(table["encoder"]) == {"good", "noise"}, name
    spaces = both.tables["comparison"].groupby("encoder")["space"].agg(set)
    assert spaces.to_dict() == {name: {"l2", "tsne:2"} for name in VECTORS}
    # 3 ks x 2 seeds of K-means and HDBSCAN once, in 2 spaces, by 2 encoders
    assert len(both.tables["partitions"]) == 36 * 2 * 2 * (3 * 2 + 1)


def test_the_common_k_is_the_number_of_groups_unless_it_is_given(both: ClusteringAnalysis) -> None:
    """Three places: the inertia bends at 3."""
    assert both.common_k == both.groups.shared == 3
    fixed = analysed(replace(INPUTS, k_grid=parse_k("2", 36, None), spaces=("l2",)), VECTORS)
    assert fixed.common_k == 2 and fixed.groups.record() == {}


def test_scores_are_those_in_the_first_space_at_the_common_k(both: ClusteringAnalysis) -> None:
    for name, runs in both.at_common_k.items():
        amis = [adjusted_mutual_info_score(LABELS, assignments) for assignments in runs]
        assert both.scores[name]["kmeans"]["ami"].mean == pytest.approx(np.mean(amis))
        assert [len(set(assignments.tolist())) for assignments in runs] == [both.common_k] * 2
    assert {name: len(runs) for name, runs in both.assignments.items()} == dict.fromkeys(VECTORS, 1)


def test_only_drawn_spaces_say_what_silhouette_noise_would_have(both: ClusteringAnalysis) -> None:
    table = both.tables["comparison"]
    known = table[table["silhouette_noise"].notna()]
    assert set(known["space"]) == {"tsne:2"} and set(known["k_from"]) <= {"shared", "own"}


def test_an_encoder_without_augmented_images_lacks_their_criteria(both: ClusteringAnalysis) -> None:
    assert both.criteria["good"].scores["augmentation_recall"].mean == 1
    assert "augmentation_recall" not in both.criteria["noise"].scores


def test_of_one_encoder_there_are_no_pairs() -> None:
    one = analysed(replace(INPUTS, spaces=("l2",)), {"good": VECTORS["good"]})
    assert one.tables["similarity"].empty and one.tables["disagreements"].empty
    assert {"encoder", "other", "image", "partner"} <= set(one.tables["disagreements"])
    assert np.isnan(one.disagreement).all()


def test_constant_vectors_leave_the_others_compared() -> None:
    vectors = VECTORS | {"constant": np.ones((36, 8), np.float32)}
    found = analysed(replace(INPUTS, spaces=("l2",)), vectors)
    assert list(found.errors) == ["constant"] and list(found.criteria) == ["good", "noise"]
    pd.testing.assert_series_equal(
        found.tables["comparison"]["encoder"].drop_duplicates(ignore_index=True),
        pd.Series(["good", "noise"], name="encoder"),
    )


def test_vectors_whose_squares_overflow_are_an_error_of_their_encoder_alone() -> None:
    vectors = VECTORS | {"huge": np.float32(1e30) * VECTORS["good"]}
    inputs = replace(INPUTS, spaces=("raw",))
    found = analysed(inputs, vectors)
    assert list(found.criteria) == ["good", "noise"]
    assert "the longest vector has the length" in found.errors["huge"]
    # Of unit length, they are those of "good".
    alone = analysed(replace(INPUTS, spaces=("l2",)), vectors)
    assert not alone.errors
    assert alone.scores["huge"]["kmeans"]["ami"].mean == pytest.approx(1)


def test_where_no_encoder_can_be_clustered_the_first_reason_is_given() -> None:
    with pytest.raises(InputError, match="no encoder's vectors could be clustered; 'constant'"):
        analysed(INPUTS, {"constant": np.ones((36, 8), np.float32)})
