"""Promises of tables of images: each row is its image, in any order, and doubt is an error."""

import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from embedbench.data.dataset import Dataset
from embedbench.data.image_table import read_image_table
from embedbench.data.images.sources import RejectedImage, RemoteImage
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import as_table
from embedbench.errors import InputError
from embedbench.io.paths import RemotePath


def put(folder: Path, *names: str) -> Path:
    """Write files that are only looked for, never read."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def read(folder: Path, *lines: str, **form: Any) -> Dataset:
    file = folder / "t.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return read_image_table(file, TableForm(**form))


def test_each_row_is_its_image_with_its_label_and_other_columns(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png")
    found = read(tmp_path, "size,label,file", "1,dog,b.png", "2,cat,a.png")
    assert found.names == ("a.png", "b.png") and found.origin == str(tmp_path / "t.csv")
    assert found.sources == (tmp_path / "a.png", tmp_path / "b.png")
    assert found.table["truth"].tolist() == ["cat", "dog"]
    assert found.table["size"].tolist() == ["2", "1"] and "path" not in found.table
    assert found.remarks == ("images: column 'file' of 't.csv'",)
    assert found.label_remarks == ("labels: column 'label' of 't.csv'",)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt", "parquet", "json", "jsonl", "xlsx"])
def test_every_format_of_tables_gives_the_same_images(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"path": ["b.png", "a.png"], "label": ["x", "y"]}, index=["q", "r"])
    file = put(tmp_path, "a.png", "b.png") / f"t.{suffix}"
    if suffix == "xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(file, index=False)
    elif suffix == "parquet":
        frame.to_parquet(file)
    elif suffix.startswith("json"):
        frame.to_json(file, orient="records", lines=suffix == "jsonl")
    else:
        frame.to_csv(file, index=False, sep="\t" if suffix == "tsv" else ",")
    found = read_image_table(file, TableForm())
    assert found.names == ("a.png", "b.png") and found.table["truth"].tolist() == ["y", "x"]


@pytest.mark.parametrize("content", ["path,label\na.png,x,1,2\n", "", 'path\n"open\n'])
def test_a_broken_table_is_an_error_of_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match="cannot read '.*t.csv': ") as caught:
        read_image_table(tmp_path / "t.csv", TableForm())
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(InputError, match="there is no file '.*no.csv'"):
        read_image_table(tmp_path / "no.csv", TableForm())


def test_content_that_was_read_elsewhere_is_taken_instead_of_the_file(tmp_path: Path) -> None:
    given = as_table(Path("it"), pd.DataFrame({"image": ["a.png"], "label": ["x"]}))
    found = read_image_table(tmp_path / "it", TableForm(), given)
    assert found.names == ("a.png",) and found.table["truth"].tolist() == ["x"]


@pytest.mark.parametrize(
    "written",
    ["./in/é 1.png", "in\\é 1.png", "C:\\data\\in\\é 1.png", "/other/root/in/é 1.png",
     unicodedata.normalize("NFD", "in/é 1.png"), "é 1.png", "in/É 1.PNG", "in/é 1", "é 1.jpg"],
)  # fmt: skip
def test_a_file_is_found_by_the_end_of_its_path(tmp_path: Path, written: str) -> None:
    put(tmp_path, "in/é 1.png", "in/é 2.png")
    found = read(tmp_path, "path,label", f"{written},x", "in/é 2.png,y")
    assert dict(zip(found.sources, found.table["truth"], strict=True)) == {
        tmp_path / "in/é 1.png": "x", tmp_path / "in/é 2.png": "y",
    }  # fmt: skip


def test_what_was_found_by_the_end_of_its_path_is_said(tmp_path: Path) -> None:
    put(tmp_path, "in/1.png", "in/2.png")
    found = read(tmp_path, "path", "/old/in/1.png", "/old/in/2.png", "/old/in/3.png")
    assert found.names == ("/old/in/3.png", "in/1.png", "in/2.png")
    assert found.sources == (Path("/old/in/3.png"), tmp_path / "in/1.png", tmp_path / "in/2.png")
    [remark] = found.remarks
    assert remark.startswith("2 paths of another folder were found in ")
    assert "such as '/old/in/1.png': 'in/1.png'" in remark


def test_a_name_that_fits_several_files_is_not_guessed(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "b/1.png")
    found = read(tmp_path, "path,label", "1.png,x")
    assert found.sources == (tmp_path / "1.png",) and found.remarks == ()
    put(tmp_path, "c.png", "c.jpg")
    with pytest.raises(InputError, match="'c' in '.*' fits c.jpg and c.png: name one of them"):
        read(tmp_path, "path,label", "c,x")


def test_the_same_row_twice_is_one_image_and_two_labels_are_an_error(tmp_path: Path) -> None:
    found = read(put(tmp_path, "a.png"), "path,label", "a.png,x", "b.png,y", "a.png,x")
    assert found.names == ("a.png", "b.png")
    assert "1 row of 't.csv' repeat an image of another row" in found.remarks
    with pytest.raises(InputError, match="has two labels for 'a.png'"):
        read(tmp_path, "path,label", "a.png,x", "a.png,y")


def test_of_rows_of_one_image_the_label_counts_also_if_others_have_none(tmp_path: Path) -> None:
    found = read(tmp_path, "size,label,path", "1,,a.png", "2,x,a.png", "3,,b.png")
    labels = ["" if pd.isna(one) else one for one in found.table["truth"]]
    assert found.names == ("a.png", "b.png") and labels == ["x", ""]


def test_rows_of_urls_alone_keep_their_labels_beside_repeated_paths(tmp_path: Path) -> None:
    lines = "path,url,label", "a.png,,x", "a.png,,x", ",https://a.org/1.png,y"
    found = read(tmp_path, *lines, ",https://a.org/2.png,z", ",https://a.org/3.png,")
    labels = ["" if pd.isna(one) else one for one in found.table["truth"]]
    assert dict(zip(found.names, labels, strict=True)) == {
        "a.png": "x", "1.png": "y", "2.png": "z", "3.png": "",
    }  # fmt: skip


def test_one_file_written_in_several_ways_is_one_image(tmp_path: Path) -> None:
    put(tmp_path, "in/a.png")
    ways = "in/a.png", "./in/a.png", "in\\a.png", "in/a"
    found = read(tmp_path, "path,label", *(f"{way},x" for way in ways))
    assert found.names == ("in/a.png",)
    assert found.remarks == ("3 rows of 't.csv' repeat an image of another row",)
    with pytest.raises(InputError, match="has two labels for 'in/a.png'"):
        read(tmp_path, "path,label", "in/a.png,x", "./in/a.png,y")


def test_a_row_without_an_image_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no path in row 2"):
        read(tmp_path, "path,label", "a.png,x", ",y")


@pytest.mark.parametrize("column", ["url", "URL", "image_url", "path", "file"])
def test_urls_are_downloads_whatever_their_column(tmp_path: Path, column: str) -> None:
    found = read(tmp_path, f"{column},label", "https://a.org/2.png,x", "https://a.org/1.png,y")
    assert dict(zip(found.names, found.sources, strict=True)) == {
        "1.png": RemoteImage("https://a.org/1.png"), "2.png": RemoteImage("https://a.org/2.png"),
    }  # fmt: skip
    assert found.table["truth"].tolist() == ["y", "x"]


def test_a_table_does_not_say_how_to_connect(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    lines = "path", "s3://b/1.png", "s3://b/2.png?endpoint=https://evil.org", "/x/3.png"
    third, first, second = read(tmp_path, *lines).sources
    assert isinstance(first, RemotePath) and third == Path("/x/3.png")
    assert isinstance(second, RejectedImage)


def test_files_are_below_the_root(tmp_path: Path) -> None:
    put(tmp_path / "photos", "a.png")
    (tmp_path / "lists").mkdir()
    found = read(tmp_path / "lists", "path", "a.png", root=tmp_path / "photos")
    assert found.sources == (tmp_path / "photos" / "a.png",)
    with pytest.raises(InputError, match="there is no folder '.*nowhere'"):
        read(tmp_path, "path", "a.png", root=tmp_path / "nowhere")


def test_columns_are_those_that_are_named(tmp_path: Path) -> None:
    lines = "path,photo,kind,label", "x,a.png,owl,1", "y,b.png,bat,2"
    found = read(put(tmp_path, "a.png", "b.png"), *lines, path="photo", label="kind")
    assert found.names == ("a.png", "b.png") and found.table["truth"].tolist() == ["owl", "bat"]
    for form in ({"path": "file"}, {"label": "file"}):
        with pytest.raises(InputError, match="no column 'file'; it has path, photo, kind, label$"):
            read(tmp_path, *lines, **form)


def test_without_a_column_of_images_the_columns_are_listed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must have a column of images, .*; it has size, kind"):
        read(tmp_path, "size,kind", "1.5,x", "2.5,x")


def test_names_are_printable_and_unique(tmp_path: Path) -> None:
    found = read(tmp_path, "path,label", '"a\nb.png",x', "c.png,y")
    assert found.names == ("a\\x0ab.png", "c.png")
