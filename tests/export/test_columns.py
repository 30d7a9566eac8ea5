"""Promises of columns: each row is the row of its image."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from embedbench.errors import InputError
from embedbench.export.columns import (
    chosen_encoders,
    clusters_of,
    encoder_names,
    neighbours_of,
    plane_of,
)
from tests.support.example_results import ENCODERS, FAILED, example_results

RESULTS = example_results()
SHUFFLED = replace(RESULTS, images=RESULTS.images.sample(frac=1, random_state=0))


def test_encoders_are_those_compared_in_their_order() -> None:
    assert chosen_encoders(RESULTS) == ENCODERS
    assert chosen_encoders(RESULTS, [ENCODERS[2], ENCODERS[0]]) == (ENCODERS[0], ENCODERS[2])
    with pytest.raises(InputError, match="no encoder 'clop'; there are: "):
        chosen_encoders(RESULTS, ["clop"])
    assert chosen_encoders(RESULTS, ["timm"]) == (ENCODERS[1],)
    with pytest.raises(InputError, match="failed, so it has no results"):
        chosen_encoders(RESULTS, [FAILED])


def test_names_of_encoders_differ_where_only_signs_do() -> None:
    encoders = pd.DataFrame({"encoder": ["a:b", "a,b", "A.b", "<script>"]})
    names = encoder_names(replace(RESULTS, encoders=encoders))
    assert list(names.values()) == ["01_a_b", "02_a_b", "03_A_b", "04_script"]


def test_clusters_follow_the_order_of_the_images() -> None:
    clusters = clusters_of(SHUFFLED, "pixels")
    for row in (0, 17, 39):
        image = SHUFFLED.images["image"].iloc[row]
        known = RESULTS.silhouettes.query("encoder == 'pixels' and clusterer == 'kmeans'")
        assert clusters["cluster"][row] == known.set_index("image")["cluster"][image]
    assert clusters_of(SHUFFLED, "pixels", "hdbscan")["cluster"].eq(-1).sum() == 4


def test_images_without_a_cluster_have_none() -> None:
    extra = RESULTS.images.head(1).assign(image="new.jpg")
    results = replace(RESULTS, images=pd.concat([RESULTS.images, extra], ignore_index=True))
    assert clusters_of(results, "pixels")["cluster"].isna().tolist() == [False] * 40 + [True]


def test_the_map_follows_the_order_of_the_images_and_may_be_of_some() -> None:
    some = RESULTS.projections[RESULTS.projections["image"] != RESULTS.images["image"][3]]
    plane = plane_of(replace(SHUFFLED, projections=some), ENCODERS[1])
    assert plane is not None
    rows = some.query("encoder == @ENCODERS[1] and projection == 'tsne'").set_index("image")
    expected = rows[["x", "y"]].reindex(SHUFFLED.images["image"]).to_numpy(np.float32)
    np.testing.assert_array_equal(plane.to_numpy(), expected)
    assert np.isnan(expected).sum() == 2
    assert plane_of(replace(RESULTS, projections=some.head(0)), "pixels") is None


def test_neighbours_are_rows_of_the_images_nearest_first() -> None:
    near = neighbours_of(replace(SHUFFLED, nearest=RESULTS.nearest.sample(frac=1)), "pixels")
    assert near is not None
    names = SHUFFLED.images["image"].tolist()
    for row in (0, 39):
        found = [names[other] for other in near.rows[near.starts[row] : near.starts[row + 1]]]
        assert found == RESULTS.neighbours(names[row], "pixels")["neighbour"].tolist()
    assert neighbours_of(replace(RESULTS, nearest=RESULTS.nearest.head(0)), "pixels") is None


def test_images_without_neighbours_have_an_empty_range() -> None:
    nearest = RESULTS.nearest[RESULTS.nearest["image"] != RESULTS.images["image"][5]]
    near = neighbours_of(replace(RESULTS, nearest=nearest), "pixels")
    assert near is not None and near.starts[5] == near.starts[6] and near.starts[-1] == 39 * 8


def test_tables_of_other_images_are_refused() -> None:
    other = RESULTS.nearest.assign(neighbour="elsewhere.jpg")
    with pytest.raises(InputError, match="name different images"):
        neighbours_of(replace(RESULTS, nearest=other), "pixels")
