"""The vectors of a dataset by one encoder, or by several side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from embedbench.encoder import Vectors
from embedbench.encoders.concatenation import Concatenation, joined_record
from embedbench.encoders.record import EncoderRecord
from embedbench.errors import EncoderError
from embedbench.vectors import side_by_side

__all__ = ["Embedding", "joined_embedding"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """The vectors of a dataset by one encoder.

    Attributes:
        vectors: row i is image i.
        texts: row i is text i; no rows if there are no texts.
        others: row i is other image i, nan where it could not be encoded; no rows if there are no
            others, or if the vectors are looked up.
        failures: reasons by the images' rows; their vectors are nan.
        record: the fingerprint, the facts of the model, and what was measured when the vectors
            were made.
        encoded: how many images were encoded now; the others were in the store.
        text_error: why there are no rows for texts that were given; empty if there are.
        is_looked_up: whether the vectors were made elsewhere; the file of weights holds them.
    """

    vectors: Vectors
    texts: Float32[np.ndarray, "texts dim"]
    others: Float32[np.ndarray, "others dim"]
    failures: dict[int, str]
    record: EncoderRecord
    encoded: int
    text_error: str = ""
    is_looked_up: bool = False

    def take(self, rows: Sequence[int]) -> "Embedding":
        """Return the embedding of these images only, none of which may have failed."""
        return replace(self, vectors=self.vectors[list(rows)], failures={})


def joined_embedding(encoder: Concatenation, parts: Sequence[Embedding]) -> Embedding:
    """Return the embedding of a concatenation from those of its encoders.

    Raises:
        EncoderError: no image could be encoded by all of them.
    """
    failures = {row: why for part in reversed(parts) for row, why in part.failures.items()}
    if len(failures) == len(parts[0].vectors):
        raise EncoderError("it could encode none of the images by all of its encoders")
    with_others = all(len(part.others) for part in parts)
    text_error = next((part.text_error for part in parts if part.text_error), "")
    return Embedding(
        side_by_side([part.vectors for part in parts]),
        side_by_side([part.texts[: None if not text_error else 0] for part in parts]),
        side_by_side([part.others[: None if with_others else 0] for part in parts]),
        dict(sorted(failures.items())),
        joined_record(encoder, [part.record for part in parts]),
        max(part.encoded for part in parts),
        text_error,
    )
