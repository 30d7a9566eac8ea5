"""Promises of the sample photographs: 18 real ones, 8 views each, the same everywhere."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedbench.data.loading import read_dataset
from embedbench.data.sample_photos import PHOTOGRAPHS, VIEWS, _turn, write_samples


def test_eighteen_photographs_in_eight_seeded_views(tmp_path: Path) -> None:
    one, two = (read_dataset(write_samples(tmp_path / name)) for name in ("one", "two"))
    assert len(one) == 18 * 8 == len(PHOTOGRAPHS) * VIEWS
    found = one.truth_codes()
    assert found is not None and found[1] == sorted(PHOTOGRAPHS)
    hashes = [
        [hashlib.sha256(Path(str(source)).read_bytes()).hexdigest() for source in dataset.sources]
        for dataset in (one, two)
    ]
    assert hashes[0] == hashes[1] and len(set(hashes[0])) == len(one)


def test_views_of_one_photograph_differ_but_not_beyond_it(tmp_path: Path) -> None:
    folder = write_samples(tmp_path)
    cat = [
        np.asarray(Image.open(folder / "cat" / f"view_{n:02d}.jpg"), float) for n in range(VIEWS)
    ]
    assert all(view.shape == (256, 256, 3) for view in cat)
    red_above_blue = [view[..., 0].mean() > view[..., 2].mean() for view in cat]
    assert all(red_above_blue), "a ginger cat stays one under every change of light"


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    folder = write_samples(tmp_path)
    file = folder / "cat" / "view_00.jpg"
    file.write_bytes(b"mine")
    write_samples(tmp_path)
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("degrees", [-15.0, -0.3, 0.0, 7.0, 15.0])
def test_a_turned_view_shows_nothing_from_beyond_the_photograph(degrees: float) -> None:
    white = Image.new("RGB", (256, 256), "white")
    assert np.asarray(_turn(white, degrees)).min() == 255
