"""The benchmark of the calibrated verdict by hand: families, the fit, and sets not used for it."""

from pathlib import Path

import numpy as np
import pytest

from calibration import SHOWN, VERDICT, before, by_belief, fitted, folds, judged
from calibration_runs import Run, consensus, read_runs
from embedbench.comparison.verdicts.signals import Signals
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING, SEARCH


def test_a_family_has_one_voice_in_the_consensus() -> None:
    agreed = np.array([[1, 0.9, 0.3], [0.9, 1, 0.5], [0.3, 0.5, 1]])
    alike = np.array([[1, 0.99, 0.1], [0.99, 1, 0.1], [0.1, 0.1, 1]])
    assert consensus(agreed, alike).tolist() == pytest.approx([0.3, 0.5, 0.4])


def made_up(name: str, number: int) -> Run:
    """A run whose truth is a half of one signal, with errors of 0.05."""
    random = np.random.default_rng([sum(map(ord, name)), number])
    values = random.uniform(size=(2, 6))
    truth = values[0] / 2 + 0.05 * random.normal(size=6)
    signals = Signals(tuple("abcdef"), values, values, values * 0, np.eye(6), 100)
    every = dict.fromkeys((CLUSTERING, SEARCH, CLASSIFICATION), truth)
    labelled = {(20, 0): (truth, truth[:, None] + 1e-3 * random.normal(size=(6, 50)))}
    return Run(name, "made", every, signals, {}, labelled)


RUNS = [made_up(name, number) for name in "abcdefgh" for number in range(12)]


def test_the_fit_finds_the_line_and_certainty_is_kept_on_other_sets() -> None:
    line = fitted(RUNS, CLUSTERING)
    assert [line.retention, line.consensus] == pytest.approx([0.5, 0.0], abs=0.03)
    rows, _ = by_belief(RUNS, CLUSTERING)
    rows = rows[rows["certainty"] == 0.8]
    shown = rows[(rows["labels"] == 0) & (rows["what"] == SHOWN)]
    assert 0.75 < shown["right"].astype(float).mean() < 0.98 and shown["commits"].mean() > 0.9
    # The two signals are independent here, so that hardly any verdict names one.
    assert rows.loc[rows["what"] == VERDICT, "commits"].mean() < 0.2
    exact = rows[rows["labels"] == 20]
    assert exact["right"].astype(float).min() == 1 and (exact["named of all"] == 1 / 6).all()


def test_no_set_is_told_by_a_line_that_was_fitted_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def watched(runs: list[Run], purpose: str) -> set[str]:
        seen.append({run.name for run in runs})
        return seen[-1]

    monkeypatch.setattr("calibration.fitted", watched)
    told = list(folds(RUNS, CLUSTERING))
    assert len(told) == len(RUNS) and len(seen) == 8
    for run, names in told:
        assert isinstance(names, set) and run.name not in names


def test_a_group_is_judged_by_its_best_and_more_than_half_is_no_group() -> None:
    truth = np.array([0.5, 0.4, 0.485, 0.1])
    found = judged(truth, truth, [1, 2])
    assert (found["commits"], found["right"]) == (True, True)
    assert found["regret of the group"] == pytest.approx(0.015)
    assert judged(truth, -truth, [1])["right"] == False  # noqa: E712
    assert judged(truth, truth, [0, 1, 2])["commits"] is False


def test_the_rule_before_names_the_better_half_unless_the_signals_contradict() -> None:
    def run(retention: list[float], agreed: list[float]) -> Run:
        values = np.array([retention, agreed])
        signals = Signals(tuple("abcd"), values, values, values * 0, np.eye(4), 100)
        return Run("", "", {}, signals, {}, {})

    assert before(run([0.9, 0.8, 0.3, 0.2], [0.7, 0.8, 0.4, 0.3]))[1] == [0, 1]
    assert before(run([0.9, 0.8, 0.3, 0.2], [0.1, 0.2, 0.4, 0.5]))[1] == []


def test_runs_are_drawn_of_what_is_written_and_again_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    square = {key: np.eye(9) for key in ("partitions", "neighbours", "cka")}
    rows = {key: random.random(9) for key in ("ami", "map", "knn", "clusters kept", "stability")}
    labels = {"20 labels 1": random.random(9), "20 labels 1 resampled": random.random((9, 5))}
    names = {"names": np.array(list("abcdefghi"))}
    arrays: dict[str, np.ndarray] = names | square | rows | labels
    np.savez(tmp_path / "digits_0.npz", allow_pickle=False, **arrays)
    first, again = (read_runs(tmp_path, 5, {"digits": "signs"}) for _ in range(2))
    assert [run.signals.names for run in first] == [run.signals.names for run in again]
    run = first[0]
    assert (run.name, run.kind, list(run.labelled)) == ("digits", "signs", [(20, 1)])
    rows_of = [list("abcdefghi").index(name) for name in run.signals.names]
    assert run.truth[SEARCH].tolist() == rows["map"][rows_of].tolist()
    assert run.alone["stability"].tolist() == rows["stability"][rows_of].tolist()
