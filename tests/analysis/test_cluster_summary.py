"""Promises of the insight into clusters."""

import json
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Float32, Int
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples

from embedbench.analysis.cluster_summary import cluster_tables, composition
from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.sweep import Sweep, sweep_encoder
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.clustering.partitions import make_partitions

RANDOM = np.random.default_rng(0)


def scored(points: Float32[np.ndarray, "images dim"], labels: list[int]) -> Sweep:
    """A sweep of one run, as a clusterer of these labels would give it."""
    row = np.array(labels)
    runs = make_partitions("mine", points, [row], [(2, 0, 0.0)]).runs
    nothing = np.zeros((1, len(points)), dtype=np.float32)
    return Sweep(points, row[None].astype(np.int32), runs, nothing, None)


def named(codes: list[int], names: list[str]) -> pd.Categorical:
    dtype: pd.CategoricalDtype = pd.CategoricalDtype(names)
    return pd.Categorical.from_codes(codes, dtype=dtype)


def unknown(count: int) -> Targets:
    return Targets(None, (), np.arange(count))


def names(count: int) -> list[str]:
    return [f"{number}.png" for number in range(count)]


LINE = np.array([[0.0], [1.0], [5.0], [20.0], [24.0], [23.0], [50.0]], dtype=np.float32)
LABELS = [0, 0, 0, 1, 1, 1, -1]


def test_numbers_of_a_cluster_are_those_by_hand() -> None:
    clusters, members = cluster_tables(scored(LINE, LABELS), names(7), 2, unknown(7))
    first, second = clusters.to_dict("records")
    # Means 2 and 67 / 3; noise is far away, and no cluster.
    assert first["size"] == 3 and first["cohesion"] == pytest.approx((2 + 1 + 3) / 3)
    assert first["separation"] == pytest.approx(67 / 3 - 2) == second["separation"]
    assert (first["nearest_cluster"], second["nearest_cluster"]) == (1, 0)
    assert first["medoid"] == "1.png" and second["medoid"] == "5.png"
    assert members["medoid_distance"].tolist()[:6] == [1, 0, 4, 3, 1, 0]
    assert members["medoid_distance"].isna().tolist() == [False] * 6 + [True]
    profile = silhouette_samples(LINE[:6], LABELS[:6])
    assert members["silhouette"][:6].to_numpy() == pytest.approx(profile)
    assert clusters["silhouette"].to_numpy() == pytest.approx(
        [profile[:3].mean(), profile[3:].mean()]
    )


def test_the_nearest_cluster_is_the_one_of_the_nearest_mean() -> None:
    points = np.array([[0.0], [1.0], [10.0], [11.0], [13.0], [14.0]], dtype=np.float32)
    clusters, _ = cluster_tables(scored(points, [2, 2, 0, 0, 5, 5]), names(6), 2, unknown(6))
    assert clusters["cluster"].tolist() == [0, 2, 5]
    assert clusters["nearest_cluster"].tolist() == [5, 0, 0]
    assert clusters["separation"].tolist() == [3, 10, 3]


def test_a_lone_cluster_has_no_neighbour() -> None:
    clusters, _ = cluster_tables(scored(LINE, [0] * 6 + [-1]), names(7), 2, unknown(7))
    assert clusters["nearest_cluster"].tolist() == [-1]
    assert clusters["separation"].isna().all() and clusters["silhouette"].isna().all()
    # Without silhouettes the farthest from the mean (73 / 6) are the least typical.
    assert json.loads(clusters["atypical"][0]) == ["0.png", "4.png"]


def test_noise_alone_gives_no_clusters_and_all_columns() -> None:
    clusters, members = cluster_tables(scored(LINE, [-1] * 7), names(7), 2, unknown(7))
    assert clusters.empty and {"typical", "label_share", "clusterer"} <= set(clusters.columns)
    assert members["cluster"].eq(-1).all() and members["medoid_distance"].isna().all()


