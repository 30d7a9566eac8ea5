"""Promises of the forms of vectors: those of other libraries, and few bytes."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from embedbench.analysis.purposes.forms import (
    NO_FAISS,
    bytes_of,
    forms_of,
    to_form,
    to_forms,
)
from embedbench.errors import InputError, MissingLibraryError

RANDOM = np.random.default_rng(0)
VECTORS = (RANDOM.normal(size=(300, 40)) * RANDOM.exponential(size=40) + 1).astype(np.float32)
UNIT = normalize(VECTORS.astype(np.float64))
GALLERY = np.arange(260)
FORMS = ("float32", "float16", "int8", "binary", "pca:32", "pca:16", "pca:8", "pca:32+int8",
         "truncate:20", "pq:16", "pq:16x4")  # fmt: skip


# Which apply


def test_forms_apply_by_dimensions_and_pictures() -> None:
    pytest.importorskip("faiss")
    applying, reasons = forms_of(40, 300, trained_for=(20, 40))
    assert applying == FORMS[:-2]
    assert set(reasons) == {
        "pca:256", "pca:128", "pca:64", "pca:128+int8", "truncate:40", "pq:64", "pq:16",
        "pq:64x4", "pq:16x4",
    }  # fmt: skip
    assert reasons["pca:64"] == (
        "form 'pca:64' needs more than 64 dimensions and 65 pictures; "
        "here are 40 dimensions and 300 pictures"
    )
    assert (
        reasons["truncate:40"] == "form 'truncate:40' needs more than 40 dimensions; there are 40"
    )


def test_few_pictures_have_no_centroids_and_few_components() -> None:
    applying, reasons = forms_of(1280, 17)
    assert [form for form in applying if form.startswith("pca")] == ["pca:8"]
    assert reasons["pq:16"] == "form 'pq:16' needs 256 pictures, one a centroid; there are 17"
    assert "pca:16" in forms_of(1280, 18)[0]


def test_product_quantisation_is_judged_where_its_centroids_cannot_remember_the_pictures() -> None:
    pytest.importorskip("faiss")
    of = {count: forms_of(1280, count) for count in (623, 624, 9983, 9984)}
    kept = {count: [form for form in found[0] if "pq" in form] for count, found in of.items()}
    assert kept == {
        623: [],
        624: ["pq:64x4", "pq:16x4"],
        9983: ["pq:64x4", "pq:16x4"],
        9984: ["pq:64", "pq:16", "pq:64x4", "pq:16x4"],
    }
    assert of[623][1]["pq:16x4"] == (
        "form 'pq:16x4' is not judged with fewer than 624 pictures, 39 a centroid, since its "
        "centroids would remember them; there are 623"
    )


def test_no_encoder_is_cut_that_was_not_trained_for_it() -> None:
    assert not [form for form in forms_of(1280, 500)[0] if form.startswith("truncate")]


@pytest.mark.parametrize("images", [0, 1])
def test_one_picture_has_forms_that_are_not_learned_from_many(images: int) -> None:
    applying, reasons = forms_of(40, images)
    assert applying == (FORMS[:4] if images else ("float32",))
    assert all(reasons.values())
    for form, vectors in to_forms(VECTORS[:images], applying).items():
        assert vectors.shape == (images, 40) and np.isfinite(vectors).all(), form


def test_without_the_library_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedbench.analysis.purposes.forms.find_spec", lambda _: None)
    assert forms_of(40, 300)[1]["pq:16"] == NO_FAISS
    with pytest.raises(MissingLibraryError, match="pip install"):
        to_form(VECTORS, "pq:16")


def test_only_product_quantisation_loads_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert set(to_forms(VECTORS, FORMS[:-2])) == set(FORMS[:-2])


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("int4", "unknown form 'int4'; forms: float32,"),
        ("pca:0", "unknown form"),
        ("truncate:8+int8", "unknown form"),
        ("pca:8x4", "unknown form"),
        ("pq:8+int8", "unknown form"),
        ("int8x4", "unknown form"),
        ("pca:40", "needs more than 40 dimensions and 41 pictures"),
        ("truncate:40", "needs more than 40 dimensions"),
        ("pq:41", "needs 41 dimensions; there are 40"),
    ],
)
def test_forms_that_do_not_apply_are_errors(form: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("+", r"\+")):
        to_form(VECTORS, form)


def test_bytes_of_an_image() -> None:
    expected = {
        "float32": 160, "float16": 80, "int8": 40, "binary": 5, "pca:32": 128, "pca:8": 32,
        "pca:32+int8": 32, "truncate:20": 80, "pq:16": 16, "pq:16x4": 8, "pq:5x4": 3,
    }  # fmt: skip
    assert {form: bytes_of(form, 40) for form in expected} == expected
    assert bytes_of("binary", 41) == 6 == len(np.packbits(np.ones(41, bool)))
    assert UNIT[0].astype(np.float16).nbytes == 80


# What is read back


def test_float32_is_the_vectors_and_float16_is_numpys() -> None:
    assert np.array_equal(to_form(VECTORS, "float32"), VECTORS)
    assert np.array_equal(to_form(VECTORS, "float16"), UNIT.astype(np.float16).astype(np.float32))


def test_int8_is_within_a_step_of_faiss() -> None:
    faiss = pytest.importorskip("faiss")
    peer = faiss.IndexScalarQuantizer(40, faiss.ScalarQuantizer.QT_8bit)
    peer.train(UNIT[GALLERY].astype(np.float32))
    expected = peer.sa_decode(peer.sa_encode(UNIT.astype(np.float32)))
    step = np.ptp(UNIT[GALLERY], axis=0) / 255
    found = to_form(VECTORS, "int8", gallery=GALLERY)
    assert (np.abs(found - expected) <= step * 1.01).all()
    # Inside the range no step is nearer.
    assert (np.abs(found - UNIT)[GALLERY] <= step * 0.501).all()
    assert all(len(np.unique(column)) <= 256 for column in found.T)


def test_binary_is_numpys_bits_and_its_cosine_is_hammings() -> None:
    bits = UNIT > UNIT[GALLERY].mean(axis=0)
    found = to_form(VECTORS, "binary", gallery=GALLERY)
    assert np.array_equal(found > 0, bits) and set(np.unique(found)) == {-1, 1}
    packed = np.packbits(bits, axis=1)
    assert packed.shape[1] == bytes_of("binary", 40)
    differing = np.unpackbits(packed[:, None] ^ packed[None], axis=2).sum(axis=2)
    assert cosine_similarity(found) == pytest.approx(1 - 2 * differing / 40, abs=1e-5)


@pytest.mark.parametrize("images", [300, 30])
def test_components_are_those_of_a_singular_value_decomposition(images: int) -> None:
    rows = np.arange(images - 4)
    centred = UNIT[:images] - UNIT[rows].mean(axis=0)
    axes = np.linalg.svd(centred[rows])[2][:8]
    found = to_form(VECTORS[:images], "pca:8", gallery=rows)
    assert np.abs(found) == pytest.approx(np.abs(centred @ axes.T), abs=1e-6)


def test_components_as_int8_are_those_components() -> None:
    found = to_forms(VECTORS, ["pca:16", "pca:8", "pca:8+int8"])
    assert np.array_equal(found["pca:16"][:, :8], found["pca:8"])
    assert found["pca:8"] == pytest.approx(to_form(VECTORS, "pca:8"), abs=1e-6)
    step = np.ptp(found["pca:8"], axis=0) / 255
    assert (np.abs(found["pca:8+int8"] - found["pca:8"]) <= step * 0.501).all()


def test_truncation_keeps_the_first_dimensions() -> None:
    assert np.array_equal(to_form(VECTORS, "truncate:20"), VECTORS[:, :20])


@pytest.mark.parametrize(("bits", "name"), [(8, ""), (4, "x4")])
@pytest.mark.parametrize(("parts", "dim"), [(16, 40), (8, 40)], ids=["padded", "even"])
def test_product_quantisation_is_that_of_faiss(parts: int, dim: int, bits: int, name: str) -> None:
    faiss = pytest.importorskip("faiss")
    wide = -(-dim // parts) * parts
    padded = np.zeros((300, wide), np.float32)
    padded[:, :dim] = UNIT
    peer = faiss.IndexPQ(wide, parts, bits)
    peer.pq.cp.seed = 3
    peer.pq.cp.min_points_per_centroid = 1
    peer.train(padded[GALLERY])
    expected = peer.sa_decode(peer.sa_encode(padded))[:, :dim]
    found = to_form(VECTORS, f"pq:{parts}{name}", seed=3, gallery=GALLERY)
    assert np.array_equal(found, expected)
    assert peer.sa_code_size() == bytes_of(f"pq:{parts}{name}", dim)


def test_images_outside_the_gallery_change_no_form() -> None:
    pytest.importorskip("faiss")
    other = VECTORS.copy()
    other[260:] *= RANDOM.normal(size=(40, 40)).astype(np.float32) * 5
    found, changed = (to_forms(rows, FORMS, 1, GALLERY) for rows in (VECTORS, other))
    for form in FORMS:
        assert found[form][:260] == pytest.approx(changed[form][:260], abs=1e-6), form
        assert found[form].dtype == np.float32, form


# Bad vectors


@pytest.mark.parametrize("kind", ["constant", "zeros", "scaled", "constant columns", "huge"])
def test_vectors_of_little_use_have_finite_forms(kind: str) -> None:
    pytest.importorskip("faiss")
    vectors = {
        "constant": np.full((300, 40), 0.1),
        "zeros": np.zeros((300, 40)),
        "scaled": np.outer(1 + np.arange(300), np.linspace(0.1, 1, 40)),
        "constant columns": np.where(np.arange(40) < 30, 5, VECTORS),
        "huge": VECTORS * 1e30,
    }[kind].astype(np.float32)
    for form, found in to_forms(vectors, FORMS).items():
        assert np.isfinite(found).all(), form
    if kind in ("constant", "zeros", "scaled"):
        # Rows that differ by rounding only have the same bits.
        assert (to_form(vectors, "binary") == -1).all()


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, (9, 6), elements=st.integers(-2, 2).map(float)))
def test_any_vectors_have_forms_of_as_many_rows(vectors: np.ndarray) -> None:
    applying, _ = forms_of(6, 9)
    for form, found in to_forms(vectors, applying).items():
        assert found.shape == (9, 6) and np.isfinite(found).all(), form
