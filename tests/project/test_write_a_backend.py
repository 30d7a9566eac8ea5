"""Promises of the page on writing a backend: its steps, followed, end in a row of the table.

Follows the page, except that libraries are not installed again: the new environment uses
those of the one that runs the tests.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from embedbench.encoders.checking.checks import run_checks
from embedbench.encoders.registry import create_encoder
from embedbench.encoders.scaffold import new_backend
from tests.support.libraries import library
from tests.support.paths import ROOT

torch = library("torch")

PAGE = (ROOT / "docs" / "how-to" / "write-a-backend.md").read_text(encoding="utf-8")
STEPS = re.findall(
    r"(?:`(\S+)`:\n\n)?```(sh|python)\n(.*?)```", PAGE.split("## Use a model")[0], re.DOTALL
)


def see_the_libraries_of_these_tests(folder: Path) -> None:
    """Let the environment in `.venv` see the packages that are installed here."""
    (packages,) = (folder / ".venv").glob("lib/python3*/site-packages")
    seen = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "seen.pth").write_text("\n".join(seen))


def environment(folder: Path) -> dict[str, str]:
    """Return variables as in a new shell where `.venv` is activated."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    places = [str(folder / ".venv" / "bin"), str(Path(sys.executable).parent), given["PATH"]]
    given |= {"PATH": os.pathsep.join(places), "EMBEDBENCH_STORE": str(folder / "store")}
    if all(map(importlib.util.find_spec, ("hatchling", "editables"))):  # need not be fetched
        given["PIP_NO_BUILD_ISOLATION"] = "false"  # pip reads it as: no isolation
    return given


@pytest.mark.slow
@pytest.mark.usefixtures("one_core")
def test_the_page_leads_from_an_empty_folder_to_a_row(tmp_path: Path) -> None:
    (tmp_path / "embedbench").symlink_to(ROOT)
    outputs = []
    for file, language, text in STEPS:
        if language == "python":
            assert (tmp_path / file).is_file(), f"no step before has written {file}"
            (tmp_path / file).write_text(text)
            continue
        run = subprocess.run(
            ["bash", "-ec", text], cwd=tmp_path, env=environment(tmp_path),
            capture_output=True, text=True,
        )  # fmt: skip
        assert run.returncode == 0, f"{text}\n{run.stdout}\n{run.stderr}"
        outputs.append(run.stdout)
        if not list((tmp_path / ".venv").rglob("seen.pth")):
            see_the_libraries_of_these_tests(tmp_path)
    rows = pd.read_csv(tmp_path / "hue-run" / "comparison.csv")
    assert set(rows["encoder"]) == {"hue", "pixels"}
    assert rows["ami"].between(0.2, 1).all()
    assert any(re.search(r"^hue +hue +ready +Mean colours on a grid", out, re.M) for out in outputs)
    assert not any(re.search(r"failed|error", out) for out in outputs)


def test_the_page_has_steps_and_shows_the_files_that_are_written(tmp_path: Path) -> None:
    assert [language for _, language, _ in STEPS].count("python") == 2
    tree = re.search(r"```text\n(embedbench-hue/.*?)```", PAGE, re.DOTALL)
    assert tree is not None
    shown = [line.strip("├└│─ ").split()[0].strip("/") for line in tree[1].splitlines()]
    written = new_backend("hue", tmp_path)
    folders = {path.parent.name for path in written}
    assert sorted(shown) == sorted({path.name for path in written} | folders)


def test_the_network_of_the_page_keeps_the_contract(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    [text] = re.findall(r"<!-- network -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "net_of_the_page.py").write_text(text)
    torch.manual_seed(0)
    save_file(
        {"0.weight": torch.randn(8, 3, 4, 4), "0.bias": torch.randn(8)}, tmp_path / "w.safetensors"
    )
    encoder = create_encoder(
        f"{tmp_path}/net_of_the_page.py:NetEncoder,model={tmp_path}/w.safetensors"
    )
    assert set(run_checks(encoder).values()) == {""}
