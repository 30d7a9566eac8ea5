"""The labels of a table of images, as its column `truth`."""

from collections.abc import Collection

import pandas as pd

from embedbench.data.tables.columns import LABEL_COLUMNS, label_column
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.labels import drop_missing, drop_several, labels_in_column
from embedbench.data.tables.reading import UserTable
from embedbench.errors import InputError

__all__ = ["with_truth"]


def with_truth(
    table: UserTable, form: TableForm, taken: Collection[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells of a table with a column `truth`, if it has labels, and remarks on them.

    Args:
        table: the table.
        form: may name the column of labels, and says which texts are missing labels.
        taken: columns that are something else.

    Raises:
        InputError: there is no column of the name in `form`, or several usual ones could be it.
    """
    label = _column_of_labels(table, form, set(taken))
    if label is None:
        return table.cells, []
    truth, several = drop_several(labels_in_column(table, label), table.file.name)
    truth, missing = (truth, []) if form.keep_na else drop_missing(truth, table.file.name)
    remark = f"labels: column '{label}' of '{table.file.name}'"
    return table.cells.assign(truth=truth), [remark, *several, *missing]


def _column_of_labels(table: UserTable, form: TableForm, taken: set[str]) -> str | None:
    """Return the column of labels; None where no column, or more than one, could be it."""
    columns = {str(column).lower() for column in table.cells.columns} - taken
    if form.label or columns & set(LABEL_COLUMNS):
        return label_column(table, form, taken)
    try:
        return label_column(table, form, taken)
    except InputError:  # other columns than labels are usual in a table of images
        return None
