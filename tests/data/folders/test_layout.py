"""Promises of the layout: folders are labels, splits, wrappers or nothing, and it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.data.folders.layout import read_layout

Labels = list[str | None]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["a.png", "b.png"], None),
        (["cat/1.png", "dog/1.png"], ["cat", "dog"]),
        (["all/cat/1.png", "all/dog/1.png"], ["cat", "dog"]),
        (["v1/all/cat/1.png", "v1/all/dog/1.png"], ["cat", "dog"]),
        (["cat/images/1.png", "dog/images/1.png"], ["cat", "dog"]),
        (["cat/big/1.png", "cat/1.png", "dog/1.png"], ["cat/big", "cat", "dog"]),
        (["cat/1.png", "dog/1.png", "2.png"], ["cat", "dog", None]),
        (["cat/1.png", "cat/2.png", "3.png"], None),
        (["1/1.png", "2/1.png"], ["1", "2"]),
    ],
)
def test_folders_are_labels_but_not_what_is_around_or_below_all(
    names: list[str], labels: Labels | None
) -> None:
    layout = read_layout(names)
    assert layout.labels == labels and layout.splits is None


@pytest.mark.parametrize(
    ("names", "labels", "splits"),
    [
        (["train/cat/1", "train/dog/1", "test/cat/1"], ["cat", "dog", "cat"], ["train"] * 2),
        (["cat/train/1", "dog/train/1", "cat/test/1"], ["cat", "dog", "cat"], ["train"] * 2),
        (["set/train/cat/1", "set/valid/dog/1"], ["cat", "dog"], ["train", "val"]),
        (["train/images/cat/1", "test/images/dog/1"], ["cat", "dog"], ["train", "test"]),
        (["train/1", "test/1"], None, ["train", "test"]),
        (["train/1", "train/2"], None, None),
        (["train/cat/1", "train/dog/1"], ["cat", "dog"], None),
        (["Training/a/1", "test_set/b/1", "other/c/1"], ["a", "b", "c"], ["train", "test"]),
        (["fold_1/a/1", "fold_2/b/1"], ["a", "b"], ["fold_1", "fold_2"]),
        (["fold_1/1", "rest/1"], ["fold_1", "rest"], None),
        (["cat/train/1", "cat/test/1", "dog/tail/1"], ["cat/train", "cat/test", "dog/tail"], None),
    ],
)
def test_folders_called_as_splits_are_no_part_of_the_label(
    names: list[str], labels: Labels | None, splits: Labels | None
) -> None:
    layout = read_layout(names)
    assert layout.labels == labels
    assert (layout.splits is None) == (splits is None)
    assert layout.splits is None or layout.splits[: len(splits or ())] == splits


def test_what_was_taken_for_a_split_is_said_with_counts() -> None:
    layout = read_layout(["train/cat/1", "train/dog/1", "testing/cat/1"])
    assert layout.remarks == [
        "the folders testing and train were taken for splits, not for labels: column `split` "
        "(train 2, test 1); --labels folder takes them as part of the label"
    ]
    [folds] = read_layout(["fold1/a/1", "fold2/b/1"]).remarks
    assert "were taken for folds" in folds


@pytest.mark.parametrize(
    "names",
    [
        ["2021/1.png", "2022/1.png"],
        ["2021/05/1.png", "2022/11/1.png"],
        ["2021-05-03/1.png", "2021-05-04/1.png"],
        ["20210503/1.png", "20210504/1.png"],
        ["2021/2021-05/1.png", "2022/2022-05/1.png"],
    ],
)
def test_dates_are_no_labels_and_it_is_said(names: list[str]) -> None:
    layout = read_layout(names)
    assert layout.labels is None and layout.splits is None
    [remark] = layout.label_remarks
    assert "dates" in remark and "--labels folder" in remark


def test_numbers_that_are_no_dates_are_labels() -> None:
    assert read_layout(["0001/1", "0002/1"]).labels == ["0001", "0002"]
    assert read_layout(["2021/cat/1", "2022/dog/1"]).labels == ["2021/cat", "2022/dog"]


def test_images_in_no_folder_of_a_label_are_counted() -> None:
    remarks = read_layout(["all/cat/1", "all/dog/1", "all/2", "all/3"]).label_remarks
    assert remarks[0].startswith("the folders in 'all' were taken for labels: 2 classes, such as")
    assert remarks[1] == "2 images are in no folder of a label"


def test_trees_of_the_same_form_may_be_masks_or_domains_which_is_said() -> None:
    names = [f"{top}/{kind}/1" for top in ("images", "masks") for kind in ("cat", "dog")]
    layout = read_layout(names)
    assert layout.labels == ["images/cat", "images/dog", "masks/cat", "masks/dog"]
    assert "--images images" in layout.label_remarks[-1]
    assert "--domain folder" in layout.label_remarks[-1]
    assert len(read_layout(names[:3]).label_remarks) == 1


TREES = st.lists(
    st.lists(st.sampled_from(["a", "b", "train", "test", "fold1", "2021", "é"]), max_size=4),
    min_size=1,
    max_size=8,
)


@given(TREES)
def test_every_image_has_at_most_parts_of_its_own_path_as_label(trees: list[list[str]]) -> None:
    names = ["/".join([*folders, f"{row}.png"]) for row, folders in enumerate(trees)]
    layout = read_layout(names)
    for labels in (layout.labels, layout.splits):
        assert labels is None or len(labels) == len(names)
    for folders, label in zip(trees, layout.labels or [None] * len(names), strict=True):
        left = iter(folders)
        assert label is None or all(part in left for part in label.split("/"))
    order = sorted(range(len(names)), key=lambda row: names[row][::-1])
    again = read_layout([names[row] for row in order])
    assert again.labels == (layout.labels and [layout.labels[row] for row in order])
    assert again.splits == (layout.splits and [layout.splits[row] for row in order])
