"""Promises of the judgement: from vectors to a verdict, whatever the vectors and the labels."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.analysis.label_free import AugmentedViews, score_encoder
from embedbench.analysis.pairwise import EncoderView, similarity_of
from embedbench.analysis.sweep import (
    KCandidate,
    comparison_rows,
    kmeans_assignments_at,
    sweep_encoder,
)
from embedbench.clustering.clusterers import KMeans
from embedbench.comparison.config import parse_k
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.stages.criteria import WITH_LABELS
from embedbench.comparison.stages.verdict import VerdictTables, run_verdict_stage
from embedbench.comparison.tables import similarity_table
from embedbench.comparison.verdicts.belief import Asked
from embedbench.results.schema import NONE_BETTER, TOO_FEW

KMEANS = (KMeans(),)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def make_inputs(
    images: int, truth: np.ndarray | None, groups: np.ndarray | None = None
) -> AnalysisInputs:
    return AnalysisInputs(
        image_names=[f"{number}.png" for number in range(images)],
        targets=Targets(truth, "abcdef", np.arange(images) if groups is None else groups),
        clusterers=KMEANS,
        spaces=("l2",),
        k_grid=parse_k("3", images, None),
        seeds=(0, 1),
        attributes={},
        projections=("pca", "tsne"),
    )


def alone(
    inputs: AnalysisInputs, vectors: np.ndarray, augmented: AugmentedViews | None
) -> dict[str, Any]:
    """What `run_clustering_stage` finds of one encoder, as far as `run_verdict_stage` reads it."""
    targets, settings = inputs.targets, inputs.settings("l2", (3,))
    sweep = sweep_encoder(vectors, targets.labels, settings)
    assignments = kmeans_assignments_at(sweep, [3], inputs.seeds)
    rows, scores = comparison_rows(
        sweep, targets.labels, settings, [KCandidate("shared", 3)], inputs.bootstrap
    )
    own = score_encoder(vectors, augmented, targets, assignments, settings)
    view = EncoderView(vectors, assignments, own.neighbours)
    return {"rows": rows, "scores": scores, "criteria": own, "runs": assignments, "view": view}


def judged(
    vectors: dict[str, np.ndarray],
    truth: np.ndarray | None,
    noise: dict[str, float] | None = None,
    groups: np.ndarray | None = None,
    failed: tuple[str, ...] = (),
    sizes: Sequence[int] | None = None,
) -> VerdictTables:
    """The judgement of these encoders, whose copies are so noisy; without noise there are none."""
    images = len(next(iter(vectors.values())))
    inputs = make_inputs(images, truth, groups)
    rows, random = np.arange(0, images, 2), np.random.default_rng(5)
    copies: dict[str, AugmentedViews | None] = dict.fromkeys(vectors)
    for name, much in (noise or {}).items():
        moved = vectors[name][rows] + much * random.normal(size=(5, len(rows), 1)) * np.ones(8)
        moved += much * random.normal(size=moved.shape)
        copies[name] = AugmentedViews(moved.astype(np.float32), rows)
    found = {name: alone(inputs, row, copies[name]) for name, row in vectors.items()}
    related = {
        (one, two): similarity_of(found[one]["view"], found[two]["view"])
        for one, two in combinations(vectors, 2)
    }
    comparison = pd.concat(
        [one["rows"].assign(encoder=name, space="l2") for name, one in found.items()]
    )
    analysis = ClusteringAnalysis(
        tables={"comparison": comparison, "similarity": similarity_table(related)},
        scores={name: one["scores"] for name, one in found.items()},
        criteria={name: one["criteria"] for name, one in found.items()},
        common_k=3,
        at_common_k={name: one["runs"][0] for name, one in found.items()},
        assignments={name: one["runs"] for name, one in found.items()},
        disagreement=np.zeros(images),
        errors={},
    )
    table = encoders_table([*failed, *vectors])
    if sizes is not None:
        table = table.assign(parameters=sizes)
    return run_verdict_stage(inputs, analysis, table, Asked())


def encoders_table(names: list[str]) -> pd.DataFrame:
    """The first one is the smallest."""
    count = len(names)
    return pd.DataFrame(
        {
            "encoder": names,
            "dim": 8,
            "parameters": np.arange(1, count + 1),
            "status": "ok",
            "error": "",
        }
    )


def truth_of(images: int) -> np.ndarray:
    return np.resize(np.arange(3, dtype=np.int32), images)


def encoder(noise: float, seed: int, images: int = 36) -> np.ndarray:
    """Vectors around three places, one a class."""
    random = np.random.default_rng(seed)
    vectors = 3 * np.eye(3, 8)[truth_of(images)] + noise * random.normal(size=(images, 8))
    return np.asarray(vectors, dtype=np.float32)


def two(images: int = 36) -> dict[str, np.ndarray]:
    return {"good": encoder(0.3, 0, images), "noise": encoder(30, 1, images)}


@pytest.fixture(scope="module")
def labelled() -> VerdictTables:
    """One that finds the classes, one that finds nothing, and one that failed."""
    return judged(two(), truth_of(36), {"good": 0.1, "noise": 0.1}, failed=("broken",))


def test_one_that_finds_the_classes_is_the_best_by_the_labels(labelled: VerdictTables) -> None:
    found = labelled
    assert found.verdict["basis"] == "labels" and found.verdict["answer"] == "best"
    assert found.verdict["group"] == ("good",)
    assert found.verdict["smallest"] == "good"
    table = found.tables["encoders"].set_index("encoder").drop("broken")
    assert table["recommended"].to_dict() == {"good": True, "noise": False}
    assert table["rank_high"].to_dict() == {"good": 1, "noise": 2}
    assert table["knn_accuracy"]["good"] == 1 > table["knn_accuracy_high"]["noise"]
    pairs = found.tables["pairwise"].query("metric == 'ami' and encoder == 'good'")
    assert pairs["other"].tolist() == ["noise"] and pairs["difference_low"].iloc[0] > 0.5


def test_of_tied_encoders_the_smallest_is_named() -> None:
    found = judged({"a": encoder(0.3, 0), "b": encoder(0.3, 1), "c": encoder(30, 2)}, truth_of(36))
    assert found.verdict["answer"] == "tied" and set(found.verdict["group"]) == {"a", "b"}
    assert found.verdict["smallest"] == "a"


def test_where_all_are_of_one_size_none_is_called_the_smallest() -> None:
    vectors = {"a": encoder(0.3, 0), "b": encoder(0.3, 1), "c": encoder(30, 2)}
    found = judged(vectors, truth_of(36), sizes=[5, 5, 5])
    assert set(found.verdict["group"]) == {"a", "b"} and found.verdict["smallest"] is None
    assert found.tables["encoders"].set_index("encoder")["recommended"].to_dict() == {
        "a": True, "b": False, "c": False
    }  # fmt: skip


def test_without_labels_the_one_that_keeps_its_clusters_and_agrees_comes_first() -> None:
    vectors = {name: encoder(noise, row, 90) for row, (name, noise) in enumerate(NOISE.items())}
    found = judged(vectors, None, {"a": 0.1, "b": 0.5, "c": 1.0, "d": 2.0, "e": 4.0, "f": 90.0})
    assert found.verdict["basis"] == "no labels" and found.verdict["answer"] != "cannot tell"
    assert found.verdict["group"][0] == "a" and "f" not in found.verdict["group"]
    table = found.tables["encoders"].set_index("encoder")
    assert table.loc["a", "rank"] == 1 and table["cluster_retention"].idxmax() == "a"
    assert found.tables["pairwise"].empty and not set(WITH_LABELS) & set(table.columns)


NOISE = {"a": 0.2, "b": 0.8, "c": 1.2, "d": 1.7, "e": 2.6, "f": 30.0}


def noises(count: int, images: int) -> dict[str, np.ndarray]:
    """Encoders whose vectors are random by the picture; so are those of a changed one."""
    random = np.random.default_rng([count, images])
    return {f"n{row}": random.normal(size=(images, 8)).astype(np.float32) for row in range(count)}


def test_encoders_of_noise_group_no_better_than_chance() -> None:
    """`noise_encoders` and `noise_with_labels` of the cases."""
    vectors = noises(4, 60)
    blind = judged(vectors, None, dict.fromkeys(vectors, 30.0)).verdict
    assert (blind["basis"], blind["answer"]) == ("no labels", NONE_BETTER)
    seen = judged(vectors, np.random.default_rng(5).permutation(truth_of(60))).verdict
    assert (seen["basis"], seen["answer"]) == ("labels", NONE_BETTER)
    for verdict in (blind, seen):
        assert verdict["group"] == () and verdict["smallest"] is None


@pytest.mark.parametrize("images", [4, 5, 6])
def test_of_a_handful_of_pictures_nothing_is_named(images: int) -> None:
    """`four_pictures` of the cases: two encoders of noise, two classes."""
    vectors, truth = noises(2, images), (np.arange(images) % 2).astype(np.int32)
    found = judged(vectors, truth)
    assert found.verdict["answer"] == TOO_FEW and found.verdict["group"] == ()
    assert not found.tables["encoders"]["recommended"].any()
    blind = judged(noises(4, images), None, {"n0": 1.0, "n1": 1.0, "n2": 1.0, "n3": 1.0})
    assert blind.verdict["answer"] == TOO_FEW


def test_criteria_have_an_interval_and_what_chance_gives(labelled: VerdictTables) -> None:
    found = labelled.tables["label_free"]
    assert found.columns.tolist() == [
        "encoder", "criterion", "value", "low", "high", "shuffled", "random",
    ]  # fmt: skip
    assert not found.duplicated(["encoder", "criterion"]).any()
    assert not set(WITH_LABELS) & set(found["criterion"])
    known = found.dropna(subset=["low"])
    assert {"augmentation_recall", "cluster_retention", "consensus", "stability"} <= set(
        known["criterion"]
    )
    assert (known["low"] <= known["value"]).all() and (known["value"] <= known["high"]).all()
    kept = found[(found["encoder"] == "good") & (found["criterion"] == "cluster_retention")].iloc[0]
    assert kept["value"] > 0.9 and abs(kept["shuffled"]) < 0.15 and abs(kept["random"]) < 0.15


def test_an_encoder_that_failed_keeps_its_row_without_a_rank(labelled: VerdictTables) -> None:
    table = labelled.tables["encoders"]
    assert table["encoder"].tolist() == ["broken", "good", "noise"]
    assert table["rank"].isna().tolist() == [True, False, False]
    assert table["recommended"].tolist() == [False, True, False]
    assert table.columns[-2:].tolist() == ["status", "error"]


def labels_like(case: str) -> np.ndarray:
    truth = truth_of(36)
    return {
        "labels for some": np.where(np.arange(36) < 20, truth, -1),
        "a class of one": np.where(np.arange(36) == 7, 5, truth),
        "one class": np.where(truth == 0, 0, -1),
    }[case].astype(np.int32)


@pytest.mark.parametrize(
    ("case", "basis"),
    [
        ("labels for some", "labels"),
        ("a class of one", "labels"),
        ("one class", "nothing"),
    ],
)
def test_odd_labels_give_a_verdict_or_say_that_there_is_none(case: str, basis: str) -> None:
    found = judged(two(), labels_like(case))
    assert found.verdict["basis"] == basis
    if basis == "nothing":
        assert found.verdict["answer"] == "cannot tell" and found.verdict["smallest"] is None
        assert not found.tables["encoders"]["recommended"].any()
    named = found.tables["encoders"]["tied_with_best"]
    assert named.notna().all() == (basis == "labels")
    if case in ("labels for some", "a class of one"):
        assert found.verdict["group"] == ("good",)


@pytest.mark.parametrize(("images", "known"), [(6, True), (20, False)])
def test_few_images_give_a_verdict(images: int, known: bool) -> None:
    found = judged(two(images), truth_of(images) if known else None, {"good": 0.1, "noise": 0.1})
    assert found.verdict["basis"] in ("labels", "no labels", "nothing")
    values = found.tables["label_free"].query("criterion == 'augmentation_recall'")["value"]
    assert len(values) == 2 and values.between(0, 1).all()


def test_duplicates_widen_the_intervals() -> None:
    """Twelve images three times over tell no more than twelve."""
    vectors = {name: np.repeat(encoder(2, row, 12), 3, axis=0) for row, name in enumerate("ab")}
    truth = np.repeat(truth_of(12), 3)
    width = []
    for groups in (np.arange(36), np.repeat(np.arange(12), 3)):
        pairs = judged(vectors, truth, groups=groups).tables["pairwise"]
        row = pairs[pairs["metric"] == "accuracy"].iloc[0]
        width.append(row["difference_high"] - row["difference_low"])
    assert width[1] > 1.3 * width[0]


def test_one_encoder_alone_has_criteria_and_no_verdict() -> None:
    found = judged({"good": encoder(0.3, 0)}, truth_of(36), {"good": 0.1})
    assert found.verdict["basis"] == "one encoder" and found.verdict["group"] == ()
    assert found.tables["pairwise"].empty
    search, classification = found.verdict["reasons"]
    assert re.fullmatch(r"For search: mAP 1.00 \(0.\d\d to 1.00\).", search)
    assert classification.startswith("For classification: linear probe 1.00")
    criteria = found.tables["label_free"].set_index("criterion")["value"].to_dict()
    assert criteria["cluster_retention"] > 0.9 and pd.isna(criteria["consensus"])


def test_an_encoder_twice_is_tied_with_itself() -> None:
    vectors = {"one": encoder(1.5, 0, 20), "same": encoder(1.5, 0, 20)}
    found = judged(vectors, truth_of(20))
    assert found.verdict["answer"] == "tied" and set(found.verdict["group"]) == {"one", "same"}
    blind = judged(vectors, None, {"one": 0.1, "same": 0.1})
    assert blind.verdict["answer"] == "cannot tell"  # one family: nobody else to agree with
    assert "all alike" in blind.verdict["reasons"][0]
