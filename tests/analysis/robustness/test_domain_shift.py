"""Promises of the domains."""

import math
import pickle
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float32, Float64, Int
from scipy.stats import binom
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.measurement import Evaluation, evaluate_clusters
from embedbench.analysis.robustness.domain_shift import (
    LEAST_IMAGES,
    DomainAlignment,
    alignment_sentence,
    domain_alignment,
    domain_pairs_table,
    domains_table,
    measure_domain,
    worst_images,
)
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.metrics.base import mean_estimate

KMEANS = EvaluationSettings([parse_clusterer("kmeans")], "l2", (3,), (0, 1))
KEY = ("", "knn_accuracy")


def clouds(
    truth: Int[np.ndarray, " images"], spread: float, seed: int = 0
) -> Float32[np.ndarray, "images 8"]:
    """One cloud a label, on axes of its own."""
    noise = np.random.default_rng(seed).normal(size=(len(truth), 8))
    points: Float32[np.ndarray, "images 8"] = (5 * np.eye(8)[truth] + spread * noise).astype("f4")
    return points


TRUTH = np.tile(np.repeat([0, 1, 2], 10), 2)
DOMAIN = np.repeat([0, 1], 30)


def named(
    codes: Int[np.ndarray, " images"], names: Sequence[str] = ("photo", "sketch", "plan")
) -> pd.Categorical:
    """The domain of each image by its code, -1 where unknown."""
    values: list[int] = codes.tolist()
    dtype: pd.CategoricalDtype = pd.CategoricalDtype(list(names))
    return pd.Categorical.from_codes(values, dtype=dtype)


NAMES = named(DOMAIN)
GROUPS = np.arange(60)
TARGETS = Targets(TRUTH, "abc", GROUPS)
VECTORS = np.concatenate([clouds(TRUTH[:30], 0.1), clouds(TRUTH[30:], 6.0)])


def measure_domains(
    vectors: Float32[np.ndarray, "images dim"],
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    domain: Int[np.ndarray, " images"],
    how: EvaluationSettings,
    own_classes: bool = False,
) -> dict[int, Evaluation | str]:
    """Every domain, by its code, as a comparison asks for them."""
    return {
        code: measure_domain(
            vectors, Targets(truth, "abc", groups), named(domain), code, how, own_classes
        )
        for code in np.unique(domain[domain >= 0]).tolist()
    }


@pytest.fixture(scope="module")
def measured() -> dict[int, Evaluation | str]:
    return measure_domains(VECTORS, TRUTH, GROUPS, DOMAIN, KMEANS)


def of(measured: dict[int, Evaluation | str], code: int) -> Evaluation:
    found = measured[code]
    assert isinstance(found, Evaluation)
    return found


def test_a_domain_is_measured_as_if_there_were_no_other(
    measured: dict[int, Evaluation | str],
) -> None:
    for code in (0, 1):
        inside = DOMAIN == code
        alone = evaluate_clusters(VECTORS[inside], TARGETS.take(inside), KMEANS)
        assert {key: value for key, value in of(measured, code).values.items()
                if key[1] != "seconds"} == pytest.approx(alone.values, nan_ok=True)  # fmt: skip
    assert of(measured, 0).values["kmeans", "ami"] == pytest.approx(1.0)
    assert of(measured, 1).values["kmeans", "ami"] < 0.5


def test_a_call_travels_to_a_worker_and_back(measured: dict[int, Evaluation | str]) -> None:
    call = (VECTORS, TARGETS, NAMES, 0, KMEANS)
    found = measure_domain(*pickle.loads(pickle.dumps(call)))
    again = pickle.loads(pickle.dumps(found))
    assert again.values == pytest.approx(of(measured, 0).values, nan_ok=True)


def test_k_is_that_of_all_or_that_of_the_domains_own_classes() -> None:
    truth = np.where(DOMAIN == 1, TRUTH % 2, TRUTH)
    for own, ks in ((False, [3, 3]), (True, [3, 2])):
        found = measure_domains(VECTORS, truth, GROUPS, DOMAIN, KMEANS, own)
        assert [of(found, code).k for code in (0, 1)] == ks


@pytest.mark.parametrize("truth", [None, np.full(60, -1), np.zeros(60, dtype=np.int64)])
def test_own_classes_change_nothing_where_there_are_not_two(
    truth: Int[np.ndarray, " images"] | None,
) -> None:
    assert of(measure_domains(VECTORS, truth, GROUPS, DOMAIN, KMEANS, True), 1).k == 3


