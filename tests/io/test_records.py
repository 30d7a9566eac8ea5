"""Promises of records: readable ones are returned in order, others are ignored."""

import json
from pathlib import Path

import pytest

from embedbench.io.records import (
    default_store,
    other_schemas,
    read_record,
    read_records,
    root_of,
)
from embedbench.io.store import Store


def test_the_default_store_is_that_of_the_environment_or_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDBENCH_STORE", str(tmp_path / "mine"))
    assert default_store() == tmp_path / "mine"
    monkeypatch.setenv("EMBEDBENCH_STORE", "s3://bucket/store")
    assert str(default_store()) == "s3://bucket/store"
    monkeypatch.delenv("EMBEDBENCH_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert isinstance(default_store(), Path) and "embedbench" in str(default_store())


def test_records_of_the_store_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for key, dim in (("b", 2), ("a", 1)):
        Store(tmp_path).put_record("encoders", key, {"dim": dim})
    assert read_records(tmp_path, "encoders") == [{"dim": 1}, {"dim": 2}]
    assert read_records(tmp_path, "others") == []
    assert read_record(root_of(tmp_path) / "encoders" / "a.json") == {"dim": 1}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'"text"'])
def test_unreadable_records_are_ignored(tmp_path: Path, content: bytes) -> None:
    folder = Path(str(root_of(tmp_path))) / "encoders"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(content)
    (folder / "b.json").write_text(json.dumps({"dim": 2}))
    (folder / "c.txt").write_text("{}")
    assert read_record(folder / "a.json") is None
    assert read_record(folder / "missing.json") is None
    assert read_records(tmp_path, "encoders") == [{"dim": 2}]


@pytest.mark.parametrize(
    ("folders", "others"),
    [
        ([], []),
        (["v1"], []),
        (["v10", "v2", "downloads"], ["v2", "v10"]),
        (["v1", "v2"], []),
        (["videos", "v1x"], []),
    ],
)
def test_other_versions_count_only_without_this_one(folders: list[str], others: list[str]) -> None:
    assert other_schemas(folders) == others
