"""The formulas of the candidate signals by hand, and against scikit-learn, SciPy and networkx."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import save_file
from scipy.linalg import eigh
from scipy.stats import entropy
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from candidate_model import SIGNALS, Model, Tried, fitted, log_density
from candidate_report import on_other_sets
from graded_views import CROPS, changed
from signal_candidates import candidates
from signal_formulas import (
    LINKED,
    consensus_partition,
    judged_elsewhere,
    knn_recovers,
    learnability,
    lidar,
    links,
    one_factor,
    probe_recovers,
    spectral,
    together,
)
from verdict_draws import drawn, drawn_bank

CROSS = np.array([[1, 0], [1, 0], [-1, 0], [-1, 0], [0, 1], [0, -1]], dtype=np.float32)
"""Rows of length 1 with squared singular values 4 and 2, and mean 0."""


def blobs(clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unit rows around as many directions, with much overlap, and which is which."""
    random = np.random.default_rng(0)
    target = np.arange(60) % clusters
    rows = np.eye(8)[target] + 0.5 * random.normal(size=(60, 8))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), target


def test_spectral_scores_by_hand() -> None:
    assert spectral(CROSS) == pytest.approx(
        {
            "stable rank": 1.5,
            "coherence": -1.5,  # a row of the second direction holds half of it: 1/2 * 6 / 2
            "condition number": -np.sqrt(2),
            "alpha-ReQ": 0,  # from 4 to 2 while the rank doubles: a slope of -1
            "NESum": 1.5,
        },
        abs=1e-6,
    )


def test_lidar_is_the_effective_rank_of_between_against_within() -> None:
    assert lidar(np.stack([CROSS, CROSS])) == pytest.approx(np.exp(entropy([2, 1])), rel=1e-5)
    views = np.random.default_rng(0).normal(size=(5, 30, 4)) + 2 * blobs(3)[0][:30, :4]
    rows = views / np.linalg.norm(views, axis=2, keepdims=True)
    means = rows.mean(axis=0)
    inner = (rows - means).reshape(-1, 4)
    within = inner.T @ inner / (30 * 4) + 1e-4 * np.eye(4)
    assert lidar(views) == pytest.approx(
        np.exp(entropy(eigh(np.cov(means.T), within, eigvals_only=True))), rel=1e-4
    )


def test_learnability_is_a_nearest_neighbour_that_learns_as_it_goes() -> None:
    rows, labels = blobs(4)
    order = np.random.default_rng(0).permutation(60)
    x, y = rows[order], labels[order]
    right = [
        KNeighborsClassifier(1).fit(x[:now], y[:now]).predict(x[[now]])[0] == y[now]
        for now in range(1, 60)
    ]
    assert learnability(rows @ rows.T, labels) == pytest.approx(np.mean(right))


def test_a_partition_is_recovered_as_often_as_by_scikit_learn() -> None:
    rows, target = blobs(2)
    voted = cross_val_predict(KNeighborsClassifier(5), rows, target, cv=LeaveOneOut())
    wanted = balanced_accuracy_score(target, voted)
    assert 0.6 < wanted < 1
    assert knn_recovers(rows @ rows.T, target) == pytest.approx(wanted)
    rows, target = blobs(5)
    ridge = ((rows - rows.mean(axis=0)) ** 2).sum() / 60
    told = cross_val_predict(RidgeClassifier(alpha=ridge), rows, target, cv=LeaveOneOut())
    wanted = balanced_accuracy_score(target, told)
    assert 0.6 < wanted < 1
    assert probe_recovers(rows @ rows.T, target) == pytest.approx(wanted)


def test_the_one_factor_is_found_without_the_diagonal_and_a_family_is_one_voice() -> None:
    truth = np.array([0.9, 0.6, 0.3, 0.5])
    agreed = np.outer(truth, truth)
    np.fill_diagonal(agreed, 1)
    assert one_factor(agreed, np.arange(4)) == pytest.approx(truth, abs=1e-6)
    random = np.random.default_rng(0).uniform(0.9, 1.1, (4, 4))
    noisy = agreed * (random + random.T) / 2
    alone = one_factor(noisy, np.arange(4))
    places = np.array([0, 1, 2, 3, 3])
    twice = one_factor(noisy[np.ix_(places, places)], places)
    assert twice == pytest.approx(alone[places], abs=1e-6)


