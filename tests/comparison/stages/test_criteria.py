"""Promises of the criteria: encoders at chance have no voice in the consensus of the others."""

import numpy as np
import pandas as pd
import pytest

from tests.comparison.stages.test_verdict import encoder, judged, noises

COPIES = {"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.8}


def consensus(vectors: dict[str, np.ndarray]) -> pd.Series:
    noise = COPIES | dict.fromkeys(set(vectors) - set(COPIES), 60.0)
    table = judged(vectors, None, noise).tables["label_free"]
    return table[table["criterion"] == "consensus"].set_index("encoder")["value"]


def test_encoders_at_chance_have_no_voice() -> None:
    """The others agree with each other as if the noise had not been compared."""
    honest = {
        name: encoder(noise, row, 60)
        for row, (name, noise) in enumerate(zip(COPIES, (0.3, 0.8, 1.2, 1.6), strict=True))
    }
    alone, beside = consensus(honest), consensus(honest | noises(2, 60))
    assert beside[list(COPIES)].to_dict() == pytest.approx(alone.to_dict())
    assert beside.drop(list(COPIES)).abs().max() < 0.1 < alone.min()
