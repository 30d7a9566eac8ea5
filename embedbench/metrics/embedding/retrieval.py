"""Retrieval: how well each image finds the others of its class, ranked by cosine."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from embedbench.encoder import Vectors
from embedbench.metrics.base import TWICE_IN_HALVES, Estimate, mean_estimate
from embedbench.metrics.embedding.neighbours import (
    Neighbourhood,
    NeighbourSearch,
    distance_blocks,
)
from embedbench.metrics.embedding.rankings import Ranked, rank
from embedbench.metrics.embedding.retrieval_influence import (
    at_cut,
    average_precision,
    r_precision,
    reciprocal_rank,
)

__all__ = ["FOUND", "KS", "Retrieval", "neighbours_and_retrieval", "retrieval"]

Queries = Int[np.ndarray, " queries"]
Gallery = Int[np.ndarray, " gallery"]
Block = Int[np.ndarray, " block"]
PerImage = Float64[np.ndarray, " images"]
Scored = list[tuple[Float64[np.ndarray, " queries"], Float64[np.ndarray, "queries ranked"]]]

KS = (1, 5, 10)
"""Precision and recall are reported at these numbers of nearest images."""

FOUND = 8
"""Number of images that are kept of those that a query finds."""

_PAIRS_AT_ONCE = 2**16
"""Of so many pairs of a query and an image the rankings fit the cache of a core."""


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Scores of ranking a gallery by cosine for each query; 0 to 1, higher is better.

    Attributes:
        names: of the scores: `average_precision`, `r_precision`, `reciprocal_rank`, and for each
            k `precision@k` and `recall@k`.
        values: score of each query. nan for images that are no queries, for queries of unknown
            class, and for those without a right answer in the gallery.
        moves: how far each image, as a part of the gallery, moves the sum of the scores of the
            others, as `retrieval_influence` has it. A query that loses its only right answer
            counts with the mean of all.
        twice: part of the sum of the squares of `moves` that `mean_estimate` must not count again:
            how far an image moves a query is a part of the spread of the queries' scores.
        moving: which images the gallery holds, for `mean_estimate`; None if every image is a
            query and in the gallery of the others.
        unanswered: rows of queries of known class without a right answer in the gallery.
        highest: highest mean that each score can have, as recall at 1 is at most 1 of the right
            answers; nan if no query has a score.
        found: rows of the first images of each query's ranking, of equally near ones the right
            first; -1 where it has fewer, and for images without a score.
        similarity: cosines to them; nan where there is none.
        answers: number of right answers of each query in the gallery.
    """

    names: tuple[str, ...]
    values: Float64[np.ndarray, "scores images"]
    moves: Float64[np.ndarray, "scores images"]
    twice: Float64[np.ndarray, " scores"]
    moving: Bool[np.ndarray, " images"] | None
    unanswered: Int[np.ndarray, " unanswered"]
    highest: Float64[np.ndarray, " scores"]
    found: Int[np.ndarray, "images found"]
    similarity: Float64[np.ndarray, "images found"]
    answers: Int[np.ndarray, " images"]

    @property
    def average_precision(self) -> PerImage:
        """Average precision of each query; nan as in `values`."""
        return np.asarray(self.values[self.names.index("average_precision")])

    def estimates(self) -> dict[str, Estimate]:
        """Return the mean of each score over the queries; intervals from it count the gallery."""
        each = (self.names, self.values, self.moves, self.highest.tolist(), self.twice.tolist())
        return {
            name: mean_estimate(values[None], 0.0, moves, self.moving, high, twice)
            for name, values, moves, high, twice in zip(*each, strict=True)
        }


