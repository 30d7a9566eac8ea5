"""Promises of the record: the JSON that stores have is read and written, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from embedbench.encoder import Facts, combine
from embedbench.encoders.record import EncoderRecord, LoadedEncoder, WeightsFile, check_facts
from embedbench.errors import EncoderError
from tests.support.nonconforming import Good

STORED: dict[str, Any] = {
    "batch_size": 8,
    "compiled": False,
    "dim": 1860,
    "facts": {
        "device": "cpu", "devices": 1, "licence": None, "parameters": 0, "pretrained_on": None,
    },
    "fingerprint": "1d9c3fe7ee759359",
    "images_per_second": 127.64,
    "load_seconds": 0.39,
    "peak_memory_mb": 131,
    "precision": None,
    "precision_cosine": None,
    "precision_neighbours": 0.9921,
    "weights": [["/models/a.bin", 3, 1700000000000000000, "ab" * 32]],
    "workers": 2,
}  # fmt: skip
"""As an early version wrote it."""

LATER = dict.fromkeys(["image_size", "pooling", "remark", "revision", "weights"]) | {
    "truncate_dims": []
}
"""Facts that it did not have."""


def test_what_stores_have_is_read_and_written_the_same() -> None:
    record = EncoderRecord.from_json(json.loads(json.dumps(STORED)))
    assert record.dim == 1860 and record.facts == Facts(parameters=0)
    assert record.weights == (WeightsFile("/models/a.bin", 3, 1700000000000000000, "ab" * 32),)
    assert record.to_json() == STORED | {"facts": STORED["facts"] | LATER}


def test_keys_that_stores_lack_where_no_image_was_encoded_stay_away() -> None:
    fewer = {key: STORED[key] for key in STORED if key not in ("images_per_second", "workers")}
    written = EncoderRecord.from_json(fewer).to_json()
    assert written == fewer | {"facts": fewer["facts"] | LATER}


def test_unknown_keys_are_ignored_and_what_was_not_measured_may_be_missing() -> None:
    least = {key: STORED[key] for key in ("fingerprint", "weights", "facts")}
    record = EncoderRecord.from_json(least | {"colour": "red"})
    assert record.dim is None and record.fingerprint == STORED["fingerprint"]


@pytest.mark.parametrize(
    "lie",
    [
        {"weights": None}, {"weights": [["a.bin"]]}, {"weights": [[1, 2, 3, 4]]}, {"weights": "ab"},
        {"facts": []}, {"facts": {"devices": 0}}, {"facts": {"truncate_dims": [0]}},
        {"facts": {"truncate_dims": 64}}, {"facts": {"parameters": 10**400}},
        {"fingerprint": 7}, {"dim": "12"}, {"dim": 10**400}, {"compiled": "no"}, {"workers": 2.5},
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_value_error(lie: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        EncoderRecord.from_json(STORED | lie)


@pytest.mark.parametrize("missing", ["fingerprint", "weights", "facts"])
def test_what_must_be_there_is_asked_for(missing: str) -> None:
    with pytest.raises(ValueError):
        EncoderRecord.from_json({key: STORED[key] for key in STORED if key != missing})


def test_a_record_fits_until_its_weights_change(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_text("one")
    loaded = LoadedEncoder((WeightsFile.read(file),), Facts(), 0.1, 100)
    record = loaded.record(Good(), None)
    # The SHA-256 of "one", as sha256sum prints it.
    digest = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert record.fingerprint == combine(Good().identity(), [digest])
    assert record.fits(Good()) and not record.fits(Good(offset=1.0))
    file.write_text("another")
    assert not record.fits(Good())
    file.unlink()
    assert not record.fits(Good())


def test_a_path_that_no_file_can_have_is_a_change() -> None:
    assert not WeightsFile("a\0b", 1, 1, "").is_unchanged


def test_what_was_measured_before_stays_in_the_next_record() -> None:
    earlier = EncoderRecord.from_json(STORED)
    record = LoadedEncoder((), Facts(parameters=5), 1.5, 200).record(Good(), earlier)
    assert (record.images_per_second, record.workers) == (127.64, 2)
    assert (record.load_seconds, record.peak_memory_mb, record.weights) == (1.5, 200, ())
    assert record.facts.parameters == 5 and record.fingerprint == combine(Good().identity(), [])


def test_dimensions_to_be_cut_to_are_read_as_they_were_written() -> None:
    record = EncoderRecord("ab", (), Facts(truncate_dims=(64, 128)))
    assert EncoderRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


@pytest.mark.parametrize("dims", [(0,), (64, -1), (True,)])
def test_dimensions_that_no_vector_can_be_cut_to_are_an_error(dims: Any) -> None:
    with pytest.raises(EncoderError, match="truncate_dims=.* it must be a tuple of numbers"):
        check_facts(Facts(truncate_dims=dims))


@pytest.mark.parametrize("facts", [None, {"device": "cpu"}, Facts(devices=0)])
def test_facts_that_no_table_can_show_are_an_error(facts: Any) -> None:
    with pytest.raises(EncoderError, match="its facts"):
        check_facts(facts)
