"""Promises of CSV files: no text is a formula, and every table reads back unchanged."""

import csv
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from embedbench.io.safe_csv import defused, read_csv, restored, write_csv

STARTS = st.sampled_from(
    ["", "'", "''", "=", "+", "-", "@", "\t", "\r", "\n", " =", "'=", "＝", "0"]
)
TEXTS = st.builds(str.__add__, STARTS, st.text(st.characters(exclude_categories=["Cs"])))


@given(TEXTS)
def test_a_defused_text_is_not_a_formula_and_can_be_restored(text: str) -> None:
    safe = defused(text)
    assert restored(safe) == text
    assert safe.lstrip()[:1] not in {*"=+-@\t\r\n＝＋－＠"} and safe[:1] not in {*"\t\r\n"}
    assert defused(safe) != text or safe == text


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-5", "@SUM(1)", "\t=1", " =1"])
def test_a_formula_has_an_apostrophe_before_it(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=b", "'quoted'", "o'clock", "12", "née", "(-1)"])
def test_other_texts_are_unchanged(text: str) -> None:
    assert defused(text) == restored(text) == text


@given(st.lists(TEXTS.filter(lambda text: text and "\0" not in text), min_size=1, max_size=4))
@example(["a\rb", "c\r\nd", 'e,"f'])
def test_a_table_reads_back_and_its_numbers_stay_numbers(texts: list[str]) -> None:
    table = pd.DataFrame({"image": texts, "score": [-0.5 * row for row in range(len(texts))]})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        write_csv(table, file)
        again = read_csv(file, {"image": str})
        with file.open(newline="", encoding="utf-8") as opened:
            _, *rows = csv.reader(opened)
    assert again["image"].tolist() == texts
    assert again["score"].tolist() == table["score"].tolist()
    assert [row[0] for row in rows] == [defused(text) for text in texts]
    assert [float(row[1]) for row in rows] == table["score"].tolist()


def test_missing_values_stay_missing(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["=1", None, "a"], "other": pd.Categorical(["-x", "b", "-x"])})
    write_csv(table, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == "name,other\n'=1,'-x\n,b\na,'-x\n"
    again = read_csv(tmp_path / "table.csv", {})
    assert again["name"].isna().tolist() == [False, True, False]
    assert again["name"][0] == "=1" and again["other"].tolist() == ["-x", "b", "-x"]
