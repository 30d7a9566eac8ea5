"""Promises of the page on models of one's own: what it shows works."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedbench.encoders.registry import create_encoder
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "how-to" / "own-models.md").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the page."""
    [text] = [
        part for part in re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S) if "@" in part
    ]
    path = tmp_path / "my_encoder.py"
    path.write_text(text)
    return path


def test_the_encoder_of_the_page_keeps_the_contract(file: Path) -> None:
    command = [sys.executable, "-m", "embedbench", "check", "./my_encoder.py:Brightness"]
    environment = os.environ | {"EMBEDBENCH_STORE": str(file.parent / "store")}
    run = subprocess.run(command, cwd=file.parent, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_its_rows_are_what_the_page_says(file: Path) -> None:
    rows = create_encoder(f"{file}:Brightness,side=2").encode(
        [Image.new("L", (8, 8), 7).convert("RGB")]
    )
    np.testing.assert_array_equal(rows, [[7, 7, 7, 7]])
