"""Promises of forms beside texts: texts stay whole, and no cosine changes where nothing is lost."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from embedbench.analysis.purposes.forms import forms_of, to_forms
from embedbench.analysis.purposes.text_forms import to_forms_with_texts
from embedbench.errors import InputError

RANDOM = np.random.default_rng(0)
VECTORS = (RANDOM.normal(size=(200, 12)) + 1).astype(np.float32)
TEXTS = (RANDOM.normal(size=(9, 12)) - 1).astype(np.float32)
UNIT = normalize(VECTORS.astype(np.float64))


def test_texts_are_as_they_were_beside_images_in_their_form() -> None:
    found = to_forms_with_texts(VECTORS, TEXTS, ["float32", "float16", "int8", "binary"])
    for form, (images, texts) in found.items():
        assert np.array_equal(texts, TEXTS), form
        if form != "binary":
            assert np.array_equal(images, to_forms(VECTORS, [form])[form])


def test_components_change_no_cosine_where_images_have_no_others() -> None:
    """The images lie far from 0 on one side of it, as those of image-text encoders do."""
    axes = np.linalg.qr(RANDOM.normal(size=(12, 9)))[0].T
    images = ((RANDOM.normal(size=(200, 9)) + 5) @ axes).astype(np.float32)
    texts = ((RANDOM.normal(size=(9, 9)) - 5) @ axes).astype(np.float32)
    stored, read = to_forms_with_texts(images, texts, ["pca:9"])["pca:9"]
    assert stored.shape == (200, 10) and read.shape == (9, 10)
    assert cosine_similarity(read, stored) == pytest.approx(
        cosine_similarity(texts, images), abs=1e-5
    )


def test_with_few_components_cosines_are_those_of_the_projected_vectors() -> None:
    mean = UNIT.mean(axis=0)
    axes = np.linalg.svd(UNIT - mean, full_matrices=False)[2][:3]
    images = (UNIT - mean) @ axes.T @ axes + mean
    span = np.vstack([axes, mean]).T
    texts = (span @ np.linalg.lstsq(span, TEXTS.astype(np.float64).T)[0]).T
    stored, read = to_forms_with_texts(VECTORS, TEXTS, ["pca:3"])["pca:3"]
    assert cosine_similarity(read, stored) == pytest.approx(
        cosine_similarity(texts, images), abs=1e-5
    )


def test_components_as_int8_are_near_to_components_and_texts_the_same() -> None:
    found = to_forms_with_texts(VECTORS, TEXTS, ["pca:3", "pca:3+int8"])
    (whole, texts), (rounded, same) = found.values()
    assert np.array_equal(texts, same)
    step = np.ptp(whole, axis=0) / 255
    assert (np.abs(rounded - whole) <= 0.501 * step + 1e-6).all() and (rounded != whole).any()


def test_a_bit_is_read_as_the_mean_of_its_side() -> None:
    images, _ = to_forms_with_texts(VECTORS, TEXTS, ["binary"])["binary"]
    for column, values in zip(images.T, UNIT.T, strict=True):
        above = values > values.mean()
        assert column[above] == pytest.approx(values[above].mean(), abs=1e-6)
        assert column[~above] == pytest.approx(values[~above].mean(), abs=1e-6)


def test_truncation_cuts_both() -> None:
    images, texts = to_forms_with_texts(VECTORS, TEXTS, ["truncate:5"])["truncate:5"]
    assert np.array_equal(images, VECTORS[:, :5]) and np.array_equal(texts, TEXTS[:, :5])


@pytest.mark.parametrize("kind", ["constant", "zeros", "no texts"])
def test_vectors_of_little_use_have_finite_forms(kind: str) -> None:
    vectors = {"constant": VECTORS * 0 + 0.1, "zeros": VECTORS * 0}.get(kind, VECTORS)
    texts = TEXTS[: 0 if kind == "no texts" else 9]
    forms, _ = forms_of(12, 200)
    for form, rows in to_forms_with_texts(vectors.astype(np.float32), texts, forms).items():
        assert all(np.isfinite(some).all() for some in rows), form
        assert [len(some) for some in rows] == [200, len(texts)]


def test_forms_that_do_not_apply_are_errors() -> None:
    with pytest.raises(InputError, match="needs more than 12 dimensions"):
        to_forms_with_texts(VECTORS, TEXTS, ["pca:12"])
