"""Promises of Open Images: the same images from any release, in any order of files and rows."""

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.download import download_missing
from embedbench.data.images.sources import RemoteImage, RotatedImage, read_source
from embedbench.data.loading import read_dataset
from embedbench.data.open_images.source import balanced_rows, read_open_images
from embedbench.errors import InputError
from tests.support.image_server import ImageServer, jpeg, quick, reasons
from tests.support.openimages_folder import (
    BOXES,
    HEADING,
    IDS,
    LABELS,
    MIDS,
    id_row,
    label,
    lines,
    truth,
)


def test_the_official_layout_is_read(folder: Path) -> None:
    dataset = read_dataset(f"open-images:{folder}")
    assert dataset.names == tuple(f"{name}.jpg" for name in IDS)
    assert dataset.sources[0] == RemoteImage(
        f"https://open-images-dataset.s3.amazonaws.com/validation/{IDS[0]}.jpg",
        folder / "images" / f"{IDS[0]}.jpg",
    )
    assert truth(dataset) == ["Cat", "Dog"] * 6, "the deepest in the hierarchy"
    assert truth(dataset, "labels")[:2] == ["Animal; Cat; Tree", "Animal; Dog; Tree"]
    assert truth(dataset, "labels")[-1] == "Animal; Dog"
    assert set(dataset.table["subset"]) == {"validation"}
    assert set(dataset.table["rotation"]) == {0.0}
    assert (dataset.remarks, dataset.origin) == ((), f"open-images:{folder}")


def test_without_a_hierarchy_the_rarest_class_is_the_truth(folder: Path) -> None:
    (folder / "bbox_labels_600_hierarchy.json").unlink()
    found = truth(read_open_images(f"open-images:{folder}"))
    assert found == ["Tree"] * 4 + ["Cat", "Dog"] * 4


def test_equally_rare_classes_go_by_name(folder: Path) -> None:
    (folder / "bbox_labels_600_hierarchy.json").unlink()
    rows = [label(0, "Dog"), label(0, "Cat"), label(1, "Dog"), label(1, "Cat")]
    lines(folder / "oidv7-val-annotations-human-imagelabels.csv", LABELS, *rows)
    dataset = read_open_images(f"open-images:{folder}")
    assert truth(dataset) == ["Cat", "Cat"] + [None] * 10
    assert truth(dataset, "labels")[:3] == ["Cat; Dog", "Cat; Dog", None]


def test_the_largest_box_can_be_the_truth(folder: Path) -> None:
    with pytest.raises(InputError, match="label=largest needs a .csv of boxes"):
        read_open_images(f"open-images:{folder},label=largest")
    boxes = [
        f"{IDS[0]},xclick,{MIDS['Cat']},1,0.1,0.2,0.1,0.2,0,0",
        f"{IDS[0]},xclick,{MIDS['Tree']},1,0.0,0.9,0.0,0.9,0,0",
        f"{IDS[1]},xclick,{MIDS['Tree']},1,0.5,0.6,0.5,0.6,0,0",
        f"{IDS[1]},xclick,{MIDS['Dog']},1,0.0,0.1,0.0,0.9,0,0",
    ]
    lines(folder / "validation-annotations-bbox.csv", BOXES, *boxes)
    dataset = read_open_images(f"open-images:{folder},label=largest")
    assert truth(dataset) == ["Tree", "Dog"] + [None] * 10
    assert truth(dataset, "labels")[1] == "Animal; Dog; Tree"
    among = read_open_images(f"open-images:{folder},label=largest,classes=cat;dog")
    assert truth(among)[:3] == ["Cat", "Dog", None]
    (folder / "oidv7-val-annotations-human-imagelabels.csv").unlink()
    alone = read_open_images(f"open-images:{folder}")
    assert truth(alone, "labels")[:3] == ["Cat; Tree", "Dog; Tree", None]


def test_a_list_alone_has_no_truth(folder: Path) -> None:
    (folder / "oidv7-val-annotations-human-imagelabels.csv").unlink()
    dataset = read_open_images(f"open-images:{folder},n=5")
    assert len(dataset) == 5 and list(dataset.table) == ["subset", "rotation"]
    with pytest.raises(InputError, match="balanced=true needs images with labels"):
        read_open_images(f"open-images:{folder},balanced=true")


