"""Promises of the official files: any release and order; overlapping or broken files."""

import random
from pathlib import Path

import pandas as pd
import pytest

from embedbench.data.images.sources import RemoteImage
from embedbench.data.open_images.source import read_open_images
from embedbench.errors import InputError
from tests.support.image_server import jpeg
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


def test_a_class_is_rare_by_its_number_of_images_not_of_rows(folder: Path) -> None:
    """Three images of cats, listed in two files, are fewer than four of dogs, listed in one."""
    (folder / "bbox_labels_600_hierarchy.json").unlink()
    cats = [label(row, "Cat") for row in range(3)]
    dogs = [label(row, "Dog") for row in range(4)]
    lines(folder / "oidv7-val-annotations-human-imagelabels.csv", LABELS, *cats, *dogs)
    boxable = folder / "validation-annotations-human-imagelabels-boxable.csv"
    lines(boxable, LABELS, *cats)
    dataset = read_open_images(f"open-images:{folder}")
    assert truth(dataset)[:4] == ["Cat"] * 3 + ["Dog"]
    assert truth(dataset, "labels")[0] == "Cat; Dog"
    for file in folder.glob("*imagelabels*.csv"):
        file.unlink()
    boxes = [f"{IDS[0]},xclick,{MIDS['Cat']},1,0.1,0.{side},0.1,0.2,0,0" for side in range(2, 9)]
    boxes += [f"{IDS[row]},xclick,{MIDS['Dog']},1,0.1,0.2,0.1,0.2,0,0" for row in range(2)]
    lines(folder / "validation-annotations-bbox.csv", BOXES, *boxes)
    assert truth(read_open_images(f"open-images:{folder}"))[:2] == ["Cat", "Dog"]


def test_classes_of_unlisted_images_count_too(folder: Path) -> None:
    """The frequency of a class does not depend on the images that are compared."""
    (folder / "bbox_labels_600_hierarchy.json").unlink()
    rows = [label(0, "Cat"), label(0, "Dog"), label(1, "Dog")]
    others = [f"f{row:015x},verification,{MIDS['Cat']},1" for row in range(5)]
    lines(folder / "oidv7-val-annotations-human-imagelabels.csv", LABELS, *rows, *others)
    assert truth(read_open_images(f"open-images:{folder}"))[:2] == ["Dog", "Dog"]


def test_older_releases_are_read(folder: Path) -> None:
    """Descriptions without a header, no Rotation, and machine labels with fractions."""
    for file in folder.glob("*.csv"):
        file.unlink()
    old = "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title"
    rows = [f"{name},train,u,l,c,p,a,t" for name in IDS]
    lines(folder / "2016_08" / "train" / "images.csv", old, *rows)
    lines(folder / "dict.csv", *(f'"{mid}","{name}"' for name, mid in MIDS.items()))
    machine = [label(row, "Tree", source="machine") for row in range(12)]
    machine.append(f"{IDS[5]},machine,{MIDS['Animal']},0.7")
    human = [f"{IDS[5]},human,{MIDS['Dog']},1.0", f"{IDS[5]},human,{MIDS['Cat']},0.0"]
    lines(folder / "labels.csv", LABELS, *machine, *human)
    dataset = read_open_images(f"open-images:{folder}")
    assert truth(dataset, "labels") == [None] * 5 + ["Dog"] + [None] * 6
    assert dataset.table["rotation"].isna().all()
    source = dataset.sources[0]
    assert isinstance(source, RemoteImage) and f"/train/{IDS[0]}.jpg" in source.url


def test_existing_pictures_are_not_downloaded(folder: Path) -> None:
    places = ["", "images/", "validation/", "images/validation/"]
    for name, place in zip(IDS, places, strict=False):
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / f"{name}.jpg").write_bytes(jpeg(1))
    dataset = read_open_images(f"open-images:{folder}")
    here = [folder / place / f"{name}.jpg" for name, place in zip(IDS, places, strict=False)]
    assert list(dataset.sources[:4]) == here
    assert all(isinstance(source, RemoteImage) for source in dataset.sources[4:])


def test_without_a_list_the_pictures_are_the_list(folder: Path) -> None:
    (folder / "validation-images-with-rotation.csv").unlink()
    with pytest.raises(InputError, match="neither pictures ID.jpg nor a .csv of ids"):
        read_open_images(f"open-images:{folder}")
    for row in (3, 2):
        (folder / "train").mkdir(exist_ok=True)
        (folder / "train" / f"{IDS[row]}.jpg").write_bytes(jpeg(row))
    dataset = read_open_images(f"open-images:{folder}")
    assert dataset.names == (f"{IDS[2]}.jpg", f"{IDS[3]}.jpg")
    assert truth(dataset) == ["Cat", "Dog"] and truth(dataset, "subset") == ["train", "train"]


def test_labels_of_another_release_give_a_remark(folder: Path) -> None:
    file = folder / "oidv7-val-annotations-human-imagelabels.csv"
    lines(file, LABELS, f"ffffffffffffffff,verification,{MIDS['Cat']},1")
    dataset = read_open_images(f"open-images:{folder}")
    assert dataset.remarks == (
        f"'{file.name}' labels none of these images: another subset or release?",
    )
    assert dataset.truth_codes() is None


def test_pictures_in_no_list_give_a_remark(folder: Path) -> None:
    (folder / "ffffffffffffffff.jpg").write_bytes(jpeg(1))
    dataset = read_open_images(f"open-images:{folder}")
    assert len(dataset) == 12 and "1 pictures in" in dataset.remarks[0]


def test_an_id_that_is_a_path_is_refused(folder: Path) -> None:
    lines(folder / "validation-images-with-rotation.csv", HEADING, id_row("../../a"))
    with pytest.raises(InputError, match="must be letters and digits; not '../../a'"):
        read_open_images(f"open-images:{folder}")


@pytest.mark.parametrize("fields", ["n=5", "n=5,balanced=true", "n=5,classes=Tree;Dog"])
def test_the_dataset_does_not_depend_on_the_order_of_rows_and_files(
    folder: Path, fields: str
) -> None:
    one = read_open_images(f"open-images:{folder},{fields}")
    for file in list(folder.glob("*.csv")):
        heading, *rows = pd.read_csv(file, header=None, dtype=str).itertuples(index=False)
        random.Random(1).shuffle(rows)
        pd.DataFrame([heading, *rows]).to_csv(file, index=False, header=False)
        file.rename(file.with_name(f"z{file.name[::-1][:8]}{file.stat().st_size}.csv"))
    two = read_open_images(f"open-images:{folder},{fields}")
    assert one.names == two.names and len(one) == 5
    assert one.table.equals(two.table) and one.sources == two.sources
    other = read_open_images(f"open-images:{folder},{fields},seed=1")
    assert other.names != one.names


def test_broken_files_are_named(folder: Path) -> None:
    with (folder / "validation-images-with-rotation.csv").open("a") as file:
        file.write("one,two,three\n")
    with pytest.raises(InputError, match="cannot read '.*with-rotation.csv'"):
        read_open_images(f"open-images:{folder}")


def test_a_broken_hierarchy_is_named(folder: Path) -> None:
    (folder / "bbox_labels_600_hierarchy.json").write_text('{"LabelName": 1')
    with pytest.raises(InputError, match="hierarchy.json' is not a hierarchy"):
        read_open_images(f"open-images:{folder}")
