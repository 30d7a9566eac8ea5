"""Forms of vectors: smaller ways to store them, and the vectors as they are read back."""

import math
import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from embedbench.encoder import Vectors
from embedbench.errors import InputError, MissingLibraryError

__all__ = [
    "NO_FAISS",
    "bytes_of",
    "fitted_pca",
    "forms_of",
    "parsed_form",
    "to_form",
    "to_forms",
]

NO_FAISS = (
    "form 'pq:M' needs the library 'faiss-cpu', which is not installed; "
    'in your checkout run: pip install -e ".[search]"'
)

_ALLOWED = "float32, float16, int8, binary, pca:N, pca:N+int8, truncate:N, pq:M, pq:Mx4"
_PATTERN = re.compile(r"(float32|float16|int8|binary)|(?:(pca|truncate|pq):([1-9]\d*)(\+int8|x4)?)")
_COMPONENTS = (256, 128, 64, 32, 16, 8)
_COMPONENTS_AS_INT8 = (128, 32)
_PARTS = (64, 16)
_CENTROIDS = {"": 256, "x4": 16}
_A_CENTROID = 39
"""Pictures a centroid that faiss asks for: centroids of fewer remember the pictures themselves."""

_LEVELS = 255
_ROUNDING = 1e-6
_ITEM_BYTES = {"float32": 4, "float16": 2, "int8": 1}

Rows = Float64[np.ndarray, "images components"]
Fitted = Float64[np.ndarray, "gallery components"]
Stored = Float32[np.ndarray, "images stored"]
Gallery = Int[np.ndarray, " gallery"]


