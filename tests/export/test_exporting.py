"""Promises of exporting: what cannot be done is said in one line, and nothing is written."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from embedbench.errors import InputError
from embedbench.export.exporting import EXPORTERS, export
from tests.support.example_results import example_results


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"to": "excel"}, "cannot export to 'excel'; there are: "),
        ({"to": "parquet"}, "the file to write is missing: --out FILE"),
        ({"to": "parquet", "encoders": ["clop"]}, "no encoder 'clop'; there are: "),
        ({"to": "parquet", "out": "x.parquet", "clusterer": "dbscan"}, "no clusters of 'pixels'"),
        ({"to": "parquet", "link": True}, "`link` is for folders"),
        ({"to": "fiftyone", "out": "x"}, "give `name`, not `out`"),
    ],
)
def test_what_cannot_be_done_is_told(
    options: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        export(example_results(), **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", EXPORTERS)
def test_every_exporter_is_there_and_sorted(to: str) -> None:
    module, function, about = EXPORTERS[to]
    assert callable(getattr(import_module(f"embedbench.export.{module}"), function)) and about
    assert list(EXPORTERS) == sorted(EXPORTERS)