def test_a_small_domain_is_left_out_and_says_why() -> None:
    domain = np.where(np.arange(60) < LEAST_IMAGES - 1, 0, 1)
    found = measure_domains(VECTORS, TRUTH, GROUPS, domain, KMEANS)
    assert found[0] == "7 different images are too few to cluster; 8 are needed"
    assert isinstance(found[1], Evaluation)
    table = domains_table(found, named(domain, ["few", "many"]), GROUPS, 0)
    assert set(table["domain"]) == {"many"} and table["images"].eq(53).all()
    assert domain_pairs_table(found, named(domain, ["few", "many"]), GROUPS, 0).empty


def test_copies_of_one_picture_are_one_picture() -> None:
    groups = np.where(DOMAIN == 0, 0, GROUPS)
    found = measure_domain(VECTORS, Targets(TRUTH, "abc", groups), NAMES, 0, KMEANS)
    assert found == "1 different images are too few to cluster; 8 are needed"


def test_a_domain_of_vectors_all_the_same_says_why_it_cannot_be_clustered() -> None:
    vectors = np.where(DOMAIN[:, None] == 0, np.float32(1), VECTORS)
    found = measure_domain(vectors, TARGETS, NAMES, 0, KMEANS)
    assert isinstance(found, str) and "1 of them different" in found


def test_images_of_no_domain_are_in_none() -> None:
    domain = np.where(np.arange(60) % 2 == 0, DOMAIN, -1)
    found = measure_domains(VECTORS, TRUTH, GROUPS, domain, KMEANS)
    assert list(found) == [0, 1]
    table = domains_table(found, named(domain, ["photo", "sketch"]), GROUPS, 0)
    assert table["images"].eq(15).all()


def test_the_table_holds_every_metric_and_an_interval_where_a_score_is_known(
    measured: dict[int, Evaluation | str],
) -> None:
    table = domains_table(measured, NAMES, GROUPS, 0)
    columns = ["domain", "images", "k", "clusterer", "metric", "value", "low", "high"]
    assert table.columns.tolist() == columns
    assert set(table["domain"]) == {"photo", "sketch"}
    mine = table[table["domain"] == "sketch"].set_index(["clusterer", "metric"])
    assert set(mine.index) == set(of(measured, 1).values)
    known = mine[mine["low"].notna()]
    assert set(known.index) == set(of(measured, 1).scores)
    assert (known["low"] <= known["value"]).all() and (known["value"] <= known["high"]).all()
    assert mine.loc[("", "anisotropy"), ["low", "high"]].isna().all()


def made(values: Float64[np.ndarray, " images"]) -> Evaluation:
    """What is measured where one metric alone is known, the mean over the images."""
    score = mean_estimate(values[None])
    return Evaluation({KEY: score.mean, ("", "hubness"): 1.0}, {KEY: score}, 2)


def test_two_domains_are_drawn_independently() -> None:
    values = np.random.default_rng(0).random(40)
    domain = named(np.repeat([0, 1], 40), ["a", "b"])
    pairs = domain_pairs_table({0: made(values), 1: made(values)}, domain, np.arange(80), 0)
    row = pairs.set_index("metric").loc["knn_accuracy"]
    assert row["difference"] == 0
    # The same images twice: drawn together the difference would be 0 in every resample; drawn
    # apart it has the variance of two means, and the doubt of both.
    score = mean_estimate(values[None])
    spread = math.sqrt(2 * (values.var() / 40 + (score.smoothing_error[0] / 40) ** 2))
    half = (row["difference_high"] - row["difference_low"]) / 2
    assert half == pytest.approx(1.96 * spread, rel=0.12)


def test_a_difference_is_the_first_less_the_other_and_each_pair_stands_once(
    measured: dict[int, Evaluation | str],
) -> None:
    pairs = domain_pairs_table(measured, NAMES, GROUPS, 0)
    assert set(zip(pairs["domain"], pairs["other"], strict=True)) == {("photo", "sketch")}
    for row in pairs.to_dict("records"):
        key = (row["clusterer"], row["metric"])
        gap = of(measured, 0).values[key] - of(measured, 1).values[key]
        assert row["difference"] == pytest.approx(gap)
        assert math.isnan(row["difference_low"]) == (key not in of(measured, 0).scores)
    ami = pairs[pairs["metric"] == "ami"].iloc[0]
    assert 0 < ami["difference_low"] <= ami["difference"] <= ami["difference_high"]


