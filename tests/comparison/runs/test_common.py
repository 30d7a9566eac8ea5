"""Promises of runs on other images: what all have is compared, and it is the same in all."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedbench import merge, read_results
from embedbench.comparison.extra_images import AUGMENTED, CORRUPTED
from embedbench.comparison.origin import encoded_dataset_of
from embedbench.comparison.runs.common import joined, renamed, with_common_images

pytestmark = pytest.mark.usefixtures("one_core")


def test_images_that_one_run_lacks_are_left_out_and_told(
    run: Callable[..., Path], photographs: Path
) -> None:
    one = run("one", 1, 2)
    images = sorted(photographs.rglob("*.png"))
    images[0].unlink()
    shutil.copy(images[2], images[1])  # of the same name, and another picture
    merged = merge([one, run("other", 3)])
    gone = {image.relative_to(photographs).as_posix() for image in images[:2]}
    assert not gone & set(merged.images["image"]) and len(merged.images) == 34
    assert "2 images of one are left out: not every run has them" in merged.run["remarks"]
    assert "1 image of other is left out: not every run has it" in merged.run["remarks"]
    failures = merged.failures.set_index("name")["stage"]
    assert failures[failures == "merge: one"].index.tolist() == sorted(gone)
    assert failures[failures == "merge: other"].index.tolist() == [max(gone)]
    kept = read_results(one)
    rows = [list(kept.images["image"]).index(name) for name in merged.images["image"]]
    np.testing.assert_array_equal(merged.vectors("side 2"), kept.vectors("side 2")[rows])


def test_changed_copies_are_those_of_the_images_that_all_runs_have(
    run: Callable[..., Path], photographs: Path
) -> None:
    options = {"labels": "none", "copies": 8}
    one = run("one", 1, 2, **options)
    for image in sorted(photographs.rglob("*.png"))[::5]:
        image.unlink()
    other = run("other", 3, 4, **options)
    merged = merge([one, other])
    signals = merged.label_free.set_index(["encoder", "criterion"])["value"]
    for name in ("side 1", "side 4"):
        assert 0 <= signals[name, "cluster_retention"] <= 1


def test_extra_images_of_one_run_alone_are_left_out_and_their_vectors_stay_in_place(
    run: Callable[..., Path],
) -> None:
    options = {"labels": "none", "copies": 6, "corrupted": 4}
    both = {"corrupt": ["blur:2", "noise:1"]} | options
    runs = [
        encoded_dataset_of(read_results(run("one", 1, **both)), "one"),
        encoded_dataset_of(read_results(run("other", 2, **options, corrupt=["noise:1"])), "other"),
    ]
    merged = joined(with_common_images(runs), runs[0].encoded.plan)
    names = set(merged.extra.blocks)
    assert (CORRUPTED, "noise:1") in names and (CORRUPTED, "blur:2") not in names
    for one in runs:
        ((name, before),) = one.encoded.embeddings.items()
        after = merged.encoded.embeddings[name]
        for block in names:
            np.testing.assert_array_equal(
                merged.extra.vectors(after, block), one.extra.vectors(before, block)
            )
    assert {block[0] for block in names} == {AUGMENTED, CORRUPTED}


def test_an_encoder_without_a_new_name_takes_no_part(run: Callable[..., Path]) -> None:
    dataset = encoded_dataset_of(read_results(run("one", 1, 2)), "one")
    found = renamed(dataset, {"side 2": "new"}).encoded
    assert list(found.embeddings) == ["new"] and found.asked == ("new",)
