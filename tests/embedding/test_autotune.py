"""Promises of tuning: the quickest faithful variant runs, and the reference where in doubt."""

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import content_hash
from embedbench.embedding import autotune as tuning
from embedbench.embedding.autotune import (
    Fidelity,
    Timing,
    TunedVariant,
    batch_size_variants,
    break_even_images,
    compiled_pays,
    compiled_variant,
    faster_candidates,
    fidelity,
    load_tuning,
    save_tuning,
    timed_first,
)
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine
from embedbench.embedding.result import Embedding
from embedbench.encoder import Encoder
from embedbench.io.store import Store
from embedbench.utils.progress import Progress

RANDOM = np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32)


def test_a_cosine_is_told_with_the_mean_taken_off() -> None:
    far = RANDOM + np.float32(1000)
    turned = far.copy()
    turned[7] = 1000 - (RANDOM[7])
    found = fidelity(far, turned)
    # By hand: the raw cosine of the worst image is 0.999998, around the mean it is reversed.
    mean = far.mean(axis=0)
    by_hand = np.dot(far[7] - mean, turned[7] - mean) / (
        np.linalg.norm(far[7] - mean) * np.linalg.norm(turned[7] - mean)
    )
    assert found.cosine == pytest.approx(by_hand, abs=1e-4) and found.cosine < -0.9


def test_neighbours_are_counted_and_copies_are_as_good() -> None:
    same = fidelity(RANDOM, RANDOM)
    assert same.cosine == pytest.approx(1) and same.neighbours == 1
    swapped = RANDOM.copy()
    swapped[:3] = RANDOM[::-1][:3]
    assert fidelity(RANDOM, swapped).neighbours < 1
    copies = np.concatenate([RANDOM[:5], RANDOM[:5], RANDOM[:5]])
    other = copies.copy()
    other[10:] *= np.float32(1.0000001)  # now another of the copies may be the nearest
    assert fidelity(copies, other).neighbours == 1.0


@pytest.mark.parametrize(
    ("cosine", "neighbours", "faithful"),
    [(0.995, 0.99, True), (0.9949, 1.0, False), (1.0, 0.989, False)],
)
def test_faithful_is_both(cosine: float, neighbours: float, faithful: bool) -> None:
    assert Fidelity(cosine, neighbours).is_faithful is faithful


def timed(seconds: float, first: float = 9.0, rows: np.ndarray = RANDOM) -> Timing:
    return Timing(seconds, first, rows)


def test_only_what_is_clearly_quicker_and_near_is_compared() -> None:
    times = {0: 1.0, 1: 0.9, 2: 0.5, 3: 0.86, 4: 0.5, 5: 0.3, 6: 2.0}
    found = {number: timed(seconds) for number, seconds in times.items()}
    assert faster_candidates(found) == [5, 2, 4, 3]
    assert faster_candidates(found, best=2) == [5]
    assert faster_candidates(found | {5: timed(0.3, rows=-RANDOM)}) == [2, 4, 3]
    assert faster_candidates({1: timed(0.1)}) == []


def test_compiling_must_pay() -> None:
    plain, compiled = timed(0.1, 0.5), timed(0.05, 30.0)
    assert compiled_pays(plain, 10_000, 2) and not compiled_pays(plain, 1_000, 2)
    # 10,000 images by two workers: 500 s against 250 s and 30 s of compiling.
    assert compiled_pays(plain, 10_000, 2, compiled)
    assert not compiled_pays(plain, 1_000, 2, compiled)


def test_measuring_must_pay() -> None:
    # By hand: 4 variants and 2 to compare, 5 s each: 30 s. Two workers save at most half of 0.1 s
    # of an image between them: 0.025 s.
    assert break_even_images(timed(0.1), 5.0, 4, 2) == pytest.approx(1200)


