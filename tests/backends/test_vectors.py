"""The `vectors` encoder: rows of a file, joined by name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from embedbench.errors import EncoderError, InputError
from embedbench_vectors import VectorsEncoder

NAMES = ["cats/a.jpg", "cats/b.jpg", "dogs/a.jpg"]
VECTORS = np.array([[0.5, 1, 2], [3, 4, 5], [6, 7, -8]], np.float32)


def _npy(folder: Path, names: list[str], vectors: np.ndarray) -> Path:
    np.save(folder / "rows.npy", vectors)
    (folder / "rows.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return folder / "rows.npy"


def _parquet(folder: Path, names: list[str], vectors: list[object]) -> Path:
    table = pd.DataFrame({"image": names, "vector": vectors})
    table.to_parquet(folder / "rows.parquet")
    return folder / "rows.parquet"


@pytest.mark.parametrize("kind", ["npy", "parquet"])
def test_rows_come_in_the_order_of_the_names(kind: str, tmp_path: Path) -> None:
    if kind == "npy":
        file = _npy(tmp_path, NAMES, VECTORS)
    else:
        file = _parquet(tmp_path, NAMES, VECTORS.tolist())
    rows = VectorsEncoder(file).lookup(NAMES[::-1])
    np.testing.assert_array_equal(rows, VECTORS[::-1])
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(VectorsEncoder(file).lookup(NAMES[1:2]), VECTORS[1:2])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays(np.float32, (4, 3), elements=st.floats(-(2.0**100), 2.0**100, width=32)),
    st.permutations(range(4)),
)
def test_what_is_saved_comes_back(tmp_path: Path, vectors: np.ndarray, order: list[int]) -> None:
    names = [f"{row}.png" for row in range(4)]
    for file in (_npy(tmp_path, names, vectors), _parquet(tmp_path, names, vectors.tolist())):
        rows = VectorsEncoder(file).lookup([names[row] for row in order])
        np.testing.assert_array_equal(rows, vectors[order])


def test_a_file_name_alone_will_do_where_it_is_unique(tmp_path: Path) -> None:
    file = _npy(tmp_path, ["a.jpg", "b.jpg"], VECTORS[:2])
    rows = VectorsEncoder(file).lookup(["cats/b.jpg", "cats/a.jpg"])
    np.testing.assert_array_equal(rows, VECTORS[[1, 0]])
    with pytest.raises(InputError, match="no vector for the image 'cats/a.jpg'"):
        VectorsEncoder(file).lookup(["cats/a.jpg", "dogs/a.jpg"])


def test_a_missing_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no vector for the image 'dogs/z.jpg'"):
        VectorsEncoder(_npy(tmp_path, NAMES, VECTORS)).lookup(["cats/a.jpg", "dogs/z.jpg"])


def test_a_repeated_name_is_named(tmp_path: Path) -> None:
    file = _npy(tmp_path, ["a.jpg", "b.jpg", "b.jpg"], VECTORS)
    with pytest.raises(InputError, match="has the image 'b.jpg' more than once"):
        VectorsEncoder(file).lookup(["a.jpg"])


def test_names_and_vectors_must_be_as_many(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has 3 vectors for 2 names"):
        VectorsEncoder(_npy(tmp_path, NAMES[:2], VECTORS)).lookup(NAMES[:1])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_vector_that_is_not_finite_is_named(value: float, tmp_path: Path) -> None:
    vectors = VECTORS.astype(np.float64)
    vectors[1, 2] = value
    with pytest.raises(InputError, match="vector of 'cats/b.jpg' is not finite"):
        VectorsEncoder(_npy(tmp_path, NAMES, vectors)).lookup(NAMES)


@pytest.mark.parametrize("vectors", [[[1.0], [1.0, 2.0]], [[1.0], None], ["a", "b"]])
def test_vectors_must_be_as_many_numbers_in_each_row(vectors: list[object], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="rows.parquet"):
        VectorsEncoder(_parquet(tmp_path, NAMES[:2], vectors)).lookup(NAMES[:1])


def test_files_that_cannot_be_used_are_input_errors(tmp_path: Path) -> None:
    pd.DataFrame({"name": ["a"]}).to_parquet(tmp_path / "columns.parquet")
    np.save(tmp_path / "nameless.npy", VECTORS)
    np.save(tmp_path / "pickled.npy", np.array([{"code": 1}], dtype=object))
    (tmp_path / "pickled.txt").write_text("a.jpg\n")
    (tmp_path / "broken.parquet").write_text("no table")
    _npy(tmp_path, ["a.jpg"] * 3, VECTORS[:, 0])
    for name in ("columns.parquet", "nameless.npy", "pickled.npy", "broken.parquet", "rows.npy"):
        with pytest.raises(InputError, match=name):
            VectorsEncoder(tmp_path / name).lookup(["a.jpg"])
    for name in ("absent.npy", "absent.parquet", "table.csv"):
        with pytest.raises(InputError, match=name):
            VectorsEncoder(tmp_path / name).lookup(["a.jpg"])


def test_the_fingerprint_changes_with_rows_and_with_names(tmp_path: Path) -> None:
    first = VectorsEncoder(_npy(tmp_path, NAMES, VECTORS)).fingerprint()
    second = VectorsEncoder(_npy(tmp_path, NAMES, VECTORS + 1)).fingerprint()
    third = VectorsEncoder(_npy(tmp_path, NAMES[::-1], VECTORS + 1)).fingerprint()
    assert len({first, second, third}) == 3


def test_it_encodes_no_images(tmp_path: Path) -> None:
    encoder = VectorsEncoder(_npy(tmp_path, NAMES, VECTORS))
    with pytest.raises(EncoderError, match="made elsewhere"):
        encoder.encode([Image.new("RGB", (8, 8))])