def test_three_domains_are_three_pairs() -> None:
    domain = named(np.repeat([0, 1, 2], 10), ["a", "b", "c"])
    found: dict[int, Evaluation | str] = {code: made(np.full(10, 0.5)) for code in range(3)}
    pairs = domain_pairs_table(found, domain, np.arange(30), 0)
    wanted = [("a", "b"), ("a", "c"), ("b", "c")]
    assert [tuple(row) for row in pairs[["domain", "other"]].to_numpy()[::2]] == wanted


def test_what_a_domain_lacks_has_no_difference() -> None:
    domain = named(np.repeat([0, 1], 10), ["a", "b"])
    nothing = Evaluation({KEY: math.nan}, {KEY: mean_estimate(np.full((1, 10), np.nan))}, 2)
    found: dict[int, Evaluation | str] = {0: made(np.full(10, 0.5)), 1: nothing}
    assert domain_pairs_table(found, domain, np.arange(20), 0).empty
    table = domains_table(found, domain, np.arange(20), 0).set_index(["domain", "metric"])
    assert table.loc[("b", "knn_accuracy"), ["value", "low", "high"]].isna().all()


def test_a_domain_is_drawn_the_same_for_every_encoder_and_its_copies_together() -> None:
    values = np.random.default_rng(1).random(20)
    domain, groups = named(np.zeros(20, dtype=np.int64), ["a"]), np.repeat(np.arange(2), 10) + 7
    first = domains_table({0: made(values)}, domain, groups, 3)
    pd.testing.assert_frame_equal(first, domains_table({0: made(values)}, domain, groups, 3))
    apart = domains_table({0: made(values)}, domain, np.arange(20), 3)
    # Two pictures with ten copies each: all copies are drawn or none.
    halves = mean_estimate(values[None]).influence[0].reshape(2, 10).sum(axis=1) / 20
    low, high = first[["low", "high"]].iloc[0]
    assert high - low >= 2 * np.abs(halves).max() - 1e-9
    assert not np.isclose(apart["low"].iloc[0], low)


def repeated(labels: Int[np.ndarray, " images"], runs: int = 3) -> Int[np.ndarray, "runs images"]:
    return np.tile(labels, (runs, 1))


def test_clusters_that_are_the_domain_are_caught_and_numbers_are_those_of_scikit_learn() -> None:
    truth = np.tile(np.arange(4), 25)
    domain = np.repeat([0, 1], 50)
    labels = domain.copy()
    labels[:5] = 2
    found = domain_alignment(repeated(labels), named(domain), truth, 0)
    assert found.ami == pytest.approx(adjusted_mutual_info_score(domain, labels))
    assert found.label_ami == pytest.approx(adjusted_mutual_info_score(truth, labels), abs=1e-9)
    assert found.p == pytest.approx(1 / 201) and found.null < 0.1 < found.ami
    assert found.is_shortcut
    assert "follow the domain" in alignment_sentence("pixels", found)


def test_clusters_that_are_the_labels_follow_no_domain_though_both_go_together() -> None:
    random = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), 30)
    # Sketches are mostly of the last two labels.
    domain = (random.random(120) < np.array([0.1, 0.2, 0.8, 0.9])[truth]).astype(np.int64)
    found = domain_alignment(repeated(truth), named(domain), truth, 0)
    assert found.label_ami == pytest.approx(1.0)
    # Each deal within the labels leaves clusters and domain as they are.
    assert found.p == 1.0 and found.null == pytest.approx(found.ami)
    assert not found.is_shortcut
    blind = domain_alignment(repeated(truth), named(domain), None, 0)
    assert blind.p == pytest.approx(1 / 201) and blind.is_shortcut
    assert math.isnan(blind.label_ami)


def test_without_an_effect_of_the_domain_one_in_twenty_is_accused() -> None:
    trials, accused = 300, 0
    truth = np.repeat(np.arange(3), 20)
    for seed in range(trials):
        random = np.random.default_rng(seed)
        domain = (random.random(60) < np.array([0.2, 0.5, 0.8])[truth]).astype(np.int64)
        blurred = np.where(random.random(60) < 0.5, truth, random.integers(0, 3, 60))
        accused += domain_alignment(blurred[None], named(domain), truth, seed).p <= 0.05
    low, high = binom.ppf([0.005, 0.995], trials, 0.05)
    assert low <= accused <= high


