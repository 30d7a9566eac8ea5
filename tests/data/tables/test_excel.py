"""Promises of Excel files: one table of the first sheet; what was not read is said."""

from pathlib import Path

import pandas as pd
import pytest

from embedbench.data.tables.reading import read_table
from embedbench.errors import InputError

openpyxl = pytest.importorskip("openpyxl")


def test_an_excel_sheet_holds_one_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"file": ["a.jpg", "b.jpg"], "label": [1, 2]})
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        frame.to_excel(book, sheet_name="one", index=False, startrow=2, startcol=1)
        frame.to_excel(book, sheet_name="two", index=False)
    table = read_table(tmp_path / "t.xlsx")
    assert table.cells.astype(str).values.tolist() == [["a.jpg", "1"], ["b.jpg", "2"]]
    assert table.remarks == ("'t.xlsx' has 2 sheets: 'one' was read",)
    for column, row in ((4, 0), (0, 5)):
        with pd.ExcelWriter(tmp_path / "two.xlsx") as book:
            frame.to_excel(book, index=False)
            frame.to_excel(book, index=False, startrow=row, startcol=column)
        with pytest.raises(InputError, match="holds two tables"):
            read_table(tmp_path / "two.xlsx")


def test_formulas_without_a_value_and_columns_of_one_name_are_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (("path", "label", "label"), ("a.jpg", "=1+1", 3), ("b.jpg", "=1+2", None)):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx")
    assert list(table.cells) == ["path", "label", "label.1"]
    assert table.cells["label"].isna().all()
    assert table.remarks[0].startswith("'t.xlsx' has 2 formulas without a value, such as in B2")
    assert table.remarks[1].endswith("has several columns called 'label': the first was used")
