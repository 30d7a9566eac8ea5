"""Promises of the limit: when a sample is used, which one, and what the run says about it."""

import numpy as np
import pytest

from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit, remarks

FEW = SampleLimit(300)


def test_up_to_the_limit_there_is_no_sample_and_no_remark() -> None:
    assert DEFAULT_LIMIT.sample(DEFAULT_LIMIT.images, 0) is None
    assert remarks(DEFAULT_LIMIT.images, ["kmeans"]) == []


@pytest.mark.parametrize("images", [301, 1500])
def test_the_sample_is_sorted_distinct_of_the_limits_size_and_fixed_by_its_seed(
    images: int,
) -> None:
    one, again, other = (FEW.sample(images, seed) for seed in (0, 0, 1))
    assert one is not None and again is not None and other is not None
    assert len(one) == 300 and (np.diff(one) > 0).all()
    assert one[0] >= 0 and one[-1] < images
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_the_run_says_what_does_not_use_all_images() -> None:
    said = remarks(50_000, ["kmeans", "agglomerative,linkage=average", "hdbscan", "birch"])
    assert said[0].startswith("silhouettes: of 5,000 of the 50,000 images, each against all")
    assert (
        "agglomerative,linkage=average: tree of 5,000 images, the others assigned to the nearest "
        "cluster" in said
    )
    assert any(line.startswith("hdbscan: on the first 20 principal components") for line in said)
    assert "maps: 5,000 of the 50,000 images" in said
    assert "birch" not in " ".join(said)
