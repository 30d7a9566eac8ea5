"""The `vectors` encoder: rows of a file, joined by name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from embedbench.comparison.api import compare
from embedbench.encoder import LookupEncoder
from embedbench.errors import EncoderError, InputError
from embedbench_vectors import VectorsEncoder, encoder_of_rows

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
    rows = VectorsEncoder(file).lookup(["cats/a.jpg", "dogs/a.jpg", "b.jpg", "c/b.jpg"][1:3])
    np.testing.assert_array_equal(rows, VECTORS[[0, 1]])


@pytest.mark.parametrize(
    "named",
    [
        ["cats\\a.jpg", "cats\\b.jpg", "dogs\\a.jpg"],
        ["C:\\data\\cats\\a.jpg", "C:\\data\\cats\\b.jpg", "C:\\data\\dogs\\a.jpg"],
        ["/mnt/old/cats/a.jpg", "/mnt/old/cats/b.jpg", "/mnt/old/dogs/a.jpg"],
        ["./cats/a", "./cats/b", "./dogs/a"],
        ["cats/a.png", "cats/b.png", "dogs/a.png"],
        ["Cats/A.JPG", "Cats/B.JPG", "Dogs/A.JPG"],
    ],
)
def test_names_match_as_those_of_labels_do(named: list[str], tmp_path: Path) -> None:
    rows = VectorsEncoder(_npy(tmp_path, named, VECTORS)).lookup(NAMES)
    np.testing.assert_array_equal(rows, VECTORS)


def test_two_names_that_fit_one_image_must_have_one_vector(tmp_path: Path) -> None:
    file = _npy(tmp_path, ["train/1.jpg", "test/1.jpg"], VECTORS[[0, 0]])
    np.testing.assert_array_equal(VectorsEncoder(file).lookup(["1.jpg"]), VECTORS[:1])
    file = _npy(tmp_path, ["train/1.jpg", "test/1.jpg"], VECTORS[:2])
    with pytest.raises(InputError, match="'train/1.jpg' and 'test/1.jpg' both fit .* '1.jpg'"):
        VectorsEncoder(file).lookup(["1.jpg"])


def test_accents_match_however_they_are_stored(tmp_path: Path) -> None:
    rows = VectorsEncoder(_npy(tmp_path, ["e\u0301t\u00e9.jpg"], VECTORS[:1])).lookup(
        ["\u00e9te\u0301.jpg"]
    )
    np.testing.assert_array_equal(rows, VECTORS[:1])


def test_an_image_without_a_vector_has_a_row_of_nan(tmp_path: Path) -> None:
    rows = VectorsEncoder(_npy(tmp_path, NAMES, VECTORS)).lookup(["cats/a.jpg", "owls/z.jpg"])
    np.testing.assert_array_equal(rows, [VECTORS[0], [np.nan] * 3])


def test_most_images_without_a_vector_are_refused_with_names_of_both_sides(tmp_path: Path) -> None:
    words = r"has vectors of 1 of 3 images: 'x.jpg' has none; its names are such as 'cats/a.jpg'"
    with pytest.raises(InputError, match=words):
        VectorsEncoder(_npy(tmp_path, NAMES, VECTORS)).lookup(["cats/a.jpg", "x.jpg", "y.jpg"])


def test_a_repeated_name_must_have_one_vector(tmp_path: Path) -> None:
    file = _npy(tmp_path, ["a.jpg", "b.jpg", "b.jpg"], VECTORS)
    with pytest.raises(InputError, match="'b.jpg' more than once, with different vectors"):
        VectorsEncoder(file).lookup(["a.jpg"])
    file = _npy(tmp_path, ["a.jpg", "b.jpg", "b.jpg", "./b.jpg"], VECTORS[[0, 1, 1, 1]])
    rows = VectorsEncoder(file).lookup(["b.jpg", "a.jpg"])
    np.testing.assert_array_equal(rows, VECTORS[[1, 0]])


def test_names_and_vectors_must_be_as_many(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are 3 vectors for 2 names"):
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
    for name in ("absent.npy", "absent.parquet", "absent.csv", "vectors.xyz"):
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


def _same(encoder: LookupEncoder) -> None:
    np.testing.assert_array_equal(encoder.lookup(NAMES[::-1]), VECTORS[::-1])


def test_vectors_from_python_are_found_by_name() -> None:
    frame = pd.DataFrame({"path": NAMES, "embedding": VECTORS.tolist()})
    indexed = pd.DataFrame(VECTORS, index=NAMES)
    for value in (frame, indexed, dict(zip(NAMES, VECTORS, strict=True))):
        _same(encoder_of_rows(value))
    _same(encoder_of_rows(VECTORS, NAMES))
    _same(encoder_of_rows(VECTORS.tolist(), NAMES))


def test_equal_content_from_python_has_one_fingerprint() -> None:
    first = encoder_of_rows(VECTORS, NAMES)
    assert first.weights_files() == ()
    same = encoder_of_rows(dict(zip(NAMES[::-1], VECTORS[::-1].astype(np.float64), strict=True)))
    assert first.fingerprint() == same.fingerprint()
    others = (encoder_of_rows(VECTORS + 1, NAMES), encoder_of_rows(VECTORS, NAMES[::-1]))
    assert len({first.fingerprint(), *(one.fingerprint() for one in others)}) == 3


def test_vectors_from_python_do_not_change_with_what_was_given() -> None:
    given = VECTORS.copy()
    encoder = encoder_of_rows(given, NAMES)
    given[:] = 0
    _same(encoder)


def test_vectors_from_python_that_cannot_be_used_are_refused() -> None:
    for value, names, words in (
        (VECTORS, None, "need names"),
        (VECTORS, NAMES[:2], "there are 3 vectors for 2 names"),
        ({"a.jpg": [1.0], "b.jpg": [1.0, 2.0]}, None, "of one length"),
        ({"a.jpg": [1.0]}, ["a.jpg"], "names of their own"),
        ([["a"], ["b"]], ["a", "b"], "must be numbers"),
        (np.full((1, 2), np.nan), ["a.jpg"], "vector of 'a.jpg' is not finite"),
        ({}, None, "holds no vectors"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            encoder_of_rows(value, names)
        assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("one_core")
def test_images_without_a_vector_are_left_out_of_the_whole_comparison(photographs: Path) -> None:
    names = sorted(str(path.relative_to(photographs)) for path in photographs.rglob("*.png"))
    random = np.random.default_rng(0)
    pd.DataFrame({"image": names[2:], "vector": random.normal(size=(34, 4)).tolist()}).to_parquet(
        photographs.parent / "mine.parquet"
    )
    results = compare(
        photographs, ["pixels", f"vectors:{photographs.parent / 'mine.parquet'}"], k="3",
        seeds=1, clusterers=["kmeans"], copies=0, projections=["pca"],
    )  # fmt: skip
    assert len(results.images) == 34
    assert results.failures["name"].tolist() == names[:2]
    assert set(results.failures["error"]) == {"no vector in 'mine.parquet'"}
