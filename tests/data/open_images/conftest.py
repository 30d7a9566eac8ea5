"""A folder of Open Images for its tests."""

from pathlib import Path

import pytest

from tests.support.openimages_folder import make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "oi")
