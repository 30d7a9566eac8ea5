"""Promises of what an exporter says: JSON can hold it."""

import json

from embedbench.export.outcome import Exported, Request


def test_what_was_written_is_a_record() -> None:
    exported = Exported("parquet", "a.parquet", {"images": 2}, {"x": "is gone"}, "open it")
    assert json.loads(json.dumps(exported.record())) == {
        "to": "parquet", "place": "a.parquet", "written": {"images": 2},
        "skipped": {"x": "is gone"}, "next": "open it",
    }  # fmt: skip


def test_a_request_asks_for_copies_under_the_name_of_the_program() -> None:
    assert (Request().name, Request().link) == ("embedbench", False)
