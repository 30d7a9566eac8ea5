"""Promises of the search for duplicates."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.metrics.pairwise import cosine_similarity

from embedbench.analysis.duplicates import duplicate_groups, duplicate_rate
from embedbench.data.sample_photos import PHOTOGRAPHS, write_samples
from embedbench.encoder import Vectors
from embedbench_pixels import PixelsEncoder

RANDOM = np.random.default_rng(0)


def spread(images: int = 40, dim: int = 64) -> Vectors:
    return np.random.default_rng(1).normal(size=(images, dim)).astype(np.float32)


def names(count: int) -> list[str]:
    return [f"{number:04x}" for number in range(count)]


def with_copies(vectors: Vectors, noise: float) -> Vectors:
    """Image 1 is a copy of 0, 3 of 2."""
    copied = vectors.copy()
    copied[[1, 3]] = vectors[[0, 2]]
    copied += noise * np.random.default_rng(2).normal(size=vectors.shape)
    return copied


def shared(groups: np.ndarray) -> list[list[int]]:
    """Return the groups of two and more."""
    members = [np.flatnonzero(groups == group).tolist() for group in range(groups.max() + 1)]
    return [images for images in members if len(images) > 1]


def test_groups_are_numbered_as_they_appear_and_equal_files_share_one() -> None:
    groups = duplicate_groups(["c", "a", "c", "b", "a"], [])
    assert groups.tolist() == [0, 1, 0, 2, 1]
    # Two of five images, the third and the last, are not the first of their group.
    assert duplicate_rate(groups) == pytest.approx(2 / 5)


def test_nothing_is_a_copy_among_unrelated_vectors_and_the_rate_is_zero() -> None:
    groups = duplicate_groups(names(40), [spread()])
    assert groups.tolist() == list(range(40))
    assert duplicate_rate(groups) == 0.0


def test_the_rate_is_nan_without_images() -> None:
    groups = duplicate_groups([], [spread(0)])
    assert len(groups) == 0 and np.isnan(duplicate_rate(groups))


def test_nearly_equal_vectors_share_a_group_whatever_their_length() -> None:
    vectors = with_copies(spread(), 0.05)
    vectors[1] *= 7
    assert shared(duplicate_groups(names(40), [vectors])) == [[0, 1], [2, 3]]


def test_an_untrained_encoder_whose_cosines_are_all_high_finds_the_same() -> None:
    vectors = with_copies(spread(), 0.05)
    flat = vectors + np.float32(50)
    flat[1] *= 7
    assert cosine_similarity(flat).min() > 0.99
    assert shared(duplicate_groups(names(40), [flat])) == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("encoders", "expected"),
    [("cs", []), ("ccs", [[0, 1], [2, 3]]), ("css", []), ("ccss", []), ("cccss", [[0, 1], [2, 3]])],
)
def test_more_than_half_of_the_encoders_must_agree(
    encoders: str, expected: list[list[int]]
) -> None:
    kinds = {"c": with_copies(spread(), 0.05), "s": spread()}
    groups = duplicate_groups(names(40), [kinds[kind] for kind in encoders])
    assert shared(groups) == expected


def test_encoders_that_differ_on_which_images_are_copies_agree_on_none() -> None:
    one = with_copies(spread(), 0.05)
    # By this one 0 and 2, and 1 and 3, are copies.
    other = one[[0, 2, 1, 3, *range(4, 40)]]
    assert shared(duplicate_groups(names(40), [other])) == [[0, 2], [1, 3]]
    assert shared(duplicate_groups(names(40), [one, other])) == []


def test_an_encoder_that_gives_all_images_one_vector_is_not_asked() -> None:
    blind = np.full((40, 8), 3, dtype=np.float32)
    copies = with_copies(spread(), 0.05)
    assert shared(duplicate_groups(names(40), [blind])) == []
    found = duplicate_groups(names(40), [blind, copies])
    assert shared(found) == [[0, 1], [2, 3]]


def test_encoders_may_differ_in_their_dimensions() -> None:
    wide = with_copies(spread(dim=96), 0.05)
    found = duplicate_groups(names(40), [wide, with_copies(spread(dim=32), 0.05)])
    assert shared(found) == [[0, 1], [2, 3]]


def test_a_file_and_a_near_copy_of_it_are_linked_through_the_other() -> None:
    vectors = with_copies(spread(), 0.05)
    vectors[7] = vectors[1]
    hashes = names(40)
    hashes[7] = hashes[1]
    # 1 and 7 are one file, 0 is near to it.
    assert shared(duplicate_groups(hashes, [vectors])) == [[0, 1, 7], [2, 3]]


def test_a_dense_class_is_no_group_while_a_copy_in_it_is_found() -> None:
    # Around each of four far centres, 30 images whose cosines with one another are about 0.97.
    centres = np.repeat(RANDOM.normal(size=(4, 64)), 30, axis=0)
    vectors = (centres + 0.18 * RANDOM.normal(size=(120, 64))).astype(np.float32)
    assert shared(duplicate_groups(names(120), [vectors])) == []
    vectors[11] = vectors[5] + np.float32(0.005)
    assert shared(duplicate_groups(names(120), [vectors])) == [[5, 11]]


def test_many_copies_of_one_image_in_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedbench.analysis.duplicates._BLOCK_BYTES", 4 * 120 * 7)
    vectors = np.tile(spread(12), (10, 1)) + 0.05 * RANDOM.normal(size=(120, 64))
    groups = duplicate_groups(names(120), [vectors.astype(np.float32)])
    assert groups.tolist() == list(range(12)) * 10
    assert duplicate_rate(groups) == pytest.approx(0.9)


@given(st.permutations(range(40)))
def test_the_order_of_the_images_changes_no_group(order: list[int]) -> None:
    vectors = with_copies(spread(), 0.05)
    before = duplicate_groups(names(40), [vectors])
    after = duplicate_groups([names(40)[row] for row in order], [vectors[order]])
    same = before[order][:, None] == before[order]
    assert np.array_equal(after[:, None] == after, same)
    # Numbered in order of appearance: each number is at most one above all before it.
    assert (after <= np.maximum.accumulate(np.concatenate([[-1], after[:-1]])) + 1).all()


def test_rows_that_are_not_one_for_each_hash_are_an_error() -> None:
    with pytest.raises(ValueError, match="a row for each of 3 hashes; not 40"):
        duplicate_groups(names(3), [spread()])


def test_no_argument_is_changed() -> None:
    vectors = with_copies(spread(), 0.05)
    before = vectors.copy()
    duplicate_groups(names(40), [vectors])
    assert np.array_equal(before, vectors)


def test_saved_again_a_photograph_is_a_copy_and_another_view_of_it_is_not(tmp_path: Path) -> None:
    folder = write_samples(tmp_path)
    views = [
        Image.open(folder / label / f"view_{view:02d}.jpg")
        for label in sorted(PHOTOGRAPHS)
        for view in range(4)
    ]
    again = [_saved_again(views[0], 75), _saved_again(views[20], 50)]
    vectors = PixelsEncoder().encode([*views, *again])
    groups = duplicate_groups(names(len(vectors)), [vectors])
    assert shared(groups) == [[0, len(views)], [20, len(views) + 1]]


def _saved_again(image: Image.Image, quality: int) -> Image.Image:
    content = BytesIO()
    image.save(content, "JPEG", quality=quality)
    return Image.open(content).convert("RGB")
