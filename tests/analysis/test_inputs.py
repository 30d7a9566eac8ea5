"""Promises of what every analysis is given."""

import pickle

import numpy as np
import pytest

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.clustering.clusterers import KMeans
from embedbench.clustering.limits import SampleLimit

LABELS, GROUPS = np.array([1, -1, 0, 1]), np.array([7, 3, 7, 9])


def test_groups_are_numbered_without_gaps_also_after_a_part_was_taken() -> None:
    """Resampling draws from as many groups as the highest number says."""
    targets = Targets(LABELS, ["ant", "bee"], GROUPS)
    assert targets.groups.tolist() == [1, 0, 1, 2]
    part = targets.take(np.array([3, 2, 0]))
    assert part.groups.tolist() == [1, 0, 0] and part.labels is not None
    assert part.labels.tolist() == [1, 0, 1] and part.classes == ["ant", "bee"]


def test_a_mask_takes_the_same_as_the_rows_that_it_marks() -> None:
    targets = Targets(LABELS, ["ant", "bee"], GROUPS)
    mask = np.array([True, False, False, True])
    one, other = targets.take(mask), targets.take(np.flatnonzero(mask))
    assert one.groups.tolist() == other.groups.tolist() == [0, 1]
    assert np.array_equal(one.labels, other.labels)  # type: ignore[arg-type]


def test_without_labels_the_groups_stay() -> None:
    bare = Targets(LABELS, ["ant", "bee"], GROUPS).unlabelled()
    assert bare.labels is None and bare.categorical() is None
    assert bare.take(np.array([0])).labels is None
    assert bare.groups.tolist() == [1, 0, 1, 2]


def test_labels_have_the_names_of_their_classes_and_none_where_unknown() -> None:
    values = Targets(LABELS, ["ant", "bee"], GROUPS).categorical()
    assert values is not None
    assert [None if value != value else value for value in values] == ["bee", None, "ant", "bee"]


def test_no_argument_is_changed_and_targets_travel_to_a_worker() -> None:
    groups = GROUPS.copy()
    again = pickle.loads(pickle.dumps(Targets(LABELS, ["ant", "bee"], groups)))
    assert groups.tolist() == GROUPS.tolist()
    assert again.groups.tolist() == [1, 0, 1, 2] and again.labels.tolist() == LABELS.tolist()


def test_resamples_draw_whole_groups() -> None:
    resamples = Targets(None, (), np.array([5, 5, 8])).bootstrap(3)
    assert resamples.groups.tolist() == [0, 0, 1] and resamples.seed == 3


def test_settings_have_a_k_only_where_there_is_one() -> None:
    one, several = (EvaluationSettings([KMeans()], "l2", ks, (4, 5)) for ks in ((3,), (3, 4)))
    assert one.k == 3 and one.seed == 4
    with pytest.raises(ValueError, match="too many"):
        _ = several.k


def test_the_sample_is_that_of_the_limit_by_the_first_seed() -> None:
    settings = EvaluationSettings([KMeans()], "l2", (3,), (4, 5), SampleLimit(10))
    expected = SampleLimit(10).sample(30, 4)
    assert settings.sample(10) is None
    assert np.array_equal(settings.sample(30), expected)  # type: ignore[arg-type]
