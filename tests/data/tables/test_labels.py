"""Promises of image tables: columns, labels, and unique names for URLs in any order."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.data.tables.labels import (
    TableForm,
    in_order,
    labels_from_file,
    load_table,
    names_of_urls,
    without_extension,
)
from embedbench.errors import InputError


@pytest.mark.parametrize(
    "content",
    [b"path,label\na.png,x,one too many,two\n", b"path\n\xff\xfe.png\n", b"", b'path\n"open\n'],
)
def test_a_broken_table_is_an_error_of_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match="cannot read '.*t.csv': ") as caught:
        load_table(tmp_path / "t.csv")
    assert len(str(caught.value).splitlines()) == 1


def test_rows_of_a_parquet_table_may_be_numbered_anyhow(tmp_path: Path) -> None:
    table = pd.DataFrame({"path": ["b.png", "a.png"]}, index=["x", "y"])
    table.to_parquet(tmp_path / "t.parquet")
    assert in_order(load_table(tmp_path / "t.parquet"))["path"].tolist() == ["a.png", "b.png"]


def test_a_label_without_a_name_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,label\na.png,x\n,y\n")
    assert labels_from_file(tmp_path / "t.csv", ["a.png"]).tolist() == ["x"]


def labels_of(file: Path, names: Sequence[str], *lines: str, **form: str) -> list[str | None]:
    file.write_text("\n".join([*lines, ""]))
    return labels_from_file(file, names, TableForm(**form)).tolist()


def test_labels_have_the_columns_that_are_named(tmp_path: Path) -> None:
    lines = "name,id,label,species", "x,a.png,1,dog", "y,b.png,2,cat"
    found = labels_of(tmp_path / "t.csv", ["a.png", "b.png"], *lines, path="id", label="species")
    assert found == ["dog", "cat"]


@pytest.mark.parametrize("form", [{"path": "file"}, {"label": "file"}])
def test_a_missing_column_of_labels_is_an_error_that_lists_the_columns(
    tmp_path: Path, form: dict[str, str]
) -> None:
    with pytest.raises(InputError, match="t.csv' has no column 'file'; it has path, label$"):
        labels_of(tmp_path / "t.csv", ["a.png"], "path,label", "a.png,x", **form)


def test_names_of_labels_may_lack_their_extension(tmp_path: Path) -> None:
    names = ["red/1.png", "red/2.JPG", "blue/2.png", "blue/3.png", "4.tar", "5.png"]
    lines = "name,label", "1,one", "red/2,two", "3.png,three", "2,no", "4,no", "5.png,five"
    found = labels_of(tmp_path / "t.csv", names, *lines)
    assert found == ["one", "two", None, "three", None, "five"]


def test_a_label_whose_name_fits_several_images_is_an_error_that_names_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="t.csv' names 'a', which fits a.jpg and a.png"):
        labels_of(tmp_path / "t.csv", ["a.jpg", "a.png"], "name,label", "a,x")
    found = labels_of(tmp_path / "t.csv", ["a.jpg", "a.png"], "name,label", "a.jpg,x")
    assert found == ["x", None]


def test_an_image_without_an_extension_is_found_by_its_full_name(tmp_path: Path) -> None:
    assert labels_of(tmp_path / "t.csv", ["a", "a.png"], "name,label", "a,x") == ["x", None]


@pytest.mark.parametrize(
    ("name", "bare"), [("a/b.JPG", "a/b"), ("v1.2", "v1.2"), ("a.b/c", "a.b/c"), ("x.1.png", "x.1")]
)
def test_only_image_extensions_are_removed(name: str, bare: str) -> None:
    assert without_extension(name) == bare


def test_urls_are_named_by_their_last_part_if_it_is_unique() -> None:
    urls = {
        "https://a.org/x/cat.jpg": "cat.jpg",
        "https://a.org/x/dog.jpg": "a.org/x/dog.jpg",
        "https://b.org/dog.jpg?s=1": "b.org/dog.jpg",
        "https://c.org/photo?id=1": "c.org/photo#1",
        "https://c.org/photo?id=2": "c.org/photo#2",
        "https://d.org/": "d.org",
        "file:///etc/passwd": "passwd",
    }
    assert names_of_urls(list(urls)) == list(urls.values())


PARTS = st.sampled_from(["a", "b", "a/b", "b.jpg", "a/b.jpg", "?x=1", "?x=2", "#1", "", "/", "//"])
URLS = st.lists(
    st.one_of(
        st.builds(
            "{}{}".format, st.sampled_from(["http://a/", "https://b/", "b", "", "ftp:"]), PARTS
        ),
        st.text(max_size=6),
        st.sampled_from(["http://[", "no-url", "a", "a/b#1"]),
    ),
    max_size=12,
)


@given(URLS, st.lists(PARTS, max_size=3), st.randoms())
def test_names_of_urls_are_unique_and_do_not_depend_on_their_order(
    urls: Sequence[str], taken: Sequence[str], random: object
) -> None:
    names = names_of_urls(urls, taken)
    assert len(set(names)) == len(urls) and not set(names) & set(taken) and "" not in names
    order = sorted(range(len(urls)), key=lambda row: random.random())  # type: ignore[attr-defined]
    again = names_of_urls([urls[row] for row in order], taken)
    pairs = sorted(zip(urls, names, strict=True))
    assert sorted(zip([urls[row] for row in order], again, strict=True)) == pairs