def test_classes_choose_images_and_their_truth(folder: Path) -> None:
    trees = read_open_images(f"open-images:{folder},classes=TREE")
    assert trees.names == tuple(f"{name}.jpg" for name in IDS[:4])
    assert truth(trees) == ["Tree"] * 4
    assert truth(trees, "labels")[0] == "Animal; Cat; Tree"
    by_mid = read_open_images(f"open-images:{folder},classes={MIDS['Tree']} ; cat")
    assert Counter(truth(by_mid)) == {"Cat": 6, "Tree": 2}


def test_unknown_classes_give_a_remark_and_an_error_if_none_is_known(folder: Path) -> None:
    dataset = read_open_images(f"open-images:{folder},classes=Dog;Catt")
    assert len(dataset) == 6
    assert dataset.remarks == ("there is no class 'Catt'; near names: Cat",)
    assert dataset.sample(2).with_truth("none").remarks == dataset.remarks
    with pytest.raises(InputError, match="no class 'Catt'; near names: Cat"):
        read_open_images(f"open-images:{folder},classes=Catt")
    lines(folder / "oidv7-val-annotations-human-imagelabels.csv", LABELS, label(0, "Cat"))
    with pytest.raises(InputError, match="no image has one of the classes 'Dog'"):
        read_open_images(f"open-images:{folder},classes=Dog")


def test_labels_without_descriptions_are_mids(folder: Path) -> None:
    file = folder / "oidv7-val-annotations-human-imagelabels.csv"
    lines(file, LABELS, label(0, "/m/0unknown"), label(1, "Cat"))
    dataset = read_open_images(f"open-images:{folder}")
    assert truth(dataset)[:2] == ["/m/0unknown", "Cat"]
    assert dataset.remarks == (
        "1 classes without a description keep their MIDs, such as '/m/0unknown'",
    )
    (folder / "oidv7-class-descriptions.csv").unlink()
    dataset = read_open_images(f"open-images:{folder},classes=/m/0unknown")
    assert truth(dataset) == ["/m/0unknown"] and "no class descriptions" in dataset.remarks[0]


def test_fewer_images_than_requested_give_a_remark(folder: Path) -> None:
    dataset = read_open_images(f"open-images:{folder},n=100")
    assert len(dataset) == 12
    assert dataset.remarks == ("100 images were requested; there are 12",)


def test_rotated_copies_are_turned_upright(folder: Path) -> None:
    rotations = ["90.0", "", "270.0", "0.0", "180", "nan"]
    rows = [id_row(name, rotation=one) for name, one in zip(IDS, rotations, strict=False)]
    lines(folder / "validation-images-with-rotation.csv", HEADING, *rows)
    (folder / f"{IDS[2]}.jpg").write_bytes(jpeg(1))
    dataset = read_open_images(f"open-images:{folder}")
    expected = [90, np.nan, 270, 0, 180, np.nan]
    assert np.array_equal(dataset.table["rotation"], expected, equal_nan=True)
    turned = [one.degrees if isinstance(one, RotatedImage) else None for one in dataset.sources]
    assert turned == [90, None, 270, None, 180, None]
    first = dataset.sources[0]
    assert isinstance(first, RotatedImage) and isinstance(first.source, RemoteImage)
    assert first.source.file == folder / "images" / f"{IDS[0]}.jpg"
    assert dataset.sources[2] == RotatedImage(folder / f"{IDS[2]}.jpg", 270)
    original = read_open_images(f"open-images:{folder},original=true")
    assert all(isinstance(source, RemoteImage) for source in original.sources)


