"""Promises of the approximations for many images: close to the exact results."""

import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_limits

from embedbench.analysis.cluster_summary import cluster_tables
from embedbench.analysis.duplicates import duplicate_groups, duplicate_rate
from embedbench.analysis.inputs import AnalysisInputs, EvaluationSettings, Targets
from embedbench.analysis.sweep import sweep_encoder
from embedbench.clustering.clusterers import Agglomerative, Clusterer, Hdbscan, KMeans
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.comparison.config import parse_k
from embedbench.comparison.memory import Memory
from embedbench.comparison.stages.clustering import ClusteringAnalysis, run_clustering_stage
from embedbench.metrics.base import mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.evaluate import evaluate
from embedbench.metrics.clustering.silhouette import silhouettes
from embedbench.metrics.embedding.classification import knn_correct
from embedbench.metrics.embedding.geometry import hubness, intrinsic_dimension
from embedbench.metrics.embedding.neighbours import neighbourhood
from embedbench.metrics.embedding.retrieval import neighbours_and_retrieval
from embedbench.utils.progress import Progress

FEW = SampleLimit(300)
POINTS, TRUTH = make_blobs(1500, 120, centers=6, cluster_std=3.0, random_state=0)
POINTS = POINTS.astype(np.float32)
POINTS[7], POINTS[9] = POINTS[8], POINTS[10] * np.float32(1 + 1e-6)
RANDOM = np.random.default_rng(0)
NOISY = np.where(RANDOM.random(1500) < 0.3, -1, TRUTH)
SAMPLE = np.sort(np.random.default_rng(0).choice(1500, 300, replace=False, shuffle=False))
EVERYWHERE: list[Clusterer] = [
    KMeans(), Agglomerative(), Agglomerative(linkage="average"), Hdbscan()
]  # fmt: skip


