"""Promises of the form of tables: without one, the usual names and the table's own folder."""

from pathlib import Path

from embedbench.data.loading import read_dataset
from embedbench.data.options import SourceOptions
from embedbench.data.tables.form import TableForm


def test_the_form_that_says_nothing_means_the_usual_names(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    (tmp_path / "t.csv").write_text("size,species,filename\n1,cat,a.png\n1,NA,b.png\n")
    found = read_dataset(tmp_path / "t.csv")
    assert found.sources == (tmp_path / "a.png", tmp_path / "b.png")
    assert found.table["truth"].tolist() == ["cat", None]
    assert SourceOptions().form == TableForm() == TableForm(None, None, None, False)
