"""Promises of datasets: the same order and labels everywhere, and clear errors."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import RemoteImage
from embedbench.data.loading import read_dataset
from embedbench.errors import InputError


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(folder / name)
    return folder


def truth(dataset: Dataset) -> list[str | None]:
    return [None if pd.isna(label) else label for label in dataset.table["truth"]]


def test_sub_folders_are_labels_if_two_or_more_hold_images(tmp_path: Path) -> None:
    dataset = read_dataset(put(tmp_path, "b/2.png", "a/x/1.jpg", "a/x/0.JPG", "3.png"))
    assert dataset.names == ("3.png", "a/x/0.JPG", "a/x/1.jpg", "b/2.png")
    assert truth(dataset) == [None, "a/x", "a/x", "b"]


def test_a_single_sub_folder_is_not_a_label(tmp_path: Path) -> None:
    dataset = read_dataset(put(tmp_path, "a/1.png", "a/2.png", "3.png"))
    assert "truth" not in dataset.table


def test_order_does_not_depend_on_the_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a/1.png", "a/2.png", "b/1.png", "b/2.png")
    expected = read_dataset(tmp_path).names
    walk = os.walk

    def backwards(*top: Any, **how: Any) -> Iterator[tuple[str, list[str], list[str]]]:
        for root, folders, files in walk(*top, **how):
            folders.sort(reverse=True)
            yield root, folders, files[::-1]

    monkeypatch.setattr(os, "walk", backwards)
    assert read_dataset(tmp_path).names == expected


def test_hidden_files_and_other_files_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, ".cache/1.png", ".2.png", "3.png", "4.png")
    (tmp_path / "notes.txt").write_text("no image")
    assert read_dataset(tmp_path).names == ("3.png", "4.png")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_gives_paths_relative_to_itself(tmp_path: Path, suffix: str) -> None:
    put(tmp_path / "images", "b.png", "a.png")
    table = pd.DataFrame(
        {"path": ["images/b.png", "images/a.png"], "label": ["x", None], "camera": ["1", "2"]}
    )
    file = tmp_path / f"table{suffix}"
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file)
    dataset = read_dataset(file)
    assert dataset.names == ("images/a.png", "images/b.png")
    assert all(isinstance(source, Path) and source.exists() for source in dataset.sources)
    assert truth(dataset) == [None, "x"]
    by_camera = dataset.with_truth("camera")
    assert truth(by_camera) == ["2", "1"]


def test_labels_from_a_file_join_by_file_name(tmp_path: Path) -> None:
    dataset = read_dataset(put(tmp_path / "d", "one/1.png", "two/2.png", "two/3.png"))
    file = tmp_path / "labels.csv"
    file.write_text("filename,label\n2.png,dog\n1.png,cat\nother.png,cow\n")
    assert truth(dataset.with_truth(str(file))) == ["cat", "dog", None]


def test_labels_do_not_join_by_an_ambiguous_file_name(tmp_path: Path) -> None:
    dataset = read_dataset(put(tmp_path / "d", "one/1.png", "two/1.png", "two/2.png"))
    file = tmp_path / "labels.csv"
    file.write_text("filename,label\n1.png,dog\n2.png,cat\none/1.png,cow\n")
    assert truth(dataset.with_truth(str(file))) == ["cow", None, "cat"]


def test_labels_can_be_hidden(photographs: Path) -> None:
    assert read_dataset(photographs).truth_codes() is not None
    assert read_dataset(photographs).with_truth("none").truth_codes() is None


def test_truth_codes_are_sorted_classes_and_minus_one() -> None:
    dataset = Dataset.from_images([b"1", b"2", b"3"], truth=["dog", None, "cat"])
    found = dataset.truth_codes()
    assert found is not None
    assert (found[0].tolist(), found[1]) == ([1, -1, 0], ["cat", "dog"])


def test_a_sample_is_seeded_and_in_order(photographs: Path) -> None:
    dataset = read_dataset(photographs)
    sample = dataset.sample(10)
    assert sample.names == dataset.sample(10).names
    assert list(sample.names) == sorted(sample.names) and len(sample) == 10


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder, "no images in"),
        (lambda folder: folder / "missing", "no folder or table"),
        (lambda folder: folder / "missing.csv", "no file"),
    ],
)
def test_a_source_without_images_is_an_error(tmp_path: Path, make: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_dataset(make(tmp_path))  # type: ignore[operator]


def test_a_table_without_paths_lists_its_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("number,label\n1.5,x\n2.5,x\n")
    with pytest.raises(InputError, match="such as `path` or `url`; it has number, label"):
        read_dataset(tmp_path / "t.csv")


def test_labels_that_name_no_image_are_an_error(photographs: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("filename,label\nnowhere.png,dog\n")
    with pytest.raises(InputError, match="name none of the 36 images"):
        read_dataset(photographs).with_truth(str(file))


def test_two_labels_for_one_image_are_an_error(photographs: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("path,label\nred/00.png,dog\nred/00.png,cat\n")
    with pytest.raises(InputError, match="two labels for 'red/00.png'"):
        read_dataset(photographs).with_truth(str(file))


def test_labels_that_are_numbers_are_names_too(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png", "c.png")
    file = tmp_path / "table.parquet"
    table = pd.DataFrame({"path": ["a.png", "b.png", "c.png"], "label": [10, 9, 10]})
    table.to_parquet(file)
    found = read_dataset(file).truth_codes()
    assert found is not None
    assert (found[0].tolist(), found[1]) == ([0, 1, 0], ["10", "9"])


def test_unknown_labels_list_the_columns(photographs: Path) -> None:
    with pytest.raises(InputError, match=r"a column \(truth\), .* or none; not 'colour'"):
        read_dataset(photographs).with_truth("colour")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_of_urls_gives_remotes_and_keeps_its_columns(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame(
        {
            "url": ["https://x.org/b/2.jpg", " https://x.org/a/1.jpg?size=2 ", None],
            "label": ["dog", "cat", None],
            "camera": ["1", "2", "3"],
        }
    )
    file = tmp_path / f"table{suffix}"
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file)
    dataset = read_dataset(file)
    found = dict(zip(dataset.names, dataset.sources, strict=True))
    assert found == {
        "2.jpg": RemoteImage("https://x.org/b/2.jpg"),
        "1.jpg": RemoteImage("https://x.org/a/1.jpg?size=2"),
        "no-url": RemoteImage(""),
    }
    assert dict(zip(dataset.names, truth(dataset), strict=True)) == {
        "2.jpg": "dog", "1.jpg": "cat", "no-url": None,
    }  # fmt: skip
    assert set(dataset.table) == {"url", "label", "camera", "truth"}


def test_a_row_uses_its_path_if_any_and_else_its_url(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(
        "path,url\n1.png,https://x.org/1.png\n,https://x.org/1.png\n,https://x.org/2.png\n"
    )
    dataset = read_dataset(file)
    found = dict(zip(dataset.names, dataset.sources, strict=True))
    assert found == {
        "1.png": tmp_path / "1.png",
        "x.org/1.png": RemoteImage("https://x.org/1.png"),
        "2.png": RemoteImage("https://x.org/2.png"),
    }


def test_a_table_of_paths_with_a_gap_names_the_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,label\nb.png,x\n,y\n")
    with pytest.raises(InputError, match="no path in row 2"):
        read_dataset(tmp_path / "t.csv")


def test_a_repeated_url_is_two_images(tmp_path: Path) -> None:
    rows = ["https://x.org/1.png,dog", "https://x.org/1.png,cat", "https://x.org/1.png,"]
    found = []
    for order in (rows, rows[::-1]):
        (tmp_path / "t.csv").write_text("\n".join(["url,label", *order]))
        dataset = read_dataset(tmp_path / "t.csv")
        found.append(dict(zip(dataset.names, truth(dataset), strict=True)))
    assert found[0] == found[1] and len(found[0]) == 3
    assert set(found[0].values()) == {"dog", "cat", None}


def test_remarks_stay_with_the_dataset() -> None:
    dataset = Dataset(("a", "b"), (b"1", b"2"), remarks=("one",))
    assert dataset.take([1]).remarks == dataset.with_truth("none").remarks == ("one",)
    assert dataset.sample(1).remarks == ("one",)
