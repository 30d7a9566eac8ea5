"""What each encoder finds for the queries that the page shows, right and wrong answers told."""

from collections.abc import Sequence
from dataclasses import dataclass

from embedbench.results.results import Results
from embedbench.utils.text import pluralise, two_decimals

__all__ = ["Answer", "Query", "QueryAnswers", "shown_queries"]

_REASONS = {
    "differ": "chosen because the encoders differ most on it",
    "random": "drawn at random",
}


@dataclass(frozen=True)
class Answer:
    """An image that was found, by its name, and whether it shares the query's label."""

    image: str
    is_right: bool


@dataclass(frozen=True)
class QueryAnswers:
    """The first images that an encoder finds, the nearest first, and its average precision."""

    encoder: str
    average_precision: str
    answers: list[Answer]


@dataclass(frozen=True)
class Query:
    """A query with what each encoder finds.

    Attributes:
        anchor: id of its place on the page.
        image: its name.
        facts: its label, how many right answers there are, and why it was chosen.
        found: by encoder.
    """

    anchor: str
    image: str
    facts: str
    found: list[QueryAnswers]

    @property
    def images(self) -> set[str]:
        """Names of the images that are shown."""
        return {self.image} | {one.image for own in self.found for one in own.answers}


def shown_queries(results: Results, encoders: Sequence[str]) -> list[Query]:
    """Return the queries in their order; none where the run has none.

    Args:
        results: the comparison.
        encoders: those to show, in their order.
    """
    table = results.search_answers
    labels = {}
    if "truth" in results.images:
        labels = dict(zip(results.images["image"], results.images["truth"], strict=True))
    queries = []
    for number, (image, rows) in enumerate(table.groupby("query", sort=False), start=1):
        first = rows.iloc[0]
        count = int(first["right_answers"])
        label = labels.get(image)
        facts = [
            "" if label is None or label != label else str(label),
            f"{pluralise(count, 'image')} of the gallery {'has' if count == 1 else 'have'} "
            "its label",
            _REASONS.get(str(first["chosen"]), ""),
        ]
        by_encoder = dict(list(rows.sort_values("rank", kind="stable").groupby("encoder")))
        found = [
            QueryAnswers(
                encoder,
                two_decimals(float(by_encoder[encoder]["average_precision"].iloc[0])),
                [
                    Answer(str(row["image"]), bool(row["is_right"]))
                    for row in by_encoder[encoder].to_dict("records")
                ],
            )
            for encoder in encoders
            if encoder in by_encoder
        ]
        queries.append(Query(f"query-{number}", str(image), " · ".join(filter(None, facts)), found))
    return queries