def test_numbers_stay_numbers_beside_a_clusterer_that_finds_noise_alone() -> None:
    rows = [np.array([-1] * 7), np.array(LABELS)]
    runs = [
        make_partitions(name, LINE, [row], [(2, 0, 0.0)]).runs
        for name, row in zip(("noisy", "mine"), rows, strict=True)
    ]
    nothing = np.zeros((2, len(LINE)), dtype=np.float32)
    sweep = Sweep(
        LINE, np.stack(rows).astype(np.int32), pd.concat(runs, ignore_index=True), nothing, None
    )
    clusters, _ = cluster_tables(sweep, names(7), 2, unknown(7))
    assert clusters["clusterer"].tolist() == ["mine", "mine"]
    assert pd.api.types.is_integer_dtype(clusters["cluster"])


@given(st.integers(0, 1000), st.integers(3, 40), st.integers(1, 4))
def test_typical_are_nearest_to_the_mean_and_atypical_lowest_of_the_rest(
    seed: int, images: int, clusters: int
) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(images, 3)).astype(np.float32)
    labels = random.integers(-1, clusters, images)
    table, members = cluster_tables(
        scored(points, labels.tolist()), names(images), 2, unknown(images)
    )
    profile = dict(zip(members["image"], members["silhouette"].fillna(0), strict=True))
    for row in table.to_dict("records"):
        inside = np.flatnonzero(labels == row["cluster"])
        mean = points[inside].astype(np.float64).mean(axis=0)
        away = dict(
            zip(inside, np.linalg.norm(points[inside] - mean, axis=1).tolist(), strict=True)
        )
        typical, atypical = (json.loads(row[kind]) for kind in ("typical", "atypical"))
        assert typical[0] == row["medoid"]
        assert not set(typical) & set(atypical)
        assert len(atypical) == min(5, len(inside) // 3)
        assert len(typical) == min(5, len(inside) - len(atypical))
        nearest = sorted(away.values())[: len(typical)]
        assert [away[int(name[:-4])] for name in typical] == pytest.approx(nearest)
        rest = {f"{image}.png" for image in inside} - set(typical)
        worst = sorted(profile[name] for name in rest)[: len(atypical)]
        assert [profile[name] for name in atypical] == pytest.approx(worst)


def test_the_medoid_is_the_member_nearest_to_all_others() -> None:
    points = RANDOM.normal(size=(30, 4)).astype(np.float32)
    clusters, _ = cluster_tables(scored(points, [0] * 30), names(30), 2, unknown(30))
    squares = cdist(points, points, "sqeuclidean").sum(axis=1)
    assert clusters["medoid"].tolist() == [f"{squares.argmin()}.png"]


def test_the_label_is_the_commonest_of_those_known() -> None:
    truth = np.array([1, 1, -1, 0, 2, -1, 1])
    classes = ["ant", "bee", "cat"]
    clusters, _ = cluster_tables(
        scored(LINE, LABELS), names(7), 2, Targets(truth, classes, np.arange(7))
    )
    # Of two labels as common, the first by name.
    assert clusters["label"].tolist() == ["bee", "ant"]
    assert clusters["label_share"].tolist() == [1.0, 0.5]


def test_a_cluster_without_a_known_label_has_none() -> None:
    truth = np.array([0, 0, 0, -1, -1, -1, 0])
    clusters, _ = cluster_tables(
        scored(LINE, LABELS), names(7), 2, Targets(truth, ["ant"], np.arange(7))
    )
    assert clusters["label"].tolist() == ["ant", ""]
    assert clusters["label_share"].isna().tolist() == [False, True]
    without, _ = cluster_tables(scored(LINE, LABELS), names(7), 2, unknown(7))
    assert without["label"].eq("").all() and without["label_share"].isna().all()


def test_names_of_images_of_any_script_come_back_from_their_cell() -> None:
    images = ['"quote".png', "猫.png", "a,b.png", "new\nline.png", "5.png", "6.png", "7.png"]
    clusters, _ = cluster_tables(scored(LINE, LABELS), images, 2, unknown(7))
    cells = clusters[["typical", "atypical"]].to_numpy().ravel()
    assert set(chain(*map(json.loads, cells))) == set(images[:6])
    assert "猫" in clusters["typical"][0] + clusters["atypical"][0]


def test_every_clusterer_is_looked_into_at_the_shared_k_of_the_first_seed() -> None:
    vectors = RANDOM.normal(size=(40, 5)).astype(np.float32)
    clusterers = [parse_clusterer(name) for name in ("kmeans", "agglomerative")]
    settings = EvaluationSettings(clusterers, "l2", [2, 3, 4], [7, 8])
    sweep = sweep_encoder(vectors, None, settings)
    clusters, members = cluster_tables(sweep, names(40), 3, unknown(40))
    assert clusters.groupby("clusterer", sort=False).size().to_dict() == {
        "kmeans": 3,
        "agglomerative": 3,
    }
    runs = sweep.runs
    first = runs[(runs["clusterer"] == "kmeans") & (runs["k"] == 3) & (runs["seed"] == 7)].index[0]
    mine = members[members["clusterer"] == "kmeans"]
    assert mine["cluster"].tolist() == sweep.assignments[first].tolist()
    assert mine["image"].tolist() == names(40)


def members(**clusters: list[int]) -> pd.DataFrame:
    frames = [pd.DataFrame({"clusterer": name, "cluster": row}) for name, row in clusters.items()]
    return pd.concat(frames, ignore_index=True)


def test_composition_counts_by_hand() -> None:
    by = {
        "label": named([0, 0, 1, 1, -1], ["ant", "bee"]),
        "domain": named([1, 1, 1, 0, 0], ["photo", "sketch"]),
    }
    table = composition(members(kmeans=[0, 0, 0, 1, 1], hdbscan=[-1, -1, 0, 0, 0]), by)
    assert table.columns.tolist() == [
        "clusterer", "cluster", "by", "value", "images", "share_of_cluster", "share_of_value",
    ]  # fmt: skip
    rows = [tuple(row) for row in table.itertuples(index=False)]
    assert rows == [
        ("kmeans", 0, "label", "ant", 2, 2 / 3, 1.0),
        ("kmeans", 0, "label", "bee", 1, 1 / 3, 0.5),
        ("kmeans", 1, "label", "bee", 1, 1.0, 0.5),
        ("kmeans", 0, "domain", "sketch", 3, 1.0, 1.0),
        ("kmeans", 1, "domain", "photo", 2, 1.0, 1.0),
        ("hdbscan", 0, "label", "bee", 2, 1.0, 1.0),
        ("hdbscan", -1, "label", "ant", 2, 1.0, 1.0),
        ("hdbscan", 0, "domain", "photo", 2, 2 / 3, 1.0),
        ("hdbscan", 0, "domain", "sketch", 1, 1 / 3, 1 / 3),
        ("hdbscan", -1, "domain", "sketch", 2, 1.0, 2 / 3),
    ]


def test_composition_of_nothing_known_is_empty_with_its_columns() -> None:
    unknown = {"label": named([-1, -1], [])}
    for table in (composition(members(kmeans=[0, 1]), {}),
                  composition(members(kmeans=[0, 1]), unknown)):  # fmt: skip
        assert table.empty and "share_of_value" in table


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 2)), min_size=1))
def test_shares_of_clusters_and_of_values_add_up_to_1(pairs: list[tuple[int, int]]) -> None:
    clusters, codes = (list(column) for column in zip(*pairs, strict=True))
    known: Int[np.ndarray, " images"] = np.array(codes)
    table = composition(members(kmeans=clusters), {"domain": named(codes, list("abc"))})
    assert table["images"].sum() == (known >= 0).sum()
    for share, of in (("share_of_cluster", "cluster"), ("share_of_value", "value")):
        assert table.groupby(of)[share].sum().to_numpy() == pytest.approx(1.0)
