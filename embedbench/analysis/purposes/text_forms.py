"""Forms of the vectors of images, and the vectors of texts that are compared with them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32, Float64
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from embedbench.analysis.purposes.forms import fitted_pca, parsed_form, to_forms
from embedbench.encoder import Vectors

__all__ = ["to_forms_with_texts"]

Texts = Float32[np.ndarray, "texts dim"]
Both = tuple[Float32[np.ndarray, "images stored"], Float32[np.ndarray, "texts stored"]]
Rows = Float64[np.ndarray, "images dim"]


def to_forms_with_texts(
    vectors: Vectors, texts: Texts, forms: Sequence[str], seed: int = 0
) -> dict[str, Both]:
    """Return images in several forms, as `to_forms`, each with the texts to compare with them.

    Only images are stored in a form, which is fitted on them. Texts are queries and are not
    rounded (asymmetric distance, Jégou et al. 2011). Their cosines to images are those in the
    encoder's own space, so a form that loses nothing changes no cosine:

    - `binary`: a bit is read as the mean of the images' values on its side.
    - `pca:N`: the images' mean is added again, and texts are projected on the space of the axes
      and this mean: N + 1 columns.
    - `truncate:N`: images and texts are cut.

    Args:
        vectors: embeddings of the images, one row each.
        texts: embeddings of texts by the same encoder.
        forms: as for `to_form`.
        seed: seed of `pq:M`.

    Raises:
        InputError: unknown form, or one that does not apply to vectors of this shape.
        MissingLibraryError: `pq:M` without faiss.
    """
    unit = normalize(vectors.astype(np.float64))
    parts = {form: parsed_form(form) for form in forms}
    most = max((count for name, count, _ in parts.values() if name == "pca"), default=0)
    stored = to_forms(vectors, forms, seed)
    pca = fitted_pca(unit, most) if most else None
    found: dict[str, Both] = {}
    for form, images in stored.items():
        name, count, _ = parts[form]
        if name == "pca" and pca is not None:
            found[form] = _with_mean(images, texts, pca, count)
        elif name == "binary":
            found[form] = _means_of_sides(unit, images > 0), texts
        else:
            found[form] = images, texts[:, : images.shape[1]]
    return found


def _with_mean(
    components: Float32[np.ndarray, "images count"],
    texts: Texts,
    pca: PCA,
    count: int,
) -> Both:
    """Return images and texts along the first axes, and along the rest of the images' mean."""
    axes, mean = pca.components_[:count], pca.mean_
    along = axes @ mean
    rest = mean - along @ axes
    length = np.linalg.norm(rest)
    basis = np.vstack([axes, rest / max(length, np.finfo(np.float64).tiny)])
    images = np.column_stack([components + along, np.full(len(components), length)])
    return images.astype(np.float32), (texts.astype(np.float64) @ basis.T).astype(np.float32)


def _means_of_sides(
    rows: Rows, is_above: Bool[np.ndarray, "images dim"]
) -> Float32[np.ndarray, "images dim"]:
    """Return, for each value, the mean of its column's values on the same side."""
    means = [
        np.where(side, rows, 0).sum(axis=0) / np.maximum(side.sum(axis=0), 1)
        for side in (is_above, ~is_above)
    ]
    return np.asarray(np.where(is_above, *means), dtype=np.float32)
