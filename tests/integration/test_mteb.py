"""mteb's evaluators give the same numbers of the same vectors, where they measure the same."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from embedbench.metrics.embedding.retrieval import retrieval
from embedbench.metrics.embedding.words import class_vectors, text_to_image, zero_shot_correct

pytest.importorskip("mteb")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of what mteb imports

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 4, 90)
CENTRES = RANDOM.normal(size=(4, 8))
IMAGES = (CENTRES[LABELS] + 1.5 * RANDOM.normal(size=(90, 8))).astype(np.float32)
TEXTS = (IMAGES + 1.5 * RANDOM.normal(size=(90, 8))).astype(np.float32)
PROMPTS = (CENTRES + RANDOM.normal(size=(4, 8))).astype(np.float32)
ALONE = np.arange(90)
KS = [1, 5, 10]


def scores_of_mteb(
    queries: np.ndarray, gallery: np.ndarray, found: np.ndarray, right: np.ndarray
) -> dict[str, float]:
    """Return mteb's retrieval scores of rankings by cosine.

    Args:
        queries: vectors of the queries.
        gallery: vectors of the images.
        found: whether each query may find each image.
        right: whether each image is a right answer.
    """
    metrics = pytest.importorskip("mteb._evaluators.retrieval_metrics")
    similarity = pytest.importorskip("mteb.similarity_functions")
    cosines = similarity.cos_sim(queries.astype(np.float64), gallery.astype(np.float64)).numpy()
    results, judged = {}, {}
    for query, images in enumerate(found):
        rows = np.flatnonzero(images)
        results[f"q{query}"] = {f"i{row}": float(cosines[query, row]) for row in rows}
        judged[f"q{query}"] = {f"i{row}": int(right[query, row]) for row in rows}
    every = metrics.calculate_retrieval_scores(results, judged, [*KS, len(gallery)])
    scores = {"average_precision": every.map[f"MAP@{len(gallery)}"]}
    scores["reciprocal_rank"] = every.mrr[f"MRR@{len(gallery)}"]
    for k in KS:
        scores |= {f"precision@{k}": every.precision[f"P@{k}"]}
        scores |= {f"recall@{k}": every.recall[f"Recall@{k}"]}
    return scores


@pytest.mark.parametrize("apart", [False, True], ids=["among all others", "queries apart"])
def test_search_has_the_scores_of_mteb(apart: bool) -> None:
    groups = ALONE // 2
    queries, gallery = (ALONE[:31], ALONE[31:]) if apart else (ALONE, ALONE)
    scores = retrieval(IMAGES, LABELS, groups, queries, gallery).estimates()
    expected = scores_of_mteb(
        IMAGES[queries],
        IMAGES[gallery],
        groups[queries][:, None] != groups[gallery],
        LABELS[queries][:, None] == LABELS[gallery],
    )
    for name, value in expected.items():
        # mteb rounds to five digits.
        assert scores[name].mean == pytest.approx(value, abs=6e-6), name
    assert 0.4 < expected["precision@1"] < 0.9


def test_images_are_found_by_their_texts_as_by_mteb() -> None:
    found = text_to_image(IMAGES, TEXTS, np.stack([ALONE, ALONE], axis=1), ALONE)
    expected = scores_of_mteb(TEXTS, IMAGES, np.ones((90, 90), bool), np.eye(90) > 0)
    names = {"text_reciprocal_rank": "reciprocal_rank"}
    names |= {f"text_recall_at_{k}": f"recall@{k}" for k in KS}
    for name, other in names.items():
        assert found[name].mean() == pytest.approx(expected[other], abs=6e-6), name
    assert 0.2 < expected["recall@1"] < expected["recall@10"] < 1


class GivenVectors:
    """An encoder of mteb's kind whose vectors are given, by names that stand for them."""

    def __init__(self, vectors: dict[str, np.ndarray]) -> None:
        self.vectors = vectors

    def encode(self, inputs: Any, **_: Any) -> np.ndarray:
        return np.stack([self.vectors[name] for batch in inputs for name in batch["text"]])

    def similarity(self, one: np.ndarray, other: np.ndarray) -> Any:
        return pytest.importorskip("mteb.similarity_functions").cos_sim(one, other)


def test_zero_shot_predicts_what_mteb_predicts() -> None:
    mteb = pytest.importorskip("mteb._evaluators.zeroshot_classification_evaluator")
    timing = pytest.importorskip("mteb.timing")
    images = {f"image {row}": vector for row, vector in enumerate(IMAGES)}
    labels = {f"label {row}": vector for row, vector in enumerate(PROMPTS)}
    evaluate = mteb.ZeroShotClassificationEvaluator(
        {"name": list(images)},
        "name",
        list(labels),
        task_metadata=SimpleNamespace(modalities=["text"]),
        hf_split="test",
        hf_subset="default",
        timer=timing.TimingStack(),
    )
    fits = evaluate(GivenVectors(images | labels), encode_kwargs={"batch_size": 7})
    right = np.asarray(fits).argmax(axis=1) == LABELS
    found = zero_shot_correct(IMAGES, class_vectors(PROMPTS, 1), LABELS)
    np.testing.assert_array_equal(found, right)
    assert 0.4 < right.mean() < 0.95