def test_links_are_the_pagerank_of_the_positive_rank_correlations() -> None:
    networkx = pytest.importorskip("networkx")
    scores = np.random.default_rng(0).normal(size=(6, 6)) + np.arange(6)[:, None] * [
        1,
        1,
        1,
        0,
        0,
        -1,
    ]
    linked = pd.DataFrame(scores).corr("spearman").clip(0).to_numpy() - np.eye(6)
    wanted = networkx.pagerank(networkx.from_numpy_array(linked), alpha=LINKED, tol=1e-12)
    found = links(scores, np.ones((6, 6), dtype=bool))
    assert found == pytest.approx(list(wanted.values()), abs=1e-8)


def test_a_partition_is_judged_in_the_spaces_of_other_families_alone() -> None:
    scores = np.array([[9.0, 0.2, 0.5], [0.1, 9.0, 0.1], [0.3, 0.4, 9.0]])
    found = judged_elsewhere(scores, np.arange(3), np.array([1.0, 1.0, 3.0]))
    # In each space one of the two others is a spread above, one below the mean.
    assert found == pytest.approx([(-1 + 3) / 4, (-1 - 3) / 4, 1])


def test_the_consensus_puts_together_what_most_voices_do() -> None:
    one, two, three = [0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 1, 2]
    voices = [together(np.array([labels])) for labels in (one, two, three)]
    found = consensus_partition(voices, 3)
    assert len(set(found)) == 3
    assert [found[place] == found[place + 1] for place in range(5)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_the_fit_finds_the_line_and_no_other_is_likelier() -> None:
    random, runs = np.random.default_rng(0), []
    for number in range(40):
        size = 3 + number % 6
        signals = dict(zip(SIGNALS, random.uniform(size=(2, size)), strict=True))
        truth = 0.6 * signals[SIGNALS[0]] + 0.1 * random.normal(size=size)
        alike = np.abs(np.corrcoef(random.normal(size=(size, 30))))
        runs.append(Tried("a", truth, alike, signals))
    found = fitted(runs, SIGNALS)
    assert found.weights == pytest.approx([0.6, 0], abs=0.05)

    def likelihood(model: Model) -> float:
        return sum(log_density(run, model.belief(run)) * len(run.truth) for run in runs)

    best = likelihood(found)
    for step in (-0.03, 0.03):
        for weights in (found.weights + [step, 0], found.weights + [0, step]):
            assert likelihood(replace(found, weights=weights)) < best
        for name in ("level", "slope"):
            moved = {name: getattr(found.spread, name) + 10 * step}
            assert likelihood(replace(found, spread=replace(found.spread, **moved))) < best


def test_the_record_of_an_encoder_leaves_out_the_set_that_is_told(tmp_path: Path) -> None:
    for name, ami in {"a_0": [1, 0], "a_1": [0, 1], "b_0": [0.6, 0], "c_0": [0, 0.2]}.items():
        np.savez(tmp_path / f"{name}.npz", names=np.array(["one", "two"]), ami=np.array(ami))
    found = on_other_sets(tmp_path)
    assert found["a"].to_dict() == pytest.approx({"one": 0.1, "two": -0.1})
    assert found["b"].to_dict() == pytest.approx({"one": -0.05, "two": 0.05})


def test_halves_do_not_overlap_and_crops_lie_within_each_other_in_size() -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (20, 0, 40, 20))
    views = changed(image, "key")
    first, second = views[-2:]
    assert first.getcolors() == [(400, (255, 255, 255))]
    assert second.getcolors() == [(400, (0, 0, 0))]
    assert [view.size for view in views[: len(CROPS)]] == [(36, 18), (30, 15), (24, 12), (18, 9)]
    assert [view.size for view in changed(image.rotate(90, expand=True), "key")[-2:]] == [
        (20, 20)
    ] * 2


def test_the_draws_are_those_of_the_benchmark_of_the_verdict(tmp_path: Path) -> None:
    random, file = np.random.default_rng(0), tmp_path / "made.safetensors"
    arrays = {"truth": np.arange(30) % 6, "rows": np.arange(0, 30, 2)}
    for name in ("lite0", "other"):
        arrays[name] = random.normal(size=(30, 20)).astype(np.float16)
        arrays[f"{name}/changed"] = np.tile(arrays[name][::2], (5, 1, 1))
    save_file(arrays, file)
    bank = drawn_bank(file, 4)
    assert len(np.unique(bank.truth)) < 6
    assert len(bank.truth) < 20  # so that little is drawn from the labels, which takes long
    wanted, found = drawn(file, 4), candidates(bank)
    assert found["names"].tolist() == wanted["names"].tolist()
    for name in ("ami", "clusters kept", "partitions", "cka"):
        assert found[name] == pytest.approx(wanted[name], abs=1e-6)
