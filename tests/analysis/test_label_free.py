"""Promises of the criteria of one encoder: right at both ends, and nan where it cannot be known."""

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.label_free import AugmentedViews, EncoderScores, score_encoder
from embedbench.clustering.clusterers import KMeans
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.results.tables.purposes import PURPOSES, WORDS

OF_TEXTS = set(PURPOSES[WORDS])
WITH_LABELS = {metric.name for metric in ENCODER_METRICS if metric.needs_truth} - OF_TEXTS
OF_COPIES = {"augmentation_recall", "neighbour_retention", "cluster_retention"}
OF_SEVERAL_ENCODERS = {"consensus", "neighbour_consensus"}
OF_A_SPACE = {"silhouette_umap"}
NUMBERS = (
    {metric.name for metric in ENCODER_METRICS}
    - WITH_LABELS - OF_TEXTS - OF_COPIES - OF_SEVERAL_ENCODERS - OF_A_SPACE
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """As in the workers; with more, small runs of K-means wait for one another."""
    with threadpool_limits(1):
        yield


def clustered(
    images: int = 60, spread: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around four places, and the place of each."""
    random = np.random.default_rng(seed)
    truth = (np.arange(images) % 4).astype(np.int32)
    vectors = 3 * np.eye(4, 8)[truth] + spread * random.normal(size=(images, 8))
    return vectors.astype(np.float32), truth


def copies_of(vectors: np.ndarray, noise: float = 0.02) -> AugmentedViews:
    random = np.random.default_rng(9)
    rows = np.arange(0, len(vectors), 2)
    moved = vectors[rows] + noise * random.normal(size=(5, len(rows), vectors.shape[1]))
    return AugmentedViews(moved.astype(np.float32), rows)


def look(
    vectors: np.ndarray,
    truth: np.ndarray | None = None,
    copies: AugmentedViews | None = None,
    groups: np.ndarray | None = None,
    ks: tuple[int, ...] = (3, 4),
) -> EncoderScores:
    groups = np.arange(len(vectors)) if groups is None else groups
    labels = [
        [fit.labels for fit in fit_kmeans(vectors, [(k, seed) for seed in (0, 1)])] for k in ks
    ]
    targets = Targets(truth, (), groups)
    return score_encoder(vectors, copies, targets, np.array(labels), at(ks[-1]))


def at(k: int) -> EvaluationSettings:
    return EvaluationSettings([KMeans()], "l2", (k,), (0,))


def means(found: EncoderScores) -> dict[str, float]:
    return {name: score.mean for name, score in found.scores.items()}


def test_clear_clusters_are_seen_with_and_without_labels() -> None:
    vectors, truth = clustered()
    found = look(vectors, truth, copies_of(vectors), ks=(4,))
    assert set(found.scores) == WITH_LABELS | OF_COPIES and set(found.numbers) == NUMBERS
    values = means(found)
    assert all(values[name] == 1 for name in WITH_LABELS)
    assert values["cluster_retention"] == pytest.approx(1) and values["augmentation_recall"] > 0.9
    assert 0 < found.numbers["anisotropy"] < 0.3  # of four places at right angles: 14 / 59


def test_what_was_shuffled_or_drawn_at_random_finds_nothing() -> None:
    vectors, _ = clustered(200)
    found = look(vectors, None, copies_of(vectors))
    for null in (found.shuffled, found.random):
        assert set(null) == OF_COPIES | NUMBERS | {"stability"}
        assert abs(null["cluster_retention"]) < 0.05
        assert null["augmentation_recall"] < 0.05 and null["neighbour_retention"] < 0.1
    assert abs(found.random["anisotropy"]) < 0.01
    # Each column keeps its values, and with them the mean of the vectors.
    assert found.shuffled["anisotropy"] == pytest.approx(found.numbers["anisotropy"], abs=0.1)
    assert found.shuffled_assignments.shape == (2, 200)
    assert [len(np.unique(row)) for row in found.shuffled_assignments] == [3, 4]


def test_knn_accuracy_is_that_of_scikit_learn() -> None:
    vectors, truth = clustered(40, spread=1.5)
    right = []
    for left_out in range(40):
        others = np.delete(np.arange(40), left_out)
        voters = KNeighborsClassifier(10, metric="cosine", weights="distance")
        guess = voters.fit(vectors[others], truth[others]).predict(vectors[[left_out]])
        right.append(guess[0] == truth[left_out])
    found = look(vectors, truth)
    assert 0.2 < np.mean(right) < 1
    assert found.scores["knn_accuracy"].mean == pytest.approx(np.mean(right))


def test_without_labels_or_copies_those_criteria_are_missing() -> None:
    vectors, truth = clustered()
    assert set(look(vectors, truth).scores) == WITH_LABELS
    assert set(look(vectors, None, copies_of(vectors)).scores) == OF_COPIES
    bare = look(vectors)
    assert not bare.scores and set(bare.shuffled) == NUMBERS | {"stability"}


def test_only_labelled_images_count() -> None:
    vectors, truth = clustered()
    partly = np.where(np.arange(60) < 20, truth, -1).astype(np.int32)
    found = look(vectors, partly)
    assert all(found.scores[name].n_images == 20 for name in WITH_LABELS)
    assert all(not found.scores[name].influence[:, 20:].any() for name in WITH_LABELS)


def test_a_class_of_one_image_does_not_count() -> None:
    vectors, truth = clustered()
    alone = np.where(np.arange(60) == 7, 9, truth).astype(np.int32)
    found = look(vectors, alone)
    assert all(found.scores[name].n_images == 59 for name in WITH_LABELS)


def test_one_class_for_all_tells_nothing() -> None:
    """Retrieval of the only class cannot fail, and nothing can be learnt by a probe."""
    vectors, truth = clustered()
    values = means(look(vectors, 0 * truth))
    assert np.isnan(values["linear_probe"])
    assert values["knn_accuracy"] == values["retrieval_map"] == values["r_precision"] == 1


def test_a_duplicate_is_no_neighbour() -> None:
    """Noise with each image twice: were a copy a neighbour, it would always guess right."""
    random = np.random.default_rng(0)
    vectors = np.repeat(random.normal(size=(40, 16)), 2, axis=0).astype(np.float32)
    truth = np.repeat(random.integers(4, size=40), 2).astype(np.int32)
    groups = np.repeat(np.arange(40), 2)
    apart, leaking = (look(vectors, truth, groups=these) for these in (groups, np.arange(80)))
    assert means(apart)["knn_accuracy"] < 0.6 < 0.9 < means(leaking)["knn_accuracy"]
    assert means(apart)["linear_probe"] < 0.6


@pytest.mark.parametrize("images", [4, 6, 20])
def test_few_images_give_numbers_or_nan(images: int) -> None:
    """With fewer images than neighbours all of them are neighbours, and all are kept."""
    vectors, truth = clustered(images, spread=1)
    found = look(vectors, truth, copies_of(vectors), ks=(2,))
    assert means(found)["neighbour_retention"] == 1 or images == 20
    for value in [*means(found).values(), *found.numbers.values()]:
        assert isinstance(value, float) and not np.isinf(value)


def test_constant_vectors_give_chance_or_nan() -> None:
    """All rankings are ties: of 15 images of its class, 14 among 59 others."""
    _, truth = clustered()
    vectors = np.ones((60, 8), np.float32)
    labels = np.zeros((2, 2, 60), dtype=np.int32)
    found = score_encoder(
        vectors, copies_of(vectors, 0.0), Targets(truth, (), np.arange(60)), labels, at(4)
    )
    values = means(found)
    assert values["retrieval_map"] == pytest.approx(14 / 59)
    assert values["r_precision"] == pytest.approx(14 / 59)
    assert values["augmentation_recall"] == pytest.approx(1 / 30)  # all find the first image
    assert np.isnan(values["cluster_retention"])
    assert found.numbers["anisotropy"] == pytest.approx(1)
    assert np.isnan([found.numbers["effective_rank"], found.numbers["intrinsic_dimension"]]).all()


def test_the_same_input_gives_the_same_numbers_and_is_not_changed() -> None:
    vectors, truth = clustered(spread=1)
    copies = copies_of(vectors)
    before = [part.copy() for part in (vectors, truth, copies.vectors, copies.rows)]
    one, other = (look(vectors, truth, copies) for _ in range(2))
    assert means(one) == means(other)
    assert one.shuffled == other.shuffled and one.random == other.random
    for part, old in zip((vectors, truth, copies.vectors, copies.rows), before, strict=True):
        np.testing.assert_array_equal(part, old)


def test_one_copy_that_is_missing_costs_that_copy_alone() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(40, 200)).astype(np.float32)
    copies = copies_of(vectors)
    copies.vectors[2, 3] = np.nan
    found = look(vectors, None, copies)
    assert found.scores["augmentation_recall"].mean > 0.9
    assert found.shuffled["augmentation_recall"] < 0.2


def test_a_k_that_splits_off_one_image_leaves_the_other_ks() -> None:
    vectors, truth = clustered()
    odd = (np.arange(60) == 1).astype(np.int32)  # no copies are made of it
    labels = np.stack([np.stack([odd, odd]), np.stack([truth, truth])])
    copies = copies_of(vectors)
    found = score_encoder(vectors, copies, Targets(None, (), np.arange(60)), labels, at(4))
    assert found.scores["cluster_retention"].mean == pytest.approx(1, abs=0.05)
