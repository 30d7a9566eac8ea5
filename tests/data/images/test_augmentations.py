"""Promises of augmentations: reproducible, and as strong as documented."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.images.augmentations import AUGMENTATIONS, AugmentedImage, choose_augmented
from embedbench.data.images.corruptions import read_corruptions
from embedbench.data.images.sources import read_source, source_hash
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.engine import Engine
from embedbench.embedding.local_workers import LocalEngine
from embedbench.embedding.result import Embedding
from embedbench.encoder import Encoder, LookupEncoder
from embedbench.encoders.pickling import dumps
from embedbench.errors import ImageError
from embedbench.io.store import Store
from embedbench.utils.progress import Progress

MakeEncoder = Callable[..., Encoder]
CHANGES = sorted(AUGMENTATIONS)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return LocalEngine(Store(tmp_path / "store"), workers=1, progress=Progress(quiet=True))


def key(number: int) -> str:
    return f"{number:064x}"


def copies_of(dataset: Dataset) -> list[AugmentedImage]:
    return [
        AugmentedImage(source, change, source_hash(source))
        for change in CHANGES
        for source in dataset.sources
    ]


def run(
    encoder: Encoder, dataset: Dataset, engine: Engine, copies: Sequence[AugmentedImage] = ()
) -> Embedding:
    keys = [source_hash(source) for source in dataset.sources]
    items = [(copy.store_key, copy) for copy in copies]
    return embed("it", encoder, dataset, keys, engine, (), items)


def change(name: str, image: Image.Image, seed: int) -> Image.Image:
    return AUGMENTATIONS[name](image, np.random.default_rng(seed))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


@pytest.mark.parametrize("name", CHANGES)
@settings(max_examples=25)
@given(width=st.integers(1, 60), height=st.integers(1, 60), seed=st.integers(0, 999))
def test_augmentations_keep_rgb_and_about_the_size(
    name: str, width: int, height: int, seed: int
) -> None:
    image = Image.new("RGB", (width, height), (200, 100, 50))
    before = image.tobytes()
    found = change(name, image, seed)
    assert found.mode == "RGB" and image.tobytes() == before
    assert 1 <= found.width <= width and 1 <= found.height <= height
    if name in ("light", "colour", "soft"):
        assert found.size == image.size


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_the_smallest_and_the_thinnest_images_are_changed(name: str, size: tuple[int, int]) -> None:
    for seed in range(10):
        found = change(name, Image.new("RGB", size, "red"), seed)
        assert found.mode == "RGB" and min(found.size) >= 1


@settings(max_examples=30)
@given(seed=st.integers(0, 9999))
def test_a_crop_is_a_part_of_80_to_95_percent_of_each_side(seed: int) -> None:
    columns, rows = np.meshgrid(np.arange(200), np.arange(100))
    image = Image.fromarray(np.stack([columns, rows, 0 * rows], axis=2).astype(np.uint8))
    found = change("crop", image, seed)
    assert 160 <= found.width <= 190 and 80 <= found.height <= 95
    left, top, _ = pixels(found)[0, 0]
    assert np.array_equal(pixels(found)[..., 0], columns[: found.height, left : left + found.width])
    assert np.array_equal(pixels(found)[..., 1], rows[top : top + found.height, : found.width])


@settings(max_examples=30)
@given(seed=st.integers(0, 9999))
def test_a_tilt_keeps_the_shape_and_most_of_the_image(seed: int) -> None:
    """The largest rectangle of the same shape: of a square 1 / (sin + cos) of the side."""
    found = change("tilt", Image.new("RGB", (400, 400), "white"), seed)
    for side in found.size:
        assert 400 * 0.88 <= side <= 400 * 0.955 + 2  # 8 and 3 degrees


def test_nothing_is_missing_in_a_tilted_image() -> None:
    for seed in range(20):
        for size in [(24, 32), (64, 64), (200, 150)]:
            assert pixels(change("tilt", Image.new("RGB", size, "white"), seed)).min() == 255


@settings(max_examples=30)
@given(seed=st.integers(0, 9999))
def test_light_moves_by_a_fifth_to_a_third(seed: int) -> None:
    """An even grey has no contrast, so that only the brightness changes."""
    values = np.unique(pixels(change("light", Image.new("RGB", (8, 8), (100, 100, 100)), seed)))
    assert len(values) == 1
    assert 65 - 1 <= values[0] <= 80 or 120 - 1 <= values[0] <= 135 + 1


@settings(max_examples=30)
@given(seed=st.integers(0, 9999))
def test_colour_of_a_grey_moves_by_a_tenth_at_most(seed: int) -> None:
    values = pixels(change("colour", Image.new("RGB", (8, 8), (100, 100, 100)), seed))
    assert 90 - 1 <= values.min() and values.max() <= 110 + 1


def test_soft_keeps_even_areas_and_removes_fine_detail() -> None:
    fine = Image.fromarray(np.indices((64, 64)).sum(axis=0).astype(np.uint8) % 2 * 255)
    even = Image.new("RGB", (64, 64), (90, 120, 150))
    assert np.abs(pixels(change("soft", even, 0)).astype(int) - [90, 120, 150]).max() <= 4
    assert pixels(change("soft", fine.convert("RGB"), 0)).std() < 30 < pixels(fine).std()


def test_a_very_wide_image_is_softened() -> None:
    assert change("soft", Image.new("RGB", (140_000, 1)), 0).size == (140_000, 1)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_reproducible_and_differs_between_images(name: str, photographs: Path) -> None:
    source = photographs / "red" / "00.png"
    content = source.read_bytes()
    found = [AugmentedImage(source, name, key(number)).open(content) for number in (1, 1, 2)]
    assert found[0].tobytes() == found[1].tobytes() != found[2].tobytes()
    assert found[0].tobytes() != Image.open(source).tobytes()


def test_store_keys_differ_by_image_and_by_change(photographs: Path) -> None:
    copies = copies_of(read_dataset(photographs))
    assert len({copy.store_key for copy in copies}) == len(copies) == 36 * len(CHANGES)
    elsewhere = AugmentedImage(Path("moved.png"), copies[0].change, copies[0].key)
    assert elsewhere.store_key == copies[0].store_key


def test_store_keys_of_light_changes_stay_as_they_were() -> None:
    """SHA-256 of `change`, version, name and hash; another key would encode all images again."""
    found = {
        change: AugmentedImage(b"", change, "ab" * 32).store_key for change in ("crop", "soft")
    }
    assert found == {
        "crop": "7d9576e2809cd14e181f99368d541222e910efdbb695987b6a84ca016b076304",
        "soft": "e87c88c55074f65c16ddc4dbce5bf59c4c9a6330d87ea4b0de9499203c111016",
    }


def test_corruptions_are_changes_as_well(photographs: Path) -> None:
    source = photographs / "red" / "00.png"
    names = [one.name for one in read_corruptions(["all:2..3"])]
    changed = [AugmentedImage(source, name, key(1)) for name in names]
    assert len({one.store_key for one in changed}) == len(names) == 18
    content, before = source.read_bytes(), Image.open(source).tobytes()
    for one in changed:
        image = one.open(content)
        assert image.size == (32, 24) and image.tobytes() != before
        assert image.tobytes() == one.open(content).tobytes()
    noisy = [AugmentedImage(source, "noise:2", key(number)).open(content) for number in (1, 2)]
    assert noisy[0].tobytes() != noisy[1].tobytes()


def test_a_file_that_is_not_an_image_is_an_image_error() -> None:
    with pytest.raises(ImageError):
        AugmentedImage(b"no image", "crop", key(0)).open(b"no image")


def test_a_copy_is_encoded_as_the_changed_image_is(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    """Workers draw as this process does."""
    dataset = read_dataset(photographs).take(range(3))
    first = AugmentedImage(dataset.sources[0], "noise:5", source_hash(dataset.sources[0]))
    copies = [*copies_of(dataset), first]
    found = run(colour_encoder(), dataset, engine, copies)
    expected = colour_encoder().encode([copy.open(read_source(copy.source)) for copy in copies])
    assert np.array_equal(found.others, expected)
    assert found.others.shape == (3 * len(CHANGES) + 1, 12) and found.encoded == 3


def test_copies_are_encoded_once(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = read_dataset(photographs).take(range(4))
    bare = run(colour_encoder(), dataset, engine)
    assert bare.others.shape == (0, 12)
    first = run(colour_encoder(), dataset, engine, copies_of(dataset))
    assert first.encoded == 0 and np.array_equal(first.vectors, bare.vectors)
    monkeypatch.setattr(LocalEngine, "start_workers", None)  # from here on no process can start
    second = run(colour_encoder(), dataset, engine, copies_of(dataset))
    assert second.encoded == 0 and np.array_equal(second.others, first.others)
    some = run(colour_encoder(), dataset, engine, copies_of(dataset)[2:5])
    assert np.array_equal(some.others, first.others[2:5])


def test_copies_of_a_broken_image_are_rows_of_nan(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    dataset = read_dataset(photographs).take(range(3))
    Path(str(dataset.sources[1])).write_bytes(b"broken")
    found = run(colour_encoder(), dataset, engine, copies_of(dataset))
    broken = np.isnan(found.others).all(axis=1).reshape(len(CHANGES), 3)
    assert list(found.failures) == [1]
    assert broken.tolist() == [[False, True, False]] * len(CHANGES)
    assert np.isfinite(found.others[~broken.ravel()]).all()


def test_no_copy_is_made_of_an_image_that_was_replaced_meanwhile(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    dataset = read_dataset(photographs).take(range(2))
    copies, first = copies_of(dataset), Path(str(dataset.sources[0]))
    whole = first.read_bytes()
    Image.new("RGB", (32, 24), "yellow").save(first)
    found = run(colour_encoder(), dataset, engine, copies)
    assert np.isnan(found.others).all(axis=1).tolist() == [True, False] * len(CHANGES)
    first.write_bytes(whole)
    again = run(colour_encoder(), dataset, engine, copies)
    expected = colour_encoder().encode([copy.open(read_source(copy.source)) for copy in copies])
    assert np.array_equal(again.others, expected)


def test_one_broken_copy_fails_no_image(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    dataset = read_dataset(photographs).take(range(3))
    copies = [*copies_of(dataset)[:2], AugmentedImage(Path("gone.png"), "crop", key(2))]
    found = run(colour_encoder(), dataset, engine, copies)
    assert not found.failures and np.isfinite(found.vectors).all()
    assert np.isnan(found.others).all(axis=1).tolist() == [False, False, True]


def test_vectors_that_are_looked_up_have_no_copies(photographs: Path, engine: Engine) -> None:
    @dataclass(frozen=True)
    class Named(LookupEncoder):
        def lookup(self, names: Sequence[str]) -> np.ndarray:
            return np.ones((len(names), 3), np.float32)

    dataset = read_dataset(photographs).take(range(3))
    assert run(Named(), dataset, engine, copies_of(dataset)).others.shape == (0, 3)


@dataclass(frozen=True)
class _Imported(Encoder):
    def encode_batch(self, images: Any) -> np.ndarray:
        return np.zeros((len(images), 1), np.float32)


def cached_encoder() -> Encoder:
    """Return an encoder of a class that is pickled by value, with a cached property."""

    @dataclass(frozen=True)
    class Cached(Encoder):
        scale: float = 2.0

        @cached_property
        def table(self) -> np.ndarray:
            return self.scale * np.arange(256, dtype=np.float32)

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.stack([self.table[pixels(image)[0, 0]] for image in images])

    return Cached()


def test_an_encoder_with_a_cached_property_can_be_pickled() -> None:
    loaded = cloudpickle.loads(dumps(cached_encoder()))
    assert loaded.table is loaded.table  # still worked out once
    assert loaded.table[3] == 6
    assert cloudpickle.loads(dumps(_Imported())) == _Imported()


def test_an_encoder_with_a_cached_property_encodes_in_a_worker(
    tmp_path: Path, engine: Engine
) -> None:
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "one.png")
    found = run(cached_encoder(), Dataset.from_images([tmp_path / "one.png"]), engine)
    assert found.vectors.tolist() == [[2.0, 4.0, 6.0]]


def test_the_images_of_the_lowest_hashes_are_copied_each_file_once() -> None:
    hashes = ["d", "b", "a", "c", "b", "a"]
    assert choose_augmented(hashes, 2) == [1, 2]
    assert choose_augmented(hashes, 3) == [1, 2, 3]
    assert choose_augmented(hashes, 100) == [0, 1, 2, 3]
    assert choose_augmented(hashes, 0) == choose_augmented([], 5) == []


def test_new_images_change_few_of_those_copied() -> None:
    random = np.random.default_rng(0)
    hashes = [random.bytes(8).hex() for _ in range(300)]
    before, after = choose_augmented(hashes[:270], 100), choose_augmented(hashes, 100)
    assert 80 <= len(set(before) & set(after)) < 100  # of ten images nine were there
