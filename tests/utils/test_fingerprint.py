"""Promises of fingerprints: they follow the bytes of files and the order of weights."""

import hashlib
from pathlib import Path

from embedbench.utils.fingerprint import combine, hash_file, json_value, library_version


def test_a_file_counts_by_its_bytes_and_a_folder_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    expected = hashlib.sha256(b"abc").hexdigest()
    assert hash_file(tmp_path / "a") == expected
    assert json_value(tmp_path / "a") == f"sha256:{expected}"
    assert json_value(tmp_path) == tmp_path.name
    assert [json_value(one) for one in (None, True, 3, 0.5, "x", "")] == [
        None,
        True,
        3,
        0.5,
        "x",
        "",
    ]


def test_a_fingerprint_follows_identity_and_weights_but_not_the_order_of_keys() -> None:
    first = combine({"a": 1, "b": 2}, ["x", "y"])
    assert first == combine({"b": 2, "a": 1}, ["x", "y"]) and len(first) == 16
    assert (
        len({first, combine({"a": 1, "b": 3}, ["x", "y"]), combine({"a": 1, "b": 2}, ["y", "x"])})
        == 3
    )


def test_a_library_that_is_not_installed_has_no_version() -> None:
    assert library_version("no-such-library") is None and library_version("numpy")
