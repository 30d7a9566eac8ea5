"""Promises of the number of groups: where the inertia bends, and what is said if in doubt."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.analysis.sweep import Sweep, sweep_encoder
from embedbench.clustering.clusterers import KMeans
from embedbench.comparison.config import parse_k
from embedbench.comparison.stages.group_numbers import (
    GroupNumbers,
    choose_groups,
    look_into_groups,
)

IMAGES = 80
PLACES, FINE = np.arange(IMAGES) % 4, np.arange(IMAGES) % 8


def gather(calls: Any) -> dict[Any, Any]:
    return {key: call[0](*call[1:]) for key, call in calls.items()}


def inputs(k: str, labels: np.ndarray | None = None) -> AnalysisInputs:
    return AnalysisInputs(
        image_names=[f"{number}.png" for number in range(IMAGES)],
        targets=Targets(labels, "abcd", np.arange(IMAGES)),
        clusterers=(KMeans(),),
        spaces=("raw",),
        k_grid=parse_k(k, IMAGES, None),
        seeds=(0, 1),
        attributes={},
        projections=(),
    )


def sweeps(given: AnalysisInputs, **vectors: np.ndarray) -> dict[str, Sweep]:
    settings = given.settings("raw", given.k_grid.ks)
    return {
        name: sweep_encoder(one.astype(np.float32), given.targets.labels, settings)
        for name, one in vectors.items()
    }


def around(places: np.ndarray, noise: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.asarray(5 * np.eye(8)[places] + noise * random.normal(size=(IMAGES, 8)))


def alike(**cka: float) -> pd.DataFrame:
    """CKA of pairs, each named by its two encoders of one letter."""
    rows = [(*pair, value) for name, value in cka.items() for pair in (name, name[::-1])]
    return pd.DataFrame(rows, columns=["encoder", "other", "cka"])


def test_all_encoders_share_the_k_at_which_their_mean_inertia_bends() -> None:
    """Also where one of them sees nothing."""
    given = inputs("2..12")
    seen = sweeps(given, a=around(PLACES, 0.3, 0), b=around(PLACES, 0.3, 1), c=around(PLACES, 9, 2))
    groups = choose_groups(given, seen, gather)
    assert groups.shared == groups.elbow == 4
    assert choose_groups(inputs("5"), seen, gather).record() == {}


def test_without_a_bend_it_is_the_middle_of_the_range_by_ratio() -> None:
    assert GroupNumbers(tuple(range(2, 19)), None).shared == 6
    assert GroupNumbers((2, 3), None).shared == 2


def test_the_table_of_the_curves_has_the_agreement_at_each_k() -> None:
    elbow = pd.DataFrame({"encoder": ["a", "a", "b", "b"], "k": [2, 3, 2, 3], "chosen": ""})
    wider = GroupNumbers((2, 3), 3, np.array([0.3, 0.4])).with_curve(elbow)
    assert list(wider.columns) == ["encoder", "k", "agreement", "chosen"]
    assert wider["agreement"].tolist() == [0.3, 0.4, 0.3, 0.4]
    assert GroupNumbers((2, 3), 3).with_curve(elbow) is elbow


def test_agreement_is_the_mean_ami_of_encoders_of_different_families() -> None:
    given = inputs("2..6")
    seen = sweeps(given, **{name: around(PLACES, 3, seed) for seed, name in enumerate("abc")})
    table = alike(ab=0.99, ac=0.2, bc=float("nan"))
    found = look_into_groups(GroupNumbers((2, 3, 4, 5, 6), 4), given, seen, table, gather)
    assert found.agreement is not None
    for k, value in zip(found.ks, found.agreement, strict=True):
        first = {
            name: one.assignments[((one.runs["k"] == k) & (one.runs["seed"] == 0)).to_numpy()][0]
            for name, one in seen.items()
        }
        amis = [adjusted_mutual_info_score(first[name], first["c"]) for name in "ab"]
        assert value == pytest.approx(np.mean(amis))
    assert found.agreeing == found.ks[int(np.argmax(found.agreement))]
    one_family = look_into_groups(GroupNumbers((2, 3), 3), given, seen, alike(ab=0.99), gather)
    assert one_family.agreement is None and one_family.remarks == ()


@pytest.mark.parametrize(
    ("k", "chosen", "said"),
    [
        ("2..6", 6, "6, is the largest that was tried: more groups may do better; --k 2..12 tries"),
        (
            "4..6",
            4,
            "4, is the smallest that was tried: fewer groups may do better; --k 2..6 tries",
        ),
        ("2..6", 2, None),  # there is nothing below
        ("2..6", 4, None),
    ],
)
def test_a_number_at_an_end_of_the_range_is_told_with_a_range_to_try(
    k: str, chosen: int, said: str | None
) -> None:
    given = inputs(k)
    groups = GroupNumbers(given.k_grid.ks, chosen)
    remarks = look_into_groups(groups, given, {}, alike(), gather).remarks
    assert len(remarks) == (said is not None) and (said or "") in "".join(remarks)
    counted = replace(given, k_grid=replace(given.k_grid, common_k=3, common_k_from="truth"))
    assert look_into_groups(groups, counted, {}, alike(), gather).remarks == ()


def test_numbers_far_apart_are_both_told_and_whether_the_order_depends_on_them() -> None:
    """Both see 4 places; "a" sees two halves of each, but has put some images elsewhere."""
    moved = np.where(np.arange(IMAGES) < 6, (PLACES + 1) % 4, PLACES)
    halves = np.where(FINE < 4, 1.5, -1.5)[:, None] * np.eye(8)[4 + moved]
    vectors = {"a": around(moved, 0.3, 0) + halves, "b": around(PLACES, 0.3, 1)}
    for labels, ending in (
        (FINE, "by AMI, b comes first at 4, and a at 8"),
        (PLACES, "by AMI, the order of the encoders is the same at 4 and at 8"),
        (None, "the order of the encoders rests on neither: it is made at 4, 8 and 10 groups"),
    ):
        given = inputs("2..10", labels)
        seen = sweeps(given, **vectors)
        groups = GroupNumbers(given.k_grid.ks, 8)
        found = look_into_groups(groups, given, seen, alike(ab=0.1), gather)
        assert found.record() == {
            "shared": 8, "elbow": 8, "agreement": 4, "coarse": 4, "fine": 8,
        }  # fmt: skip
        [remark] = found.remarks
        assert "the elbow is at 8, and the encoders agree best on 4" in remark and ending in remark
    near = look_into_groups(GroupNumbers(given.k_grid.ks, 5), given, seen, alike(ab=0.1), gather)
    assert near.coarse_and_fine is None and near.remarks == ()