def test_where_measuring_does_not_pay_the_reference_runs(
    pictures: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedbench.embedding.job.break_even_images", lambda *_: 100.0)
    found = run(pictures, tmp_path, Choosing())
    assert found.record.fingerprint == Choosing("slow").fingerprint()
    keys = [content_hash(bytes(source)) for source in pictures.sources]  # type: ignore[arg-type]
    others = [f"{number:064x}" for number in range(60)]
    assert load_tuning(Store(tmp_path), Choosing(), keys) == TunedVariant(Choosing("slow"))
    assert load_tuning(Store(tmp_path), Choosing(), [*keys, *others]) is None  # now it may pay


@dataclass(frozen=True)
class Sized(Encoder):
    name: str = ""
    batch_size: int = 8
    compiled: bool = False

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        return np.zeros((len(images), 1), np.float32)


def test_precision_comes_first_then_batch_size_then_compiling() -> None:
    variants = [
        Sized("exact"), Sized("exact", 32), Sized("short", 32), Sized("short", 64),
        Sized("short", 32, True), Sized("short", 64, True),
    ]  # fmt: skip
    assert timed_first(variants) == [0, 1, 2]
    assert batch_size_variants(variants, 2) == [3] and batch_size_variants(variants, 4) == [5]
    assert compiled_variant(variants, 3) == [5] and compiled_variant(variants, 1) == []


@dataclass(frozen=True)
class Choosing(Encoder):
    """Grey values; variants that are quick and wrong, quick and right, slow and right."""

    way: str = "auto"

    def variants(self, device: str) -> Sequence[Encoder]:
        if self.way != "auto":
            return (self,)
        return tuple(replace(self, way=way) for way in ("slow", "wrong", "right", "broken"))

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        if self.way == "broken":
            raise ValueError("it does not run here")
        time.sleep({"slow": 0.02, "wrong": 0.002, "right": 0.005}[self.way])
        rows = np.stack([np.asarray(image, np.float32).ravel() for image in images])
        return np.asarray(rows[:, ::-1] ** 3 if self.way == "wrong" else rows, np.float32)


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setattr(tuning, "LEAST_IMAGES", 40)
    monkeypatch.setattr("embedbench.embedding.job.break_even_images", lambda *_: 0.0)
    return make_pictures(48)


def make_pictures(count: int) -> Dataset:
    random = np.random.default_rng(0)
    contents = []
    for _ in range(count):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (3, 3, 3), dtype=np.uint8)).save(file, "PNG")
        contents.append(file.getvalue())
    return Dataset.from_images(contents)


def run(dataset: Dataset, store: Path, encoder: Encoder) -> Embedding:
    engine = LocalEngine(Store(store), workers=1, progress=Progress(quiet=True))
    hashes = [content_hash(bytes(source)) for source in dataset.sources]  # type: ignore[arg-type]
    return embed("it", encoder, dataset, hashes, engine)


def test_the_quickest_faithful_variant_runs_and_is_remembered(
    pictures: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(pictures, tmp_path, Choosing())
    expected = run(pictures, tmp_path / "other", Choosing("right"))
    assert np.array_equal(found.vectors, expected.vectors)
    assert found.record.fingerprint == expected.record.fingerprint
    assert found.record.precision_cosine == 1 and found.record.precision_neighbours == 1
    monkeypatch.setattr(LocalEngine, "start_workers", None)  # the second run starts no process
    again = run(pictures, tmp_path, Choosing())
    assert again.encoded == 0 and np.array_equal(again.vectors, found.vectors)


_LIGHT = 138


@dataclass(frozen=True)
class Rough(Encoder):
    """Quick where it is rough: right for dark pictures alone."""

    way: str = "auto"
    batch_size: int = 8

    def variants(self, device: str) -> Sequence[Encoder]:
        if self.way != "auto":
            return (self,)
        ways = (("exact", 8), ("rough", 8), ("exact", 16), ("rough", 16))
        return tuple(Rough(way, size) for way, size in ways)

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        time.sleep(0.02 if self.way == "exact" else 0.002)
        rows = np.stack([np.asarray(image, np.float32).ravel() for image in images])
        light = rows.mean(axis=1, keepdims=True) > _LIGHT
        return np.where((self.way == "rough") & light, rows[:, ::-1], rows)


def test_what_was_found_unfaithful_does_not_come_back_with_another_batch_size(
    pictures: Dataset, tmp_path: Path
) -> None:
    means = [np.asarray(Image.open(io.BytesIO(source))).mean() for source in pictures.sources]  # type: ignore[arg-type]
    dark_first = np.argsort(means)
    assert means[dark_first[31]] <= _LIGHT < means[dark_first[-1]]
    found = run(pictures.take(dark_first), tmp_path, Rough())
    assert found.record.fingerprint == Rough("exact", 16).fingerprint()


def test_few_images_are_encoded_by_the_reference(pictures: Dataset, tmp_path: Path) -> None:
    found = run(pictures.take(range(39)), tmp_path, Choosing())
    assert found.record.fingerprint == Choosing("slow").fingerprint()
    assert found.record.precision_cosine is None


def test_what_was_measured_on_other_images_does_not_count(tmp_path: Path) -> None:
    store, encoder = Store(tmp_path), Choosing()
    keys = [f"{number:064x}" for number in range(2000)]
    assert load_tuning(store, encoder, keys) is None
    right = TunedVariant(Choosing("right"), Fidelity(0.999, 1.0))
    save_tuning(store, "it", encoder, keys[:128], right, 10.0)
    assert load_tuning(store, encoder, keys) == right
    assert load_tuning(store, encoder, keys[60:]) == right  # most of them are still there
    assert load_tuning(store, encoder, keys[100:]) is None
    other = TunedVariant(Choosing("slow"))
    save_tuning(store, "it", encoder, keys[500:628], other, 10.0)
    assert load_tuning(store, encoder, keys[:1200]) == other  # the latest
    assert load_tuning(store, encoder, [*keys[:128], *keys[700:]]) == right


def test_nothing_is_measured_where_nothing_is_open(tmp_path: Path) -> None:
    keys = [f"{number:064x}" for number in range(2000)]
    settled = Choosing("wrong")
    assert load_tuning(Store(tmp_path), settled, keys) == TunedVariant(settled)
