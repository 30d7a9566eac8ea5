"""Promises of what is left to do: what the store has is not done again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.data.images.sources import source_hash
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine
from embedbench.embedding.work import EncodingWork, missing_from
from embedbench.encoder import Encoder
from embedbench.errors import EncoderError
from embedbench.io.store import Store, text_key
from embedbench.utils.progress import Progress


def test_what_is_missing_is_told_by_the_store(tmp_path: Path) -> None:
    store, keys = Store(tmp_path / "store"), [f"{number:064x}" for number in range(3)]
    items: dict[str, Any] = {key: Path(key) for key in keys}
    assert missing_from(store, None, items, ["a"]) == (list(items.items()), ["a"])
    store.write("f", [keys[1], text_key("a")], np.ones((2, 4), np.float32))
    missing = [(key, Path(key)) for key in (keys[0], keys[2])]
    assert missing_from(store, "f", items, ["b", "a"]) == (missing, ["b"])
    assert missing_from(store, "g", items, [])[0] == list(items.items())


def test_an_encoder_has_less_to_do_after_it_ran(
    photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    store, dataset = Store(tmp_path / "store"), read_dataset(photographs)
    hashes = [source_hash(source) for source in dataset.sources]
    items: dict[str, Any] = dict(zip(hashes, dataset.sources, strict=True))
    before = EncodingWork.of(store, colour_encoder(), items, ["a"])
    assert (before.record, len(before.images), before.texts) == (None, 36, ["a"])
    engine = LocalEngine(store, workers=1, progress=Progress(quiet=True))
    embed("it", colour_encoder(), dataset.take(range(30)), hashes[:30], engine)
    after = EncodingWork.of(store, colour_encoder(), items, [])
    assert after.record is not None and [key for key, _ in after.images] == hashes[30:]


def test_an_encoder_without_variants_is_an_error(tmp_path: Path) -> None:
    class Nothing(Encoder):
        def variants(self, device: str) -> list[Encoder]:
            return []

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.ones((len(images), 1), np.float32)

    with pytest.raises(EncoderError, match="it has no variants"):
        EncodingWork.of(Store(tmp_path), Nothing(), {}, [])