def forms_of(
    dim: int, gallery: int, trained_for: Sequence[int] = ()
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the forms that apply, and the reason of each that does not.

    Args:
        dim: number of dimensions of the vectors.
        gallery: number of images of the gallery, on which forms are fitted.
        trained_for: numbers of leading dimensions that the encoder was trained to be cut to
            (Kusupati et al. 2022, arXiv 2205.13147).
    """
    asked = ["float32", "float16", "int8", "binary"]
    asked += [f"pca:{count}" for count in _COMPONENTS]
    asked += [f"pca:{count}+int8" for count in _COMPONENTS_AS_INT8]
    asked += [f"truncate:{count}" for count in sorted(set(trained_for), reverse=True)]
    asked += [f"pq:{parts}{bits}" for bits in _CENTROIDS for parts in _PARTS]
    reasons = {form: _obstacle(form, dim, gallery) or _doubt(form, gallery) for form in asked}
    applying = tuple(form for form, reason in reasons.items() if reason is None)
    return applying, {form: reason for form, reason in reasons.items() if reason is not None}


def bytes_of(form: str, dim: int) -> int:
    """Return the bytes that one image takes, without what all images share, such as centroids.

    Args:
        form: one that `to_form` knows.
        dim: number of dimensions of the vectors.

    Raises:
        InputError: unknown form.
    """
    name, count, variant = parsed_form(form)
    match name:
        case "binary":
            return math.ceil(dim / 8)
        case "pca" | "truncate":
            return count * _ITEM_BYTES["int8" if variant else "float32"]
        case "pq":
            return math.ceil(count * math.log2(_CENTROIDS[variant]) / 8)
    return dim * _ITEM_BYTES[name]


def to_form(vectors: Vectors, form: str, seed: int = 0, gallery: Gallery | None = None) -> Stored:
    """Return the vectors as they are after they were stored in a form and read back.

    The result has the columns of the form, not always `dim`: N for `pca:N` and `truncate:N`.

    Args:
        vectors: embeddings, one row per image.
        form: one of
            `float32`: the vectors unchanged. All other forms are of rows of unit length.
            `float16`: half precision.
            `int8`: 256 equal steps between the lowest and the highest value of each dimension in
            the gallery; values beyond it become the nearest end.
            `binary`: 1 where a value is above the gallery's mean of its dimension, else -1; the
            cosine of two rows is 1 - 2 / dim times their Hamming distance.
            `pca:N`: the first N principal components of the gallery; `pca:N+int8` these as int8.
            `truncate:N`: the first N dimensions.
            `pq:M`: product quantisation (Jégou et al. 2011), M parts of the dimensions with 256
            centroids each; `pq:Mx4` with 16. Needs the library faiss.
        seed: seed of `pq:M`; the other forms do not depend on it.
        gallery: rows on which the form is fitted; None for all.

    Raises:
        InputError: unknown form, or one that does not apply to vectors of this shape.
        MissingLibraryError: `pq:M` without faiss.
    """
    return to_forms(vectors, [form], seed, gallery)[form]


def to_forms(
    vectors: Vectors, forms: Sequence[str], seed: int = 0, gallery: Gallery | None = None
) -> dict[str, Stored]:
    """Return the vectors in several forms, as `to_form`; what they share is computed once.

    Args:
        vectors: embeddings, one row per image.
        forms: as for `to_form`.
        seed: seed of `pq:M`.
        gallery: rows on which the forms are fitted; None for all.

    Raises:
        InputError: unknown form, or one that does not apply to vectors of this shape.
        MissingLibraryError: `pq:M` without faiss.
    """
    rows = np.arange(len(vectors)) if gallery is None else gallery
    for form in forms:
        reason = _obstacle(form, vectors.shape[1], len(rows))
        if reason is not None and reason == NO_FAISS:
            raise MissingLibraryError(reason)
        if reason is not None:
            raise InputError(reason)
    wide = vectors.astype(np.float64)
    unit: Rows = normalize(wide) if len(wide) else wide
    most = max([parsed_form(form)[1] for form in forms if parsed_form(form)[0] == "pca"], default=0)
    components = np.asarray(fitted_pca(unit[rows], most).transform(unit)) if most else unit[:, :0]
    found = {}
    for form in forms:
        name, count, variant = parsed_form(form)
        match name:
            case "float32":
                found[form] = vectors
            case "float16":
                found[form] = unit.astype(np.float16).astype(np.float32)
            case "int8":
                found[form] = _as_int8(unit, unit[rows])
            case "binary":
                found[form] = _signs(unit, unit[rows])
            case "pca":
                kept = components[:, :count]
                found[form] = _as_int8(kept, kept[rows]) if variant else kept.astype(np.float32)
            case "truncate":
                found[form] = np.ascontiguousarray(vectors[:, :count])
            case "pq":
                centroids = _CENTROIDS[variant]
                found[form] = _product_quantised(unit, unit[rows], count, centroids, seed)
    return found


def parsed_form(form: str) -> tuple[str, int, str]:
    """Return a form's name, its number (0 if it has none), and its variant: `+int8`, `x4` or "".

    Args:
        form: as for `to_form`.

    Raises:
        InputError: unknown form.
    """
    found = _PATTERN.fullmatch(form)
    plain, name, count, variant = found.groups() if found else (None, None, None, None)
    if not found or {"+int8": "pca", "x4": "pq"}.get(variant or "", name) != name:
        raise InputError(f"unknown form '{form}'; forms: {_ALLOWED}")
    return str(plain or name), int(count or 0), str(variant or "")


def _obstacle(form: str, dim: int, gallery: int) -> str | None:
    """Return why a form does not apply; None if it does."""
    name, count, variant = parsed_form(form)
    shape = f"here are {dim} dimensions and {gallery} pictures"
    if name != "float32" and not gallery:
        return f"form '{form}' needs a picture to be fitted on; there is none"
    if name == "truncate" and count >= dim:
        return f"form '{form}' needs more than {count} dimensions; there are {dim}"
    if name == "pca" and count >= min(dim, gallery - 1):
        return f"form '{form}' needs more than {count} dimensions and {count + 1} pictures; {shape}"
    if name == "pq":
        if count > dim:
            return f"form '{form}' needs {count} dimensions; there are {dim}"
        least = _CENTROIDS[variant]
        if gallery < least:
            return f"form '{form}' needs {least} pictures, one a centroid; there are {gallery}"
        if find_spec("faiss") is None:
            return NO_FAISS
    return None


def _doubt(form: str, gallery: int) -> str | None:
    """Return why a form that can be made would look better than it is; None if it would not."""
    name, _, variant = parsed_form(form)
    least = _A_CENTROID * _CENTROIDS[variant] if name == "pq" else 0
    if gallery >= least:
        return None
    return (
        f"form '{form}' is not judged with fewer than {least:,} pictures, {_A_CENTROID} a "
        f"centroid, since its centroids would remember them; there are {gallery}"
    )


def fitted_pca(gallery: Fitted, count: int) -> PCA:
    """Return the first principal components of the gallery, exact, with deterministic signs.

    Args:
        gallery: unit vectors, one row per image; more than `count`.
        count: number of components.
    """
    solver = "full" if gallery.shape[0] <= gallery.shape[1] else "covariance_eigh"
    # If all images are equal, the explained variance ratio is 0 / 0.
    with np.errstate(invalid="ignore"):
        return PCA(count, svd_solver=solver).fit(gallery)


def _signs(rows: Rows, gallery: Fitted) -> Float32[np.ndarray, "images components"]:
    """Return 1 where a value is above the gallery's mean of its column, else -1."""
    mean = gallery.mean(axis=0)
    # Equal values differ by float32 rounding, of which nothing is to be read.
    is_above = rows - mean > _ROUNDING * np.abs(mean)
    return np.where(is_above, np.float32(1), np.float32(-1))


def _as_int8(rows: Rows, gallery: Fitted) -> Float32[np.ndarray, "images components"]:
    """Return the rows in 256 steps of the gallery's range of each column."""
    low, high = gallery.min(axis=0), gallery.max(axis=0)
    step = np.where(high > low, (high - low) / _LEVELS, 1.0)
    codes = np.rint((rows - low) / step).clip(0, _LEVELS)
    return np.asarray(low + codes * step, dtype=np.float32)


def _product_quantised(
    rows: Rows, gallery: Fitted, parts: int, centroids: int, seed: int
) -> Float32[np.ndarray, "images components"]:
    """Return the rows with each part replaced by its nearest centroid."""
    import faiss

    # Columns of zeros make the parts equally wide, and change no distance.
    dim = rows.shape[1]
    wide = math.ceil(dim / parts) * parts
    padded, fitted = (
        np.pad(some.astype(np.float32), [(0, 0), (0, wide - dim)]) for some in (rows, gallery)
    )
    quantiser: Any = faiss.ProductQuantizer(wide, parts, int(math.log2(centroids)))
    quantiser.cp.seed = seed
    # It warns of fewer than 39 images a centroid.
    quantiser.cp.min_points_per_centroid = 1
    quantiser.train(fitted)
    read = quantiser.decode(quantiser.compute_codes(padded))
    return np.ascontiguousarray(read[:, :dim], dtype=np.float32)
