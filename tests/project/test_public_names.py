"""Promises of the names of `embedbench` itself: each does what the page on Python says."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import embedbench
from embedbench_pixels import PixelsEncoder


def test_every_error_on_purpose_is_an_embedbench_error() -> None:
    with pytest.raises(embedbench.EmbedbenchError, match="there is no folder or table 'nowhere'"):
        embedbench.compare("nowhere", ["pixels"])


def test_installed_encoders_are_listed_by_name() -> None:
    rows = {row[0]: row for row in embedbench.list_encoders()}
    assert {"clip", "keras", "pixels", "timm"} <= set(rows)
    assert rows["pixels"][:3] == ["pixels", "pixels", "ready"]


def test_an_encoder_is_made_from_a_text() -> None:
    assert embedbench.create_encoder("pixels") == PixelsEncoder()
    with pytest.raises(LookupError, match="unknown encoder 'clop'"):
        embedbench.create_encoder("clop")


def test_vectors_are_written_with_a_store_of_ones_own(photographs: Path, tmp_path: Path) -> None:
    out, engine = tmp_path / "rows.npy", embedbench.EngineOptions(store=tmp_path / "mine")
    assert embedbench.write_vectors(photographs, "pixels", out, engine=engine) == (36, {})
    assert len(np.load(out, allow_pickle=False)) == 36
    assert (tmp_path / "mine").is_dir()


def test_names_are_imported_when_they_are_asked_for() -> None:
    code = "import sys, embedbench; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "embedbench" in modules
    assert modules.isdisjoint({"numpy", "click", "embedbench.errors", "embedbench.encoder"})