def retrieval(
    vectors: Vectors,
    relevance: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    queries: Queries | None = None,
    gallery: Gallery | None = None,
    ks: Sequence[int] | None = KS,
    working_memory: int = 256,
) -> Retrieval:
    """Return how well each query finds the images of its class in the gallery.

    An image of the gallery is a right answer if it has the query's class. Those of unknown class
    are in no ranking, as nobody knows whether they are right: give distractors a class of their
    own.

    Average precision is that of scikit-learn's `average_precision_score`, which counts equal
    cosines together; the others are means over the orders of ties (McSherry and Najork 2008), so
    that equal rows score as chance. R-precision is the precision at R, the number of right
    answers in the query's gallery. Precision at k is of k places, also where the gallery is
    smaller: places that no image fills are wrong, as in trec_eval. Cosines are as in
    `neighbourhood`.

    Args:
        vectors: embeddings, one row per image.
        relevance: class of each image as a number, -1 if unknown.
        groups: group of each image, such as its near-duplicates; nothing in it is found.
        queries: sorted rows of the queries; None for all.
        gallery: sorted rows of the images that can be found; None for all.
        ks: numbers of nearest images; None for average precision alone, which is quicker.
        working_memory: memory of the pass in MB, about, without vectors and result.

    Raises:
        ValueError: a k below 1.
    """
    search = _RetrievalSearch.of(relevance, queries, gallery, ks)
    blocks = distance_blocks(
        vectors,
        groups,
        np.arange(len(vectors)) if queries is None else queries,
        search.columns,
        working_memory,
    )
    for rows, distances in blocks:
        search.add(rows, distances)
    return search.result()


def neighbours_and_retrieval(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    most: int = 50,
    asked: Queries | None = None,
    ks: Sequence[int] | None = KS,
    working_memory: int = 256,
) -> tuple[Neighbourhood, Retrieval]:
    """Return `neighbourhood` and `retrieval` of all images, in one pass over all pairs.

    Args:
        vectors: embeddings, one row per image.
        truth: known label of each image as a number, -1 if unknown.
        groups: near-duplicate group of each image.
        most: number of neighbours to keep for each image.
        asked: sorted rows of the images to query, each among all; None for all.
        ks: as for `retrieval`.
        working_memory: memory of the pass in MB, about, without vectors and result.
    """
    near = NeighbourSearch.of(truth, len(vectors), most)
    scores = _RetrievalSearch.of(truth, asked, ks=ks)
    rows = np.arange(len(vectors))
    queries = rows if asked is None else asked
    for some, distances in distance_blocks(vectors, groups, queries, rows, working_memory):
        scores.add(some, distances[:, scores.columns])
        near.add(some, distances)
    return near.result(asked), scores.result()


