"""Promises of mixing: a seeded sample of the requested share, named and without labels."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from embedbench.data.images.sources import read_source
from embedbench.data.loading import read_dataset
from embedbench.data.mixing import MixSpec, choose_mixed, read_mix
from embedbench.errors import InputError


def test_a_mix_is_a_source_and_a_share() -> None:
    assert read_mix("photos:0.1") == MixSpec("photos", 0.1)
    assert read_mix("C:/my: photos:1") == MixSpec("C:/my: photos", 1.0)
    assert read_mix("digits:.25") == MixSpec("digits", 0.25)


@pytest.mark.parametrize(
    "text",
    ["photos", "photos:", ":0.1", "photos:0", "photos:1.5", "photos:-1", "a:nan", "a:inf", ""],
)
def test_a_share_must_be_above_0_and_at_most_1(text: str) -> None:
    with pytest.raises(InputError, match="FOLDER:SHARE|above 0, at most 1"):
        read_mix(text)


def test_the_share_sets_the_number_of_images(photographs: Path) -> None:
    whole = read_dataset(photographs)
    chosen = choose_mixed(MixSpec(str(photographs), 0.5), 20, seed=3)
    assert len(chosen) == 10 and "truth" not in chosen.table
    names = [name.removeprefix("mixed/") for name in chosen.names]
    assert all(name.startswith("mixed/") for name in chosen.names)
    assert names == [name for name in whole.names if name in names]
    by_name = dict(zip(whole.names, whole.sources, strict=True))
    assert [by_name[name] for name in names] == list(chosen.sources)
    again, other = (choose_mixed(MixSpec(str(photographs), 0.5), 20, seed=seed) for seed in (3, 4))
    assert again.names == chosen.names != other.names


def test_there_is_at_least_one_image_and_at_most_all_of_the_source(photographs: Path) -> None:
    assert len(choose_mixed(MixSpec(str(photographs), 1.0), 100, 0)) == 36
    assert len(choose_mixed(MixSpec(str(photographs), 0.01), 3, 0)) == 1
    with pytest.raises(InputError):
        choose_mixed(MixSpec(str(photographs / "nowhere"), 0.5), 10, 0)


def test_digits_are_those_of_scikit_learn() -> None:
    chosen = choose_mixed(MixSpec("digits", 0.5), 8, 0)
    for name, source in zip(chosen.names, chosen.sources, strict=True):
        number = int(name.removeprefix("mixed/digits/").removesuffix(".png"))
        image = Image.open(io.BytesIO(read_source(source)))
        assert (image.format, image.mode, image.size) == ("PNG", "L", (64, 64))
        small = np.asarray(image.resize((8, 8), Image.Resampling.BOX)).astype(float)
        digit = load_digits().images[number]
        assert np.corrcoef(small.ravel(), digit.ravel())[0, 1] > 0.95