def test_where_each_label_is_of_one_domain_it_cannot_be_told() -> None:
    truth = np.repeat(np.arange(4), 10)
    found = domain_alignment(repeated(truth), named(truth // 2), truth, 0)
    assert math.isnan(found.p) and math.isnan(found.null) and not found.is_shortcut
    ami = adjusted_mutual_info_score(truth // 2, truth)
    assert found.ami == pytest.approx(ami)
    assert alignment_sentence("pixels", found) == (
        f"pixels: whether its clusters follow the domain (AMI {ami:.2f}) or the labels (1.00) "
        "cannot be told, for no label is in two domains"
    )


def test_images_of_no_known_domain_are_left_out_and_noise_is_no_cluster() -> None:
    random = np.random.default_rng(2)
    domain, labels = random.integers(0, 2, 40), random.integers(-1, 3, 40)
    truth = random.integers(0, 3, 40)
    more = domain_alignment(
        repeated(np.concatenate([labels, [0, 1]])),
        named(np.concatenate([domain, [-1, -1]])),
        np.concatenate([truth, [-1, -1]]),
        0,
    )
    assert more == domain_alignment(repeated(labels), named(domain), truth, 0)
    alone = np.where(labels < 0, 100 + np.arange(40), labels)
    assert more.ami == pytest.approx(adjusted_mutual_info_score(domain, alone))


@settings(max_examples=20)
@given(st.integers(0, 100))
def test_renaming_clusters_domains_and_labels_changes_no_ami(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, domain, truth = (random.integers(0, 3, 30) for _ in range(3))
    one = domain_alignment(labels[None], named(domain), truth, 0)
    other = domain_alignment(5 - labels[None], named(2 - domain), 2 - truth, 0)
    assert other.ami == pytest.approx(one.ami) and other.label_ami == pytest.approx(one.label_ami)


def test_no_run_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one run"):
        domain_alignment(np.zeros((0, 60), dtype=np.int64), NAMES, None, 0)


@pytest.mark.parametrize(
    ("found", "words", "shortcut"),
    [
        (DomainAlignment(0.61, 0.02, 0.005, 0.35),
         "follow the domain (AMI 0.61, by chance up to 0.02) more than the labels (0.35)", True),
        (DomainAlignment(0.35, 0.02, 0.005, 0.61),
         "follow the domain (AMI 0.35, by chance up to 0.02) but not more than the labels (0.61)",
         False),
        (DomainAlignment(0.354, 0.02, 0.005, 0.346),
         "follow the domain (AMI 0.35, by chance up to 0.02) but not more than the labels (0.35)",
         False),
        (DomainAlignment(0.35, 0.02, 0.005, math.nan),
         "follow the domain (AMI 0.35, by chance up to 0.02)", True),
        (DomainAlignment(0.04, 0.02, 0.005, -0.01),
         "hardly follow the domain (AMI 0.04, by chance up to 0.02)", False),
        (DomainAlignment(0.3, 0.4, 0.2, 0.1),
         "do not follow the domain beyond chance (AMI 0.30, by chance up to 0.40)", False),
        (DomainAlignment(-0.02, -0.02, 0.4, 0.1),
         "follow the domain no better than chance (AMI -0.02)", False),
        (DomainAlignment(0.35, -0.01, 0.005, math.nan),
         "follow the domain (AMI 0.35, by chance up to 0.00)", True),
    ],
    ids=["more", "less", "as written, as much", "no labels", "next to nothing", "chance",
         "below zero", "chance below zero"],
)  # fmt: skip
def test_the_sentence_tells_what_was_found(
    found: DomainAlignment, words: str, shortcut: bool
) -> None:
    assert alignment_sentence("lite0", found) == f"lite0: its clusters {words}"
    assert found.is_shortcut is shortcut


def test_the_worst_pictures_of_each_domain_come_lowest_first() -> None:
    scores = np.array([0.5, 0.2, math.nan, 0.2, 0.9, 0.1, 1.0, 0.0])
    domain = named(np.array([0, 0, 0, 0, 1, 1, 1, -1]), ["a", "b"])
    table = worst_images(scores, domain, list("stuvwxyz"), 2)
    # Neither unknown scores, nor perfect ones, nor images of no domain.
    assert [tuple(row) for row in table.to_numpy()] == [
        ("a", "t", 0.2), ("a", "v", 0.2), ("b", "x", 0.1), ("b", "w", 0.9),
    ]  # fmt: skip
    assert worst_images(np.full(8, np.nan), domain, list("stuvwxyz")).columns.tolist() == [
        "domain", "image", "score",
    ]  # fmt: skip