def test_the_interval_of_a_sampled_silhouette_holds_the_exact_one() -> None:
    labels = (TRUTH // 2)[None]
    exact = silhouettes(POINTS, labels)[0]
    resamples, held = PairedBootstrap(np.arange(1500), seed=0, count=300), 0
    for seed in range(40):
        sample = FEW.sample(1500, seed)
        values = np.full((1, 1500), np.nan)
        values[0, sample] = exact[sample]
        low, high = resamples.intervals({"silhouette": mean_estimate(values, low=-1.0)})[
            "silhouette"
        ]
        held += low <= exact.mean() <= high
    assert held >= 36


def test_the_macro_silhouette_of_a_sample_counts_single_image_clusters() -> None:
    labels = np.stack([TRUTH, NOISY])
    exact, _ = evaluate(POINTS, labels, None)
    sampled, _ = evaluate(POINTS, labels, None, SAMPLE)
    for name in ("silhouette", "silhouette_macro", "silhouette_macro_clustered"):
        assert sampled[name].to_numpy() == pytest.approx(exact[name].to_numpy(), abs=0.01), name
    for name in ("clusters", "coverage", "davies_bouldin", "calinski_harabasz"):
        assert sampled[name].equals(exact[name]), name


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def test_sampled_queries_have_the_neighbours_and_scores_of_the_full_search() -> None:
    truth, groups = np.where(RANDOM.random(1500) < 0.1, -1, TRUTH), np.arange(1500)
    every, all_scores = neighbours_and_retrieval(POINTS, truth, groups)
    some, scores = neighbours_and_retrieval(POINTS, truth, groups, asked=SAMPLE)
    assert np.array_equal(every.nearest[SAMPLE], some.nearest[SAMPLE])
    assert (np.delete(some.nearest, SAMPLE, axis=0) == -1).all()
    assert np.array_equal(all_scores.values[:, SAMPLE], scores.values[:, SAMPLE], equal_nan=True)
    assert np.isnan(np.delete(scores.values, SAMPLE, axis=1)).all()
    right, asked = knn_correct(every, truth, groups), knn_correct(some, truth, groups)
    assert np.array_equal(right[SAMPLE], asked[SAMPLE], equal_nan=True)
    assert np.isnan(np.delete(asked, SAMPLE)).all()


def test_hubness_is_estimated_without_bias_from_some_of_the_images() -> None:
    points = (RANDOM.normal(size=(1200, 60)) + 0.3).astype(np.float32)
    alone = np.arange(1200)
    exact = hubness(neighbourhood(points, None, alone))
    found = [
        hubness(neighbourhood(points, None, alone, asked=SampleLimit(400).sample(1200, seed)))
        for seed in range(10)
    ]
    assert exact > 0.5
    assert np.mean(found) == pytest.approx(exact, rel=0.1)
    everyone = neighbourhood(points, None, alone, asked=alone)
    assert hubness(everyone) == pytest.approx(exact)


def test_the_intrinsic_dimension_of_a_sample_is_near_that_of_all() -> None:
    points = (RANDOM.normal(size=(1500, 5)) @ RANDOM.normal(size=(5, 40))).astype(np.float32)
    exact, sampled = intrinsic_dimension(points), intrinsic_dimension(points, asked=SAMPLE)
    assert sampled == pytest.approx(exact, rel=0.15)


def test_planted_copies_are_found_in_many_blocks_and_no_others() -> None:
    random = np.random.default_rng(3)
    pixels = random.integers(0, 256, size=(3000, 6, 8, 3)).astype(np.uint8)
    copies = random.permutation(3000)[:600].reshape(2, 300)
    pixels[copies[1]] = pixels[copies[0]]
    files = []
    for row, one in enumerate(pixels):
        content = BytesIO()
        quality = 50 if row in copies[1] else 90
        Image.fromarray(one).resize((64, 48)).save(content, "JPEG", quality=quality)
        files.append(content.getvalue())
    groups = duplicate_groups([str(row) for row in range(3000)], files)
    assert (groups[copies[0]] == groups[copies[1]]).all()
    assert duplicate_rate(groups) == pytest.approx(0.1)


def analysed(limit: SampleLimit, memory: int = 10**12) -> ClusteringAnalysis:
    images = 300
    inputs = AnalysisInputs(
        image_names=[f"{row:03d}.jpg" for row in range(images)],
        targets=Targets(TRUTH[:images], "abcdef", np.arange(images)),
        clusterers=[KMeans(), Agglomerative(), Hdbscan()],
        spaces=["l2"],
        k_grid=parse_k("2..3", images, None),
        seeds=[0, 1],
        attributes={"part": np.arange(images) % 3},
        projections=["pca"],
        limit=limit,
    )
    vectors = {"whole": POINTS[:images], "part": np.ascontiguousarray(POINTS[:images, :20])}
    return run_clustering_stage(
        inputs, vectors, dict.fromkeys(vectors), Memory(memory), Progress(quiet=True)
    )


@pytest.fixture(scope="module")
def large() -> ClusteringAnalysis:
    return analysed(SampleLimit(120))


def test_a_whole_analysis_of_many_images_has_all_its_tables(large: ClusteringAnalysis) -> None:
    tables = large.tables
    assert len(tables["partitions"]) == 2 * 300 * (2 * 2 + 2 + 1)
    rows = tables["comparison"].dropna(subset=["clusters"])
    assert rows[["ami", "silhouette", "stability"]].notna().all().all()
    assert (rows["silhouette_low"] < rows["silhouette"]).all()
    known = tables["silhouettes"].groupby(["encoder", "clusterer"])["silhouette"].count()
    assert known.eq(120).all()
    assert tables["projections"].groupby(["encoder", "projection"]).size().eq(120).all()
    assert np.isfinite(large.disagreement).sum() == 120
    assert large.criteria["whole"].scores["retrieval_map"].n_images == 120


def test_no_number_depends_on_the_memory_that_is_allowed(large: ClusteringAnalysis) -> None:
    again = analysed(SampleLimit(120), memory=1)
    for name, table in large.tables.items():
        same = table.drop(columns=["seconds"], errors="ignore")
        pd.testing.assert_frame_equal(same, again.tables[name].reindex(columns=same.columns))


def test_up_to_the_limit_nothing_changes() -> None:
    one, other = (
        sweep_encoder(
            POINTS[:300],
            TRUTH[:300],
            EvaluationSettings(EVERYWHERE, "l2", [2, 5], [0], limit),
        )
        for limit in (DEFAULT_LIMIT, FEW)
    )
    assert other.sample is None and np.array_equal(one.assignments, other.assignments)
    assert np.array_equal(one.silhouettes, other.silhouettes)


def test_the_least_typical_pictures_are_of_those_whose_silhouette_is_known() -> None:
    sweep = sweep_encoder(POINTS, None, EvaluationSettings([KMeans()], "l2", [3], [0], FEW))
    unknown = Targets(None, (), np.arange(1500))
    names = [str(row) for row in range(1500)]
    clusters, _ = cluster_tables(sweep, names, 3, unknown)
    sampled = {str(row) for row in SAMPLE}
    for cell in clusters["atypical"]:
        assert set(json.loads(cell)) <= sampled
    whole, _ = cluster_tables(replace(sweep, sample=None), names, 3, unknown)
    assert clusters["silhouette"].to_numpy() == pytest.approx(
        whole["silhouette"].to_numpy(), abs=0.02
    )
