"""Promises of what encoders find: the rankings that are scored, for queries that differ."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_similarity

from embedbench.analysis.inputs import Targets
from embedbench.analysis.measurement import neighbours_and_search
from embedbench.analysis.purposes.search_answers import (
    DIFFER,
    RANDOM,
    chosen_queries,
    search_answers,
)
from embedbench.metrics.embedding.retrieval import FOUND, Retrieval
from embedbench.results.schema import TABLES

GENERATOR = np.random.default_rng(0)


def vectors(images: int) -> np.ndarray:
    return GENERATOR.normal(size=(images, 4)).astype(np.float32)


def searched(encoders: dict[str, np.ndarray], targets: Targets) -> dict[str, Retrieval]:
    return {name: neighbours_and_search(own, targets, None)[1] for name, own in encoders.items()}


def answers(encoders: dict[str, np.ndarray], targets: Targets) -> dict[str, pd.DataFrame]:
    names = [f"{row}.png" for row in range(len(targets.groups))]
    return search_answers(searched(encoders, targets), targets, names, 0)


def test_the_scores_of_search_follow_from_the_answers() -> None:
    """Of nine images the eight others are all shown, so nothing of the ranking is left out."""
    encoders = {"one": vectors(9), "other": vectors(9)}
    targets = Targets(np.array([0, 0, 0, 0, 1, 1, 1, 2, -1]), "abc", np.arange(9))
    tables, found = answers(encoders, targets), searched(encoders, targets)
    for name, table in tables.items():
        assert list(table) == list(TABLES["search_answers"].columns)[1:]
        assert set(table["query"]) == {f"{row}.png" for row in range(7)}  # 7 and 8 have no answer
        places = found[name].names.index("precision@5")
        for query, rows in table.groupby("query"):
            row = int(str(query).removesuffix(".png"))
            assert rows["rank"].tolist() == list(range(1, 8))
            expected = average_precision_score(rows["is_right"], rows["similarity"])
            assert rows["average_precision"].to_numpy() == pytest.approx(expected)
            precision = rows["is_right"].head(5).mean()
            assert found[name].values[places, row] == pytest.approx(precision)
            assert set(rows["right_answers"]) == {int(rows["is_right"].sum())}


@pytest.mark.parametrize("is_query", [None, np.arange(60) < 30])
def test_answers_are_the_nearest_of_the_gallery_without_near_duplicates(
    is_query: np.ndarray | None,
) -> None:
    own, groups = vectors(60), np.arange(60) // 2
    targets = Targets(np.arange(60) % 3, "abc", groups, is_query)
    table = answers({"one": own}, targets)["one"]
    gallery = np.arange(60) if is_query is None else np.flatnonzero(~is_query)
    cosines = cosine_similarity(own.astype(np.float64))
    assert len(table) == 12 * FOUND and set(table["chosen"]) == {RANDOM}  # one encoder: no other
    for query, rows in table.groupby("query"):
        row = int(str(query).removesuffix(".png"))
        assert is_query is None or is_query[row]
        others = gallery[groups[gallery] != groups[row]]
        nearest = others[np.argsort(-cosines[row, others])][:FOUND]
        assert rows["image"].tolist() == [f"{image}.png" for image in nearest]
        assert rows["similarity"].to_numpy() == pytest.approx(cosines[row, nearest], abs=1e-6)
        right = (nearest % 3 == row % 3).tolist()
        assert rows["is_right"].tolist() == right
        assert rows["right_answers"].iloc[0] == (others % 3 == row % 3).sum()


def test_of_equally_near_images_the_right_ones_come_first_as_in_the_scores() -> None:
    targets = Targets(np.array([0, 1, 0, 1, 0]), "ab", np.arange(5))
    table = answers({"one": np.ones((5, 3), np.float32)}, targets)["one"]
    first = table[table["query"] == "0.png"]
    assert first["image"].tolist() == ["2.png", "4.png", "1.png", "3.png"]
    assert first["average_precision"].iloc[0] == pytest.approx(2 / 4)  # as by chance


def test_queries_on_which_encoders_differ_come_first_of_each_label_in_turn_one() -> None:
    scores = np.full((2, 30), 0.5)
    #            a, a, a, b, c; the copy of the first, and one without an answer
    scores[1, :7] = 1.0, 0.9, 0.8, 0.6, 0.55, 0.99, np.nan
    labels, groups = np.full(30, 3), np.arange(30)
    labels[:7] = 0, 0, 0, 1, 2, 0, 0
    groups[5] = 0
    chosen = chosen_queries(scores, Targets(labels, "abcd", groups), 0)
    assert [row for row, why in chosen.items() if why == DIFFER] == [0, 3, 4, 1, 2]
    drawn = [row for row, why in chosen.items() if why == RANDOM]
    assert len(drawn) == 7 and drawn == sorted(set(drawn)) and min(drawn) > 6
    assert chosen == chosen_queries(scores, Targets(labels, "abcd", groups), 0)
    assert chosen != chosen_queries(scores, Targets(labels, "abcd", groups), 1)


def test_without_a_query_that_has_an_answer_there_is_nothing() -> None:
    targets = Targets(np.arange(4), "abcd", np.arange(4))
    assert answers({"one": vectors(4)}, targets)["one"].empty