@dataclass(frozen=True, eq=False)
class _RetrievalSearch:
    """Scores so far; `moves`, `lost` are of the gallery, `pairs` sums the squares of moves."""

    relevance: Int[np.ndarray, " images"]
    columns: Gallery
    is_apart: bool
    ks: tuple[int, ...] | None
    values: Float64[np.ndarray, "scores images"]
    moves: Float64[np.ndarray, "scores gallery"]
    pairs: Float64[np.ndarray, " scores"]
    lost: Float64[np.ndarray, " gallery"]
    found: Int[np.ndarray, "images found"]
    similarity: Float64[np.ndarray, "images found"]
    answers: Int[np.ndarray, " images"]
    unanswered: list[int]

    @classmethod
    def of(
        cls,
        relevance: Int[np.ndarray, " images"],
        queries: Queries | None,
        gallery: Gallery | None = None,
        ks: Sequence[int] | None = KS,
    ) -> "_RetrievalSearch":
        """Return the search before its first query.

        Raises:
            ValueError: a k below 1.
        """
        if ks and any(k < 1 for k in ks):
            raise ValueError(f"`ks` must be at least 1; not {min(ks)}")
        columns = np.flatnonzero(relevance >= 0)
        if gallery is not None:
            columns = np.intersect1d(columns, gallery)
        scores = 1 if ks is None else 3 + 2 * len(ks)
        return cls(
            relevance,
            columns,
            queries is not None or gallery is not None,
            None if ks is None else tuple(ks),
            np.full((scores, len(relevance)), np.nan),
            np.zeros((scores, len(columns))),
            np.zeros(scores),
            np.zeros(len(columns)),
            np.full((len(relevance), FOUND), -1),
            np.full((len(relevance), FOUND), np.nan),
            np.zeros(len(relevance), dtype=np.int64),
            [],
        )

    def add(self, rows: Block, distances: Float32[np.ndarray, "block gallery"]) -> None:
        """Score a block of queries; inf is the distance of images that they may not find."""
        size = max(1, _PAIRS_AT_ONCE // max(1, len(self.columns)))
        for start in range(0, len(rows), size):
            self._add(rows[start : start + size], distances[start : start + size])

    def _add(self, rows: Block, distances: Float32[np.ndarray, "block gallery"]) -> None:
        can_be_found = np.isfinite(distances)
        right = self.relevance[self.columns] == self.relevance[rows][:, None]
        right &= can_be_found
        self.answers[rows] = right.sum(axis=1)
        has_answer = self.answers[rows] > 0
        self.unanswered.extend(rows[~has_answer & (self.relevance[rows] >= 0)].tolist())
        if not has_answer.any():
            return
        lengths = can_be_found.sum(axis=1)
        order = np.zeros(distances.shape, dtype=np.int64)
        moves = np.zeros((len(self.moves), *distances.shape))
        for length in np.unique(lengths[has_answer]):
            some = np.flatnonzero(has_answer & (lengths == length))
            ranked = rank(distances[some], right[some], int(length))
            order[some, :length] = ranked.order
            self._keep(rows[some], distances[some], ranked)
            for score, (values, moved) in enumerate(self._scores(ranked)):
                self.values[score, rows[some]] = values
                moves[score, some, :length] = moved
                squares = np.einsum("qr,qr->q", moved, moved)
                self.pairs[score] = np.cumsum([self.pairs[score], *squares])[-1]
        targets = np.concatenate([np.arange(len(self.columns)), order.ravel()])
        for total, moved in zip(self.moves, moves, strict=True):
            # Query by query: the blocks must not change a bit of the sums.
            total[:] = np.bincount(targets, np.concatenate([total, moved.ravel()]))
        only = self.answers[rows] == 1
        np.add.at(self.lost, right[only].argmax(axis=1), 1)

    def _keep(
        self, rows: Block, distances: Float32[np.ndarray, "block gallery"], ranked: Ranked
    ) -> None:
        first = ranked.order[:, :FOUND]
        near = np.take_along_axis(distances, first, axis=1)
        self.found[rows, : first.shape[1]] = self.columns[first]
        self.similarity[rows, : first.shape[1]] = 1 - near.astype(np.float64)

    def _scores(self, ranked: Ranked) -> Scored:
        scored: Scored = [average_precision(ranked)]
        if self.ks is None:
            return scored
        scored += [r_precision(ranked), reciprocal_rank(ranked)]
        for k in self.ks:
            precision, precision_moves, recall, recall_moves = at_cut(ranked, k)
            scored += [(precision, precision_moves), (recall, recall_moves)]
        return scored

    def result(self) -> Retrieval:
        """Return the scores of all queries that were added."""
        moves, pairs = self.moves, self.pairs
        scored = ~np.isnan(self.values[0])
        if scored.any():
            # A query without its only right answer has no score: the mean of the others.
            means = self.values[:, scored].mean(axis=1, keepdims=True)
            moves = moves - self.lost * means
            only = self.values[:, self.answers == 1]
            pairs = self.pairs + ((only - means) ** 2 - only**2).sum(axis=1)
        spread = np.zeros(self.values.shape)
        spread[:, self.columns] = moves
        moving = np.isin(np.arange(len(self.relevance)), self.columns) if self.is_apart else None
        ks = self.ks or ()
        names = ["average_precision", "r_precision", "reciprocal_rank"]
        names += [f"{name}@{k}" for k in ks for name in ("precision", "recall")]
        names = names[: len(self.values)]
        # The influence on the first two, average and R-precision, is by leaving one out.
        twice = pairs * np.where(np.arange(len(names)) < 2, 1.0, TWICE_IN_HALVES)
        unanswered = np.array(sorted(self.unanswered), dtype=np.int64)
        answers = self.answers[self.answers > 0]
        highest = np.full(len(names), 1.0 if len(answers) else np.nan)
        for place, k in enumerate(ks if len(answers) else ()):
            within = np.minimum(answers, k)
            highest[3 + 2 * place : 5 + 2 * place] = (within / k).mean(), (within / answers).mean()
        kept = (self.found, self.similarity, self.answers)
        moved = (spread, twice, moving)
        return Retrieval(tuple(names), self.values, *moved, unanswered, highest, *kept)