def test_a_sample_has_the_truth_of_the_whole_dataset(folder: Path) -> None:
    """The rarest class is that of the complete files, even if few images are drawn."""
    (folder / "bbox_labels_600_hierarchy.json").unlink()
    whole = read_open_images(f"open-images:{folder}")
    known = dict(zip(whole.names, truth(whole), strict=True))
    sample = read_open_images(f"open-images:{folder},n=6")
    assert truth(sample) == [known[name] for name in sample.names]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (",n=0", "`n` must be at least 1; not 0"),
        (",label=best", "`label` must be specific or largest; not 'best'"),
        (",seed=-1", "`seed` must be at least 0"),
        (",size=3", "open-images has no field 'size'"),
        ("/missing", "there is no folder"),
    ],
)
def test_a_wrong_spec_is_refused_with_its_reason(folder: Path, spec: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_open_images(f"open-images:{folder}{spec}")


def get(dataset: Dataset, tmp_path: Path) -> tuple[Dataset, dict[str, str]]:
    found, failures = download_missing(dataset, quick(tmp_path / "none"))
    return found, reasons(failures)


def test_pictures_of_the_bucket_are_downloaded_into_the_folder(
    folder: Path, server: ImageServer, tmp_path: Path
) -> None:
    for row, name in enumerate(IDS[:11]):
        server.put(f"/validation/{name}.jpg", jpeg(row))
    spec = f"open-images:{folder},base={server.url}/"
    found, errors = get(read_open_images(spec), tmp_path)
    assert errors == {f"{IDS[11]}.jpg": "404 Not Found"}
    assert found.sources[3] == folder / "images" / f"{IDS[3]}.jpg"
    assert read_source(found.sources[3]) == jpeg(3) and truth(found) == ["Cat", "Dog"] * 5 + ["Cat"]
    again = read_open_images(spec)
    assert again.sources[:11] == found.sources and isinstance(again.sources[11], RemoteImage)


def test_originals_are_checked_by_their_md5_and_kept_apart(
    folder: Path, server: ImageServer, tmp_path: Path
) -> None:
    rows = [
        id_row(name, url=server.put(f"/{row}_o.jpg", jpeg(row))) for row, name in enumerate(IDS[:2])
    ]
    true = base64.b64encode(hashlib.md5(jpeg(0)).digest()).decode()
    named = base64.b64encode(hashlib.md5(IDS[0].encode()).digest()).decode()
    rows[0] = rows[0].replace(named, true)
    lines(folder / "validation-images-with-rotation.csv", HEADING, *rows)
    (folder / "images").mkdir()
    (folder / "images" / f"{IDS[0]}.jpg").write_bytes(b"a smaller copy")
    dataset = read_open_images(f"open-images:{folder},original=true")
    assert "rotation" not in dataset.table, "an original has its EXIF orientation"
    found, errors = get(dataset, tmp_path)
    assert found.sources == (folder / "originals" / f"{IDS[0]}.jpg",)
    assert list(errors) == [f"{IDS[1]}.jpg"]
    assert hashlib.md5(IDS[1].encode()).hexdigest() in errors[f"{IDS[1]}.jpg"]


CLASSES = st.lists(st.integers(-1, 4), min_size=1, max_size=60)


@given(CLASSES, st.integers(1, 70), st.integers(0, 3))
@settings(max_examples=60)
def test_balanced_numbers_differ_by_at_most_one_if_there_are_enough_images(
    classes: Sequence[int], n: int, seed: int
) -> None:
    truth = np.array(classes, dtype=np.int64)
    rows = balanced_rows(truth, n, seed)
    known = Counter(one for one in classes if one >= 0)
    assert len(rows) == min(n, known.total()) and (np.diff(rows) > 0).all()
    taken = Counter({one: 0 for one in known}) | Counter(truth[rows].tolist())
    counts = {one: taken[one] for one in known}
    assert -1 not in taken
    left_over = [counts[one] for one in known if counts[one] < known[one]]
    if left_over:
        assert max(left_over) - min(left_over) <= 1
        assert max(counts.values()) <= max(left_over) + 1 or max(counts.values()) <= min(left_over)
    assert np.array_equal(rows, balanced_rows(truth, n, seed))


@given(CLASSES)
@settings(max_examples=30)
def test_balanced_without_a_number_uses_the_size_of_the_smallest_class(
    classes: Sequence[int],
) -> None:
    rows = balanced_rows(np.array(classes, dtype=np.int64), None, 0)
    known = Counter(one for one in classes if one >= 0)
    least = min(known.values(), default=0)
    assert Counter(classes[row] for row in rows) == {one: least for one in known}
