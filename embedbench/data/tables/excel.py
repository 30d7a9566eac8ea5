"""Read a sheet of an Excel file as a table."""

import io
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from embedbench.utils.text import pluralise

__all__ = ["read_excel", "remark_on_names"]


def read_excel(file: io.BufferedReader) -> tuple[pd.DataFrame, list[str]]:
    """Return the table in the first sheet, and remarks on what was left out.

    Raises:
        ValueError: the sheet is empty, or holds two tables.
        ImportError: openpyxl is missing.
    """
    with pd.ExcelFile(file, engine="openpyxl") as book:
        names = [str(name) for name in book.sheet_names]
        whole = pd.read_excel(book, sheet_name=names[0], header=None, dtype=object)
        formulas = _formulas_without_value(file, names[0], whole)
    remarks = [f"has {len(names)} sheets: '{names[0]}' was read"] if len(names) > 1 else []
    filled = whole.notna()
    sheet = whole.loc[filled.any(axis=1).cummax()]
    columns = filled.any(axis=0)
    used = [number for number, any_cell in enumerate(columns) if any_cell]
    if not used:
        raise ValueError("its first sheet is empty")
    if not columns.iloc[used[0] : used[-1] + 1].all() or _two_blocks(sheet):
        raise ValueError(f"the sheet '{names[0]}' holds two tables: it must hold one")
    table = sheet.iloc[1:, used].reset_index(drop=True)
    header = [str(name).strip() for name in sheet.iloc[0, used]]
    table.columns = pd.Index(_unlike(header))
    if formulas:
        remarks.append(
            f"has {pluralise(len(formulas), 'formula')} without a value, such as in {formulas[0]}, "
            "which count as empty: open it in a spreadsheet program and save it there"
        )
    return table, remarks + remark_on_names(header)


def remark_on_names(names: Sequence[str]) -> list[str]:
    """Return a remark if columns have the same name."""
    twice = [name for name, n in Counter(one.strip() for one in names).items() if name and n > 1]
    return [f"has several columns called '{name}': the first was used" for name in twice]


def _unlike(names: Sequence[str]) -> list[str]:
    """Return names of which a repeated one has a number, as pandas gives them."""
    seen: Counter[str] = Counter()
    unlike = []
    for name in names:
        unlike.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return unlike


def _formulas_without_value(file: io.BufferedReader, sheet: str, values: pd.DataFrame) -> list[str]:
    """Return the cells of formulas that no program has computed, such as `B2`."""
    if values.notna().all(axis=None):
        return []
    import openpyxl

    empty = values.isna().to_numpy()
    file.seek(0)
    book = openpyxl.load_workbook(file, read_only=True)
    rows = book[sheet].iter_rows()
    return [
        str(cell.coordinate)
        for row, flags in zip(rows, empty, strict=False)
        for cell, is_empty in zip(row, flags, strict=False)
        if is_empty and cell.data_type == "f"
    ]


def _two_blocks(sheet: pd.DataFrame) -> bool:
    """Return whether rows of other columns, or a second header, follow a blank row."""
    filled = sheet.notna()
    header = sheet.iloc[0].astype(str).tolist()
    for above, row in zip(range(len(sheet)), range(1, len(sheet)), strict=False):
        if not filled.iloc[above].any() and filled.iloc[row].any():
            cells = sheet.iloc[row]
            if cells.astype(str).tolist() == header or (filled.iloc[row] & ~filled.iloc[0]).any():
                return True
    return False
