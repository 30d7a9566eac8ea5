"""Promises of a store that somebody else wrote to: nothing in it runs, nothing leads out of it."""

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.embedding.autotune import LEAST_IMAGES, TunedVariant, load_tuning, save_tuning
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine
from embedbench.encoder import Encoder
from embedbench.errors import StoreError
from embedbench.io.store import Store
from embedbench.io.table_store import TableStore
from embedbench.utils.progress import Progress
from tests.backends.attacks import Attack

KEYS = [f"{number:064x}" for number in range(3)]
ROWS = np.eye(3, dtype=np.float32)


@pytest.mark.parametrize("name", ["../up", "a/b", "/tmp/x", "..", ".hidden", "", "a\\b", "a\nb"])
def test_no_name_leads_out_of_the_store(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "store")
    uses: list[Callable[[], object]] = [
        lambda: store.write(name, KEYS, ROWS),
        lambda: store.write("f", KEYS, ROWS, name or "."),
        lambda: store.read(name, KEYS),
        lambda: store.compact(name),
        lambda: store.put_record(name, "key", {}),
        lambda: store.put_record("kind", name, {}),
        lambda: store.get_record("kind", name),
        lambda: store.put_bytes(name, "key", b""),
        lambda: store.put_bytes("kind", name, b""),
        lambda: store.get_bytes("kind", name),
        lambda: store.trim(name, 0),
        lambda: TableStore(store, name).add(pd.DataFrame({"hash": KEYS})),
    ]
    for use in uses:
        with pytest.raises(StoreError, match="must be letters and digits"):
            use()
    assert not list(tmp_path.rglob("*"))


def test_a_record_that_lies_is_none(
    photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    engine = LocalEngine(Store(tmp_path / "kept"), workers=1, progress=Progress(quiet=True))
    dataset = read_dataset(photographs).take(range(4))
    hashes = [content_hash(read_source(source)) for source in dataset.sources]
    first = embed("colour", colour_encoder(), dataset, hashes, engine)
    [record] = (tmp_path / "kept" / "v1" / "encoders").glob("*.json")
    for lie in ({"fingerprint": "../../../elsewhere"}, {"facts": "none"}, {"batch_size": 10**400}):
        known = json.loads(record.read_text()) | lie
        record.write_text(json.dumps(known))
        again = embed("colour", colour_encoder(), dataset, hashes, engine)
        assert again.record.fingerprint == first.record.fingerprint
        np.testing.assert_array_equal(again.vectors, first.vectors)
    assert {path.name for path in tmp_path.iterdir()} == {"kept", "photographs"}


@dataclass(frozen=True)
class Two(Encoder):
    """An encoder with a quick variant."""

    model: str = "mine"
    batch_size: int = 8

    def variants(self, device: str) -> tuple[Encoder, ...]:
        return (self, replace(self, batch_size=32)) if self.batch_size == 8 else (self,)

    def encode_batch(self, images: Any) -> np.ndarray:
        raise NotImplementedError


def test_a_store_cannot_exchange_the_model(tmp_path: Path) -> None:
    store, keys = Store(tmp_path), [f"{row:064x}" for row in range(LEAST_IMAGES)]
    reference, quick = Two().variants("cpu")
    asked = Two(batch_size=8)
    save_tuning(store, "two", asked, keys, TunedVariant(quick), 1.0)
    [file] = (tmp_path / "v1" / "tunings").glob("*.json")
    known = json.loads(file.read_text())
    known["choices"][0]["fields"] = {"model": "theirs"}
    file.write_text(json.dumps(known))
    found = load_tuning(store, asked, keys)
    assert found is None or found.encoder in (reference, quick)


def test_a_table_with_a_pickle_in_its_schema_runs_nothing(tmp_path: Path) -> None:
    mark, store = tmp_path / "attacked", Store(tmp_path / "store")
    kind = tmp_path / "store" / "v1" / "tables" / "images"
    kind.mkdir(parents=True)
    code = pickle.dumps(Attack(mark))
    metadata = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": code,
    }
    schema = pa.schema([pa.field("hash", pa.string(), metadata=metadata)], metadata=metadata)
    pq.write_table(pa.table({"hash": KEYS}, schema=schema), kind / "a.parquet")
    found = TableStore(store, "images").read(KEYS)
    assert found is not None and set(found.index) == set(KEYS)
    assert not mark.exists()
