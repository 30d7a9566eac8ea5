"""Promises of reading tables: the same cells whatever the separator, the encoding or the format."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.data.tables.reading import TABLE_SUFFIXES, is_table_name, read_table
from embedbench.errors import InputError

ROWS = [["img_0.jpg", "café, noir"], ["img 1.jpg", 'a "b"; c'], ["img_2.jpg", "d\te"]]


def cells(file: Path) -> list[list[str | None]]:
    table = read_table(file).cells
    return [[None if pd.isna(one) else one for one in row] for row in table.values.tolist()]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_cells_do_not_depend_on_separator_and_encoding(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    frame = pd.DataFrame(ROWS, columns=["file", "label"])
    text = frame.to_csv(index=False, sep=separator)
    (tmp_path / "t.CSV").write_bytes(text.encode(encoding))
    table = read_table(tmp_path / "t.CSV")
    assert list(table.cells.columns) == ["file", "label"] and table.remarks == ()
    assert cells(tmp_path / "t.CSV") == ROWS


def test_other_formats_have_the_same_cells(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=["file", "label"])
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_json(tmp_path / "t.json", orient="records")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    (tmp_path / "columns.json").write_text(json.dumps(frame.to_dict("list")))
    (tmp_path / "names.json").write_text(json.dumps(dict(ROWS)))
    for name in ("t.parquet", "t.json", "t.jsonl", "columns.json", "names.json"):
        assert cells(tmp_path / name) == ROWS, name


def test_windows_1252_is_read_and_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("file,label\na.jpg,h\xe9ron\n".encode("cp1252"))
    table = read_table(tmp_path / "t.csv")
    assert table.cells["label"].tolist() == ["héron"]
    assert table.remarks == ("'t.csv' was read as Windows-1252 (cp1252): line 2 is not UTF-8",)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "t.csv",
            b"path,label\na.png,x,one too many,two\n",
            "line 2 has 4 fields, the first line 2",
        ),
        ("t.csv", b"path\n\x81.png\n", "line 2 is neither UTF-8 nor Windows-1252"),
        ("t.csv", b"", "it is empty"),
        ("t.csv", b'path\n"open\n', "has no end"),
        ("t.csv", b"PK\x03\x04abcde\x00fgh", "it is not a text"),
        ("t.json", b"[1]", "object"),
        ("t.json", b"{", "line 1"),
        ("t.jsonl", b'{"a": 1}\n{"a"\n', "line 2"),
        ("t.parquet", b"PAR1", "cannot read"),
        ("t.xlsx", b"PK", "cannot read|install openpyxl"),
    ],
)
def test_a_broken_table_is_an_error_of_one_line(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_table(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1 and str(tmp_path / name) in str(caught.value)


def test_empty_rows_and_blanks_at_the_ends_of_cells_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path , label\n a.jpg ,x \n,\n\nb.jpg,\n")
    assert list(read_table(tmp_path / "t.csv").cells.columns) == ["path", "label"]
    assert cells(tmp_path / "t.csv") == [["a.jpg", "x"], ["b.jpg", None]]


def test_a_table_without_column_names_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a.jpg,x\nb.jpg,y\n")
    table = read_table(tmp_path / "t.csv")
    assert list(table.cells.columns) == ["column 1", "column 2"] and len(table.cells) == 2
    assert "no row of column names" in table.remarks[0]


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        ("a.jpg\nb c.jpg\n", ["path"], ["a.jpg"]),
        ("a.jpg 3\nb c.jpg 12\n", ["path", "label"], ["a.jpg", "3"]),
        ("path\na.jpg\n", ["path"], ["a.jpg"]),
        ("https://a.org/1\nhttps://a.org/2\n", ["url"], ["https://a.org/1"]),
        ("file\tlabel\na.jpg\tx\n", ["file", "label"], ["a.jpg", "x"]),
    ],
)
def test_a_list_of_names_is_a_table(
    tmp_path: Path, text: str, columns: list[str], first: list[str]
) -> None:
    (tmp_path / "t.txt").write_text(text)
    assert list(read_table(tmp_path / "t.txt").cells.columns) == columns
    assert cells(tmp_path / "t.txt")[0] == first


def test_rows_of_a_parquet_table_may_be_numbered_anyhow(tmp_path: Path) -> None:
    pd.DataFrame({"path": ["b", "a"]}, index=["x", "y"]).to_parquet(tmp_path / "t.parquet")
    assert cells(tmp_path / "t.parquet") == [["b"], ["a"]]


def test_a_row_with_more_fields_than_the_first_is_named(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    for text, fault in (
        ("path,label\na,b\nc,d,e\n", "line 3 has 3 fields, the first line 2"),
        ("path,label\na,b,\nc,d,\n", "line 2 has 3 fields, the first line 2"),
        ('path,label\na,b\n"c,d\ne,f\n', "the quotation that starts in line 3 has no end"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=fault):
            read_table(file)


def test_columns_of_the_same_name_are_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,label,label\na.jpg,1,2\n")
    table = read_table(tmp_path / "t.csv")
    assert table.cells["label"].tolist() == ["1"]
    assert table.remarks == ("'t.csv' has several columns called 'label': the first was used",)


def test_tables_are_known_by_their_suffix_in_any_case() -> None:
    assert is_table_name("A.CSV") and not is_table_name("a") and not is_table_name("csv")
    assert all(suffix.islower() for suffix in TABLE_SUFFIXES)


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), st.sampled_from(",;\t|"))
def test_any_texts_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], separator: str
) -> None:
    rows = [("x.jpg", "y"), *rows]
    file = tmp_path_factory.mktemp("t") / "t.csv"
    frame = pd.DataFrame(rows, columns=["path", "label"])
    file.write_text(frame.to_csv(index=False, sep=separator), encoding="utf-8")
    expected = [[one.strip() or None for one in row] for row in rows]
    assert cells(file) == [row for row in expected if any(row)]
