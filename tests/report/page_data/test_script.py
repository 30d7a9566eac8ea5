"""Promises of the script: built from its sources, harmless inside the page, named by its hash."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from embedbench.report.page_data.script import built_script, script_hash
from tests.support.paths import ROOT

WEB = ROOT / "embedbench" / "report" / "web"
SCRIPTS = ("ask.js", "page.js")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_ends_no_element_and_says_whose_it_is(name: str) -> None:
    script = built_script(name)
    assert "Apache-2.0" in script.splitlines()[0]
    assert not re.search(r"</script|<!--", script, re.IGNORECASE)
    assert not re.search(r"\beval\b|new Function|import\(", script)
    addresses = set(re.findall(r"https?://[^\"'`]*", script))
    assert all(one.startswith("http://www.w3.org/") for one in addresses), addresses  # of SVG


def test_what_is_in_the_script_stands_in_it_with_its_licence() -> None:
    named = re.findall(r"([@\w/-]+) ([\d.]+) \((\w+)\)", built_script("page.js").splitlines()[0])
    lock = json.loads((WEB / "package-lock.json").read_text())["packages"]
    licences = (WEB / "LICENCES.txt").read_text()
    assert "@observablehq/plot" in {name for name, *_ in named}
    for name, version, licence in named:
        assert lock[f"node_modules/{name}"]["version"] == version
        assert f"{name} {version} ({licence})" in licences


def test_a_script_is_named_as_browsers_do() -> None:
    digest = hashlib.sha256(b"alert(1)").digest()
    assert script_hash("alert(1)") == "sha256-" + base64.b64encode(digest).decode()


@pytest.mark.slow
def test_the_built_scripts_are_those_of_the_sources(tmp_path: Path) -> None:
    """`make page` writes it; type check and linter pass, or nothing is built."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    run = subprocess.run([WEB / "build.sh", tmp_path], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    for name in SCRIPTS:
        assert (tmp_path / name).read_bytes() == (WEB / name).read_bytes(), name


def test_the_tools_are_pinned_by_hash_and_come_from_no_other_registry() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages and all(package["integrity"].startswith("sha512-") for package in packages)
    addresses = [package["resolved"] for package in packages if "resolved" in package]
    assert all(one.startswith("https://registry.npmjs.org/") for one in addresses)


def test_users_get_the_built_script_and_no_sources_of_it() -> None:
    files = [file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()]
    assert "embedbench/report/templates/maps.css" in files
    assert sorted(one for one in files if "report/web" in one) == [
        "embedbench/report/web/LICENCES.txt",
        "embedbench/report/web/ask.js",
        "embedbench/report/web/page.js",
    ]
    assert not [one for one in files if "node_modules" in one]
