"""Promises of the robustness stage: who has which conditions, and what is asked of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.clustering.clusterers import KMeans
from embedbench.comparison.config import parse_k
from embedbench.comparison.extra_images import CORRUPTED, MIXED, Block, ExtraImages
from embedbench.comparison.memory import Memory
from embedbench.comparison.stages.clustering import ClusteringAnalysis, run_clustering_stage
from embedbench.comparison.stages.robustness import RobustnessTables, run_robustness_stage
from embedbench.data.images.corruptions import Corruption
from embedbench.embedding.result import Embedding
from embedbench.encoder import Facts
from embedbench.encoders.record import EncoderRecord
from embedbench.utils.progress import Progress

pytestmark = pytest.mark.usefixtures("one_core")

LABELS = np.arange(36) % 3
ROWS = np.arange(0, 36, 2)
RANDOM = np.random.default_rng(0)
VECTORS = (3 * np.eye(3, 8)[LABELS] + 0.3 * RANDOM.normal(size=(36, 8))).astype(np.float32)
BLUR, VECTOR_NOISE = Corruption("blur", 2), Corruption("vector-noise", 1)
PLANE_NOISE = Corruption("plane-noise", 1)
MEMORY, QUIET = Memory(10**12), Progress(quiet=True)
INPUTS = AnalysisInputs(
    image_names=[f"{number:02d}.png" for number in range(36)],
    targets=Targets(LABELS, "abc", np.arange(36)),
    clusterers=(KMeans(),),
    spaces=("l2",),
    k_grid=parse_k("3", 36, None),
    seeds=(0, 1),
    attributes={},
    projections=("pca",),
)
BLOCKS: dict[Block, np.ndarray] = {
    (CORRUPTED, BLUR.name): np.arange(18), (MIXED,): np.array([18, 19, 20])
}  # fmt: skip
EXTRA = ExtraImages((), BLOCKS, {CORRUPTED: ROWS})


def embedding(others: np.ndarray) -> Embedding:
    return Embedding(
        VECTORS, VECTORS[:0], others.astype(np.float32), {}, EncoderRecord("", (), Facts()), 0
    )


def far_away() -> np.ndarray:
    """Corrupted images as they were, and three images mixed in, one of them not encoded."""
    mixed = np.full((3, 8), -9.0)
    mixed[1] = np.nan
    return np.concatenate([VECTORS[ROWS], mixed])


@pytest.fixture(scope="module")
def clusters() -> ClusteringAnalysis:
    vectors = {"encodes": VECTORS, "looks up": VECTORS}
    return run_clustering_stage(INPUTS, vectors, dict.fromkeys(vectors), MEMORY, QUIET)


def evaluated(
    inputs: AnalysisInputs, clusters: ClusteringAnalysis, extra: ExtraImages = EXTRA
) -> RobustnessTables:
    embeddings = {"encodes": embedding(far_away()), "looks up": embedding(VECTORS[:0])}
    return run_robustness_stage(inputs, embeddings, extra, clusters, MEMORY, QUIET)


def test_without_conditions_there_is_only_what_clusters_are_made_of(
    clusters: ClusteringAnalysis,
) -> None:
    found = evaluated(INPUTS, clusters, ExtraImages((), {}, {}))
    assert list(found.tables) == ["composition"] and found.remarks == ()
    assert set(found.tables["composition"]["by"]) == {"label"}


def test_one_that_looks_vectors_up_has_noise_on_vectors_and_no_corrupted_images(
    clusters: ClusteringAnalysis,
) -> None:
    inputs = replace(INPUTS, corruptions=(BLUR, VECTOR_NOISE, PLANE_NOISE))
    found = evaluated(inputs, clusters).tables
    kinds = found["robustness"].groupby("encoder")["corruption"].agg(set).to_dict()
    assert kinds == {
        "encodes": {"blur", "vector-noise", "plane-noise"},
        "looks up": {"vector-noise", "plane-noise"},
    }
    # What is called blur changed nothing, and only images count where there are any.
    blur = found["robustness"].query("corruption == 'blur'")
    np.testing.assert_allclose(blur["change"].dropna(), 0, atol=1e-12)
    assert (
        found["robustness_ranking"]["encoder"].tolist() == ["encodes"]
        and found["robustness_ranking"]["retention"].eq(1).all()
    )


def test_images_mixed_in_that_could_not_be_encoded_are_left_out(
    clusters: ClusteringAnalysis,
) -> None:
    table = evaluated(INPUTS, clusters).tables["contamination"].set_index("quantity")
    assert set(table["encoder"]) == {"encodes"}
    # Of three clusters for 38 images none is theirs: to join one costs two images less than to
    # put two classes of twelve together.
    assert table.loc[["own_cluster", "noise", "scattered"], "value"].tolist() == [0, 0, 1]


def test_each_domain_is_evaluated_or_a_remark_says_why_not(clusters: ClusteringAnalysis) -> None:
    names = np.where(np.arange(36) < 5, "few", np.where(np.arange(36) < 20, "photo", "sketch"))
    domains: Any = pd.Categorical([*names[:35], None])
    found = evaluated(replace(INPUTS, domains=domains), clusters, ExtraImages((), {}, {}))
    assert set(found.tables["domains"]["domain"]) == {"photo", "sketch"}
    assert found.tables["domains"].groupby("domain")["images"].first().to_dict() == {
        "photo": 15, "sketch": 15,
    }  # fmt: skip
    assert found.remarks == (
        "the domain 'few' was not looked at by itself: "
        "5 different images are too few to cluster; 8 are needed",
    )
    assert set(found.tables["composition"]["by"]) == {"label", "domain"}
    assert found.tables["domain_alignment"]["encoder"].tolist() == ["encodes", "looks up"]
    assert {"domain_pairs", "worst_images"} <= set(found.tables)


def test_worst_images_are_those_of_the_lowest_silhouette_where_there_are_no_labels() -> None:
    domains: Any = pd.Categorical(np.where(np.arange(36) < 18, "a", "b"))
    inputs = replace(INPUTS, targets=INPUTS.targets.unlabelled(), domains=domains)
    vectors = {"encodes": VECTORS}
    clusters = run_clustering_stage(inputs, vectors, {"encodes": None}, MEMORY, QUIET)
    found = run_robustness_stage(
        inputs,
        {"encodes": embedding(VECTORS[:0])},
        ExtraImages((), {}, {}),
        clusters,
        MEMORY,
        QUIET,
    )
    silhouettes = clusters.tables["silhouettes"].set_index("image")["silhouette"]
    lowest = silhouettes.iloc[:18].nsmallest(1).index[0]
    worst = found.tables["worst_images"]
    assert worst[worst["domain"] == "a"]["image"].iloc[0] == lowest


def test_where_no_image_could_be_corrupted_there_is_no_table(clusters: ClusteringAnalysis) -> None:
    nothing = ExtraImages((), {}, {CORRUPTED: np.empty(0, dtype=np.int64)})
    found = evaluated(replace(INPUTS, corruptions=(BLUR, VECTOR_NOISE)), clusters, nothing)
    assert list(found.tables) == ["composition"]
