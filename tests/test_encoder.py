"""Promises of the contract: batches, order, checks, identity; written once, for every plug-in."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.encoder import Encoder, hash_file
from embedbench.errors import InputError

GREYS = [Image.new("RGB", (4, 4), (value, value, value)) for value in range(0, 220, 20)]


def test_rows_are_in_the_order_of_the_images(colour_encoder: Callable[..., Encoder]) -> None:
    rows = colour_encoder().encode(GREYS)
    assert rows.shape == (11, 12)
    assert np.allclose(rows[:, 0] * 255, range(0, 220, 20))


def test_every_batch_is_full() -> None:
    sizes = []

    class Counting(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            sizes.append(len(images))
            return np.zeros((len(images), 1), np.float32)

    assert len(Counting().encode(GREYS)) == 11
    assert sizes == [8, 8]


def test_no_images_is_an_error(colour_encoder: Callable[..., Encoder]) -> None:
    with pytest.raises(InputError, match="no images"):
        colour_encoder().encode([])


def test_the_fingerprint_changes_with_the_fields(colour_encoder: Callable[..., Encoder]) -> None:
    assert colour_encoder().fingerprint() == colour_encoder(side=2).fingerprint()
    assert colour_encoder().fingerprint() != colour_encoder(side=3).fingerprint()


def test_the_fingerprint_changes_with_the_weights_bytes(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"

    @dataclass(frozen=True)
    class Weighted(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            return np.zeros((len(images), 1), np.float32)

        def weights_files(self) -> list[Path]:
            return [file]

    file.write_bytes(b"one")
    one = Weighted().fingerprint()
    file.write_bytes(b"two")
    assert Weighted().fingerprint() != one


def test_a_file_counts_by_its_bytes_not_by_where_it_lies(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Filed(Encoder):
        file: str

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.zeros((len(images), 1), np.float32)

    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"same")
    assert Filed(str(tmp_path / "a")).fingerprint() == Filed(str(tmp_path / "b")).fingerprint()
    (tmp_path / "b").write_bytes(b"other")
    assert Filed(str(tmp_path / "a")).fingerprint() != Filed(str(tmp_path / "b")).fingerprint()


def test_hash_file_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc" * 1000)
    assert hash_file(tmp_path / "f") == hashlib.sha256(b"abc" * 1000).hexdigest()
