"""Promises of what a run folder keeps of its encoders: it comes back as it was, without places."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench import compare, read_results
from embedbench.comparison.origin import as_encoded, encoded_dataset_of, recorded_config
from embedbench.encoder import Encoder
from embedbench.encoders.record import WeightsFile
from embedbench.errors import InputError

pytestmark = pytest.mark.usefixtures("one_core")

OPTIONS: dict[str, Any] = {
    "k": "3",
    "seeds": 2,
    "copies": 4,
    "corrupt": ["noise:2", "vector-noise:1"],
    "clusterers": ["kmeans", "hdbscan,min_cluster_size=4"],
    "spaces": ["raw"],
    "purposes": ["search", "clustering"],
    "certainty": 0.7,
    "projections": ["pca"],
}


@pytest.fixture
def folder(photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]) -> Path:
    (photographs / "red" / "broken.png").write_bytes(b"no picture")
    encoders = {"a": colour_encoder(), "b": colour_encoder(side=3)}
    compare(photographs, encoders, out=tmp_path / "run", store=tmp_path / "store", **OPTIONS)
    return tmp_path / "run"


def test_images_and_vectors_come_back_as_they_were(folder: Path) -> None:
    results = read_results(folder)
    found = encoded_dataset_of(results, "run")
    assert found.images.dataset.names == tuple(results.images["image"])
    assert found.images.dataset.truth_codes()[1] == ["blue", "green", "red"]  # type: ignore[index]
    assert found.images.failures["name"].tolist() == ["red/broken.png"]
    assert found.encoded.asked == ("a", "b")
    again = as_encoded(found)
    assert again.origin == results.encoded.origin  # type: ignore[union-attr]
    for name in ("a", "b"):
        np.testing.assert_array_equal(again.images[name], results.vectors(name))
    record = found.encoded.embeddings["a"].record
    assert record.fingerprint == results.run["fingerprints"]["a"] and record.dim == 12


def test_no_path_of_this_machine_is_kept(folder: Path) -> None:
    found = encoded_dataset_of(read_results(folder), "run")
    weights = (WeightsFile(str(folder / "secret" / "model.bin"), 3, 0, "0" * 64),)
    embeddings = {
        name: replace(one, record=replace(one.record, weights=weights))
        for name, one in found.encoded.embeddings.items()
    }
    kept = as_encoded(replace(found, encoded=replace(found.encoded, embeddings=embeddings)))
    assert b"model.bin" in kept.origin and b"secret" not in kept.origin


def test_recorded_options_are_read_as_they_were(folder: Path) -> None:
    config = recorded_config(read_results(folder).run)
    assert [one.name for one in config.clusterers] == ["kmeans", "hdbscan,min_cluster_size=4"]
    assert (config.k, config.seeds, config.spaces, config.copies) == ("3", (0, 1), ("raw",), 4)
    assert [one.name for one in config.corruptions] == ["noise:2", "vector-noise:1"]
    assert list(config.purposes) == ["search", "clustering"] and config.asked.certainty == 0.7


def test_results_without_vectors_are_refused_with_the_way_out(folder: Path) -> None:
    results = replace(read_results(folder), encoded=None)
    with pytest.raises(InputError, match="'run' holds no vectors.* without --without-vectors"):
        encoded_dataset_of(results, "run")
    with pytest.raises(InputError, match="no vectors"):
        results.vectors("a")
    with pytest.raises(InputError, match="there are those of a, b"):
        read_results(folder).vectors("c")
