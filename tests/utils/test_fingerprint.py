"""Promises of fingerprints: they follow files, weights, and the code of an encoder's package."""

import ast
import hashlib
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy

from embedbench.encoder import Encoder
from embedbench.utils.fingerprint import (
    combine,
    embedbench_code,
    hash_file,
    json_value,
    library_version,
    library_versions,
)

ENCODER = """
from dataclasses import dataclass
from embedbench.encoder import Encoder
{}

@dataclass(frozen=True)
class Plugin(Encoder):
    def encode_batch(self, images):
        return scale(images)  # all of them
"""
SCALE = "def scale(images):\n    return 2 * images\n"
BELOW = "from plugin.parts.scale import scale"


def plugin(folder: Path, files: dict[str, str]) -> Encoder:
    """Write these files to a new folder, and return the encoder in their module `plugin`."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        made: Encoder = importlib.import_module("plugin").Plugin()
        made.identity()  # while its modules are there
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugin"]:
        del sys.modules[name]
    return made


def package(folder: Path, scale: str = SCALE, **more: str) -> Encoder:
    """Return the encoder of a package whose computation is in another module."""
    files = {"__init__.py": ENCODER.format(BELOW), "parts/__init__.py": "", "parts/scale.py": scale}
    return plugin(folder, {f"plugin/{name}": text for name, text in (files | more).items()})


def test_all_modules_of_a_package_count_and_comments_do_not(tmp_path: Path) -> None:
    first = package(tmp_path / "first").fingerprint()
    assert package(tmp_path / "same").fingerprint() == first
    remark = "# twice as much\n" + SCALE.replace("    return", "\n    return")
    assert package(tmp_path / "remark", remark).fingerprint() == first
    assert package(tmp_path / "other", SCALE.replace("2", "3")).fingerprint() != first
    assert package(tmp_path / "more", **{"last.py": "LAST = 1"}).fingerprint() != first


def test_a_file_that_is_not_python_counts_by_its_bytes(tmp_path: Path) -> None:
    prints = {
        package(tmp_path / str(number), **{"form.py": form}).fingerprint()
        for number, form in enumerate(["{{ one }} {%", "{{ other }} {%", "{{ one }} {%"])
    }
    assert len(prints) == 2


def test_a_package_of_one_file_and_a_single_module_have_the_code_of_that_file(
    tmp_path: Path,
) -> None:
    source = ENCODER.format(SCALE)
    expected = hashlib.sha256(ast.unparse(ast.parse(source)).encode()).hexdigest()[:16]
    beside = {"beside.py": "1", "plugin.json": "{}"}
    for name, files in {
        "package": {"plugin/__init__.py": source},
        "loose": {"plugin.py": source} | beside,
    }.items():
        assert plugin(tmp_path / name, files).identity()["code"] == expected, name


def test_a_module_outside_a_package_has_only_its_own_code() -> None:
    class Here(Encoder):
        encode_batch = None  # type: ignore[assignment]

    source = ast.unparse(ast.parse(Path(__file__).read_text()))
    expected = hashlib.sha256(source.encode()).hexdigest()[:16]
    assert Here.identity(Here.__new__(Here))["code"] == expected


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
    found = library_versions(["scipy", "no-such-library", "numpy", "scipy"])
    assert found == {"numpy": np.__version__, "scipy": scipy.__version__}
    assert list(found) == ["numpy", "scipy"]


def test_the_code_of_the_package_is_that_of_the_named_rooms_and_libraries() -> None:
    digests = {
        embedbench_code(("metrics",), ()),
        embedbench_code(("metrics", "utils"), ()),
        embedbench_code(("metrics",), ("numpy",)),
        embedbench_code(("metrics",), ("a-library-that-is-missing",)),
    }
    assert len(digests) == 4
