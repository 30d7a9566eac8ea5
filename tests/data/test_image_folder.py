"""Promises of a folder of images: labels and splits by sub-folders, or labels by its metadata."""

import os
from pathlib import Path

import pytest

from embedbench.data.dataset import Dataset
from embedbench.data.folders.walk import read_folder
from embedbench.data.image_folder import dataset_of_folder, inner_folder, read_image_folder
from embedbench.errors import InputError


def put(folder: Path, *names: str, **texts: str) -> Path:
    """Write empty images, and tables of these texts in CSV: `sub__metadata` is in `sub`."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for name, text in texts.items():
        (folder / f"{name.replace('__', '/')}.csv").write_text(text)
    return folder


def labels_of(dataset: Dataset) -> dict[str, str | None]:
    return dict(zip(dataset.names, dataset.table["truth"].tolist(), strict=True))


def test_sub_folders_are_labels_and_splits(tmp_path: Path) -> None:
    names = "test/dog/2.png", "train/cat/1.png", "train/dog/1.png"
    found = read_image_folder(put(tmp_path, *names))
    assert found.names == names and found.origin == str(tmp_path)
    assert found.sources == tuple(tmp_path / name for name in names)
    assert found.table["truth"].tolist() == ["dog", "cat", "dog"]
    assert found.table["split"].tolist() == ["test", "train", "train"]
    assert "were taken for splits" in found.remarks[0]
    assert "were taken for labels: 2 classes" in found.label_remarks[0]


def test_images_may_be_those_of_a_sub_folder(tmp_path: Path) -> None:
    put(tmp_path, "images/a/1.png", "images/b/1.png", "masks/a/1.png")
    for images in ("images", "images/", ".\\images"):
        found = read_image_folder(tmp_path, images)
        assert labels_of(found) == {"a/1.png": "a", "b/1.png": "b"}
    with pytest.raises(InputError, match="no folder or table '.*photos'"):
        read_image_folder(tmp_path, "photos")


@pytest.mark.parametrize("name", ["..", "a/../..", "/etc", "a\\..\\.."])
def test_a_sub_folder_is_below_the_folder(name: str) -> None:
    with pytest.raises(InputError, match="`images` must be a sub-folder of 'photos'; not"):
        inner_folder(name, Path("photos"))
    assert inner_folder("a\\b/", Path("photos")) == "a/b"


def test_metadata_gives_the_labels_instead_of_the_folders(tmp_path: Path) -> None:
    table = "file_name,label\nx/1.png,owl\ny/2.png,bat\n"
    found = read_image_folder(put(tmp_path, "x/1.png", "y/2.png", "y/3.png", metadata=table))
    assert labels_of(found) == {"x/1.png": "owl", "y/2.png": "bat", "y/3.png": None}
    told = " ".join(found.label_remarks)
    assert "column 'label' of 'metadata.csv'" in told
    assert "1 of 3 images has no row in 'metadata.csv', such as 'y/3.png'" in told


def test_each_table_of_metadata_labels_the_images_below_its_folder(tmp_path: Path) -> None:
    put(tmp_path, "train/1.png", "test/1.png", "1.png")
    (tmp_path / "train" / "metadata.csv").write_text("file_name,label\n1.png,owl\n")
    lines = '{"file_name": "1.png", "label": "bat"}\n'
    (tmp_path / "test" / "metadata.jsonl").write_text(lines)
    found = read_image_folder(tmp_path)
    assert labels_of(found) == {"1.png": None, "test/1.png": "bat", "train/1.png": "owl"}


def test_metadata_that_is_of_no_use_is_said_and_the_folders_are_labels(tmp_path: Path) -> None:
    for text in ("file_name,width,height\nx/1.png,3,4\n", "file_name\nx/1.png\n", "", '"open'):
        found = read_image_folder(put(tmp_path, "x/1.png", "y/2.png", metadata=text))
        assert found.table["truth"].tolist() == ["x", "y"]
        assert found.label_remarks[0].startswith("'metadata.csv' was not used: ")
        assert "were taken for labels" in found.label_remarks[1]


def test_what_was_left_out_is_said_also_if_nothing_is_left(tmp_path: Path) -> None:
    put(tmp_path, "@eaDir/1.png", "a.nef", "notes.txt")
    with pytest.raises(InputError, match="no images in .*JPEG, .*1 file in '@eaDir'.*1 .nef"):
        read_image_folder(tmp_path)
    found = read_image_folder(put(tmp_path, "b.png"))
    assert found.names == ("b.png",) and len(found.remarks) == 2


def test_a_folder_that_cannot_be_read_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder or table '.*nowhere'"):
        read_image_folder(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot read '.*file': Not a directory"):
        read_image_folder(tmp_path / "file")
    (tmp_path / "closed").mkdir(mode=0)
    if os.geteuid():
        with pytest.raises(InputError, match="cannot read '.*closed': Permission denied"):
            read_image_folder(tmp_path / "closed")


def test_contents_are_a_dataset_under_the_name_of_their_place(tmp_path: Path) -> None:
    contents = read_folder(put(tmp_path, "a/1.png", "b/1.png"))
    found = dataset_of_folder(contents, Path("photos.zip"))
    assert found.origin == "photos.zip" and found.table["truth"].tolist() == ["a", "b"]
