"""Promises of embedding: nothing twice, nothing lost, and a failing encoder says why."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import content_hash, source_hash
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import Embedder, embed
from embedbench.embedding.engine import Engine
from embedbench.embedding.local_workers import LocalEngine
from embedbench.embedding.result import Embedding
from embedbench.encoder import Encoder, Facts, LookupEncoder, TextEncoder
from embedbench.encoders.concatenation import Concatenation
from embedbench.errors import EncoderError, WeightsError
from embedbench.io.store import Store
from embedbench.utils.progress import Progress

MakeEncoder = Callable[..., Encoder]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return LocalEngine(Store(tmp_path / "store"), workers=2, progress=Progress(quiet=True))


def run(encoder: Encoder, dataset: Dataset, engine: Engine, texts: Sequence[str] = ()) -> Embedding:
    hashes = [content_hash(Path(str(source)).read_bytes()) for source in dataset.sources]
    return embed("it", encoder, dataset, hashes, engine, texts)


def test_rows_are_what_the_encoder_makes_of_each_image(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    dataset = read_dataset(photographs)
    found = run(colour_encoder(), dataset, engine)
    expected = colour_encoder().encode([Image.open(photographs / name) for name in dataset.names])
    assert np.array_equal(found.vectors, expected)
    assert found.encoded == 36 and found.record.dim == 12


def test_the_second_run_starts_no_process(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = read_dataset(photographs)
    first = run(colour_encoder(), dataset, engine)
    monkeypatch.setattr(LocalEngine, "start_workers", None)
    second = run(colour_encoder(), dataset, engine)
    assert second.encoded == 0 and np.array_equal(first.vectors, second.vectors)
    assert second.record.images_per_second == first.record.images_per_second


def test_encoders_side_by_side_are_encoded_once(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = read_dataset(photographs)
    hashes = [content_hash(Path(str(source)).read_bytes()) for source in dataset.sources]
    small, large = colour_encoder(side=1), colour_encoder()
    encoders = {"both": Concatenation((small, large)), "large": large}
    with Embedder(encoders, engine) as embedder:
        both = embedder.embed("both", dataset, hashes)
        assert both.encoded == 36 and both.record.dim == 15
        monkeypatch.setattr(LocalEngine, "start_workers", None)
        assert embedder.embed("large", dataset, hashes).encoded == 0
    images = [Image.open(photographs / name) for name in dataset.names]
    np.testing.assert_array_equal(both.vectors, encoders["both"].encode(images))


def test_an_image_that_one_of_two_encoders_cannot_read_is_a_failure_of_both(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    class Half(LookupEncoder):
        def lookup(self, names: Sequence[str]) -> np.ndarray:
            rows = np.arange(len(names) * 2, dtype=np.float32).reshape(-1, 2) + 1
            rows[5:] = np.nan
            return rows

    dataset = read_dataset(photographs)
    found = run(Concatenation((colour_encoder(), Half())), dataset, engine)
    assert set(found.failures) == set(range(5, 36)) and found.record.images_per_second is None
    assert np.isfinite(found.vectors[:5]).all() and not len(found.others)


def test_ten_new_images_encode_ten(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    dataset = read_dataset(photographs)
    run(colour_encoder(), dataset.take(range(26)), engine)
    assert run(colour_encoder(), dataset, engine).encoded == 10


def test_another_field_encodes_anew(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    dataset = read_dataset(photographs)
    run(colour_encoder(), dataset, engine)
    assert run(colour_encoder(side=1), dataset, engine).vectors.shape == (36, 3)


def test_a_crash_keeps_what_was_encoded(photographs: Path, engine: Engine) -> None:
    trap = photographs.parent / "trap"
    trap.touch()

    @dataclass(frozen=True)
    class Fragile(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            rows = np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])
            if trap.exists() and rows[0, 2] > 150:  # the blue ones, first in the order
                return rows
            if trap.exists() and rows[0, 0] > 150:
                os.kill(os.getpid(), signal.SIGKILL)
            return rows

    dataset = read_dataset(photographs)
    one = LocalEngine(engine.store, workers=1, progress=engine.progress)
    with pytest.raises(EncoderError, match="its process died"):
        run(Fragile(), dataset, one)
    trap.unlink()
    assert 0 < run(Fragile(), dataset, one).encoded < 36


def test_an_image_that_was_replaced_meanwhile_is_listed_and_its_vector_is_not_kept(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    """The store keeps vectors under what an image was when it was first read."""
    dataset = read_dataset(photographs).take(range(4))
    hashes = [source_hash(source) for source in dataset.sources]
    second = Path(str(dataset.sources[1]))
    whole = second.read_bytes()
    Image.new("RGB", (32, 24), "yellow").save(second)
    found = embed("it", colour_encoder(), dataset, hashes, engine)
    assert list(found.failures) == [1] and "was changed" in found.failures[1]
    second.write_bytes(whole)
    again = embed("it", colour_encoder(), dataset, hashes, engine)
    assert again.encoded == 1 and not again.failures
    expected = colour_encoder().encode([Image.open(str(source)) for source in dataset.sources])
    assert np.array_equal(again.vectors, expected)


def broken(kind: str) -> Encoder:
    @dataclass(frozen=True)
    class Broken(Encoder):
        kind: str

        def encode_batch(self, images: Any) -> np.ndarray:
            if self.kind == "raises":
                raise ValueError("two\nlines")
            if self.kind == "weights":
                raise WeightsError("the hub cannot be reached")
            if self.kind == "rows":
                return np.zeros((1, 3), np.float32)
            print("last words")
            os._exit(1)

    return Broken(kind)


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("raises", EncoderError, "ValueError: two lines"),
        ("weights", WeightsError, "the hub cannot be reached"),
        ("rows", EncoderError, "1 rows for 8 images"),
        ("exits", EncoderError, "died; its last line was: last words"),
    ],
)
def test_a_failing_encoder_says_why(
    photographs: Path, engine: Engine, kind: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(broken(kind), read_dataset(photographs), engine)


def test_texts_are_encoded_once(photographs: Path, engine: Engine) -> None:
    @dataclass(frozen=True)
    class Lengths(TextEncoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            return np.ones((len(images), 2), np.float32)

        def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
            return np.array([[len(text), 1] for text in texts], np.float32)

    dataset = read_dataset(photographs).take(range(3))
    assert run(Lengths(), dataset, engine, ["a", "bcd"]).texts[:, 0].tolist() == [1, 3]
    found = run(Lengths(), dataset, engine, ["bcd", "ef"])
    assert found.texts[:, 0].tolist() == [3, 2] and found.encoded == 0


def test_an_image_that_cannot_be_opened_any_more_is_told(
    photographs: Path, engine: Engine, colour_encoder: MakeEncoder
) -> None:
    dataset = read_dataset(photographs).take(range(3))
    hashes = [source_hash(source) for source in dataset.sources]
    Path(str(dataset.sources[1])).unlink()
    found = embed("it", colour_encoder(), dataset, hashes, engine)
    assert list(found.failures) == [1] and np.isnan(found.vectors[1]).all()
    assert np.isfinite(found.vectors[[0, 2]]).all()


def test_vectors_made_elsewhere_are_looked_up_by_name(photographs: Path, engine: Engine) -> None:
    @dataclass(frozen=True)
    class Named(LookupEncoder):
        def lookup(self, names: Sequence[str]) -> np.ndarray:
            return np.array([[len(name)] for name in names], np.float32)

    dataset = read_dataset(photographs)
    found = run(Named(), dataset, engine)
    assert found.vectors[:, 0].tolist() == [len(name) for name in dataset.names]


def test_images_without_a_vector_made_elsewhere_are_failures(
    photographs: Path, engine: Engine
) -> None:
    @dataclass(frozen=True)
    class Half(LookupEncoder):
        known: int

        def lookup(self, names: Sequence[str]) -> np.ndarray:
            rows = np.ones((len(names), 2), np.float32)
            rows[self.known :] = np.nan
            return rows

        def facts(self) -> Facts:
            return Facts(weights="rows.npy")

    dataset = read_dataset(photographs).take(range(3))
    found = run(Half(2), dataset, engine)
    assert found.failures == {2: "no vector in 'rows.npy'"}
    assert np.isnan(found.vectors[2]).all() and (found.vectors[:2] == 1).all()
    with pytest.raises(EncoderError, match="it has a vector of none of the images"):
        run(Half(0), dataset, engine)


def test_changed_weights_are_noticed(photographs: Path, engine: Engine) -> None:
    file = photographs.parent / "weights"
    file.write_text("1")

    @dataclass(frozen=True)
    class Scaled(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            return np.full((len(images), 1), float(file.read_text()), np.float32)

        def weights_files(self) -> list[Path]:
            return [file]

    dataset = read_dataset(photographs)
    assert run(Scaled(), dataset, engine).vectors[0, 0] == 1
    file.write_text("22")
    found = run(Scaled(), dataset, engine)
    assert found.vectors[0, 0] == 22 and found.encoded == 36


class Pairs(LocalEngine):
    """Two encoders are loaded at the same time, whatever the machine."""

    @property
    def at_once(self) -> int:
        return 2


def embed_by_all(
    encoders: dict[str, Encoder], photographs: Path, store: Path
) -> dict[str, Embedding]:
    engine = Pairs(Store(store), workers=1, progress=Progress(quiet=True))
    dataset = read_dataset(photographs)
    hashes = [source_hash(source) for source in dataset.sources]
    with Embedder(encoders, engine) as embedder:
        embedder.begin(dict(zip(hashes, dataset.sources, strict=True)))
        return {name: embedder.embed(name, dataset, hashes) for name in encoders}


def test_the_next_encoder_is_loaded_with_this_one_but_not_while_it_encodes(
    photographs: Path, tmp_path: Path
) -> None:
    """Each notes when it is loaded and when it encodes; the second waits for the first to load."""

    @dataclass(frozen=True)
    class Noting(Encoder):
        name: str

        def encode_batch(self, images: Any) -> np.ndarray:
            with (tmp_path / "log").open("a") as log:
                log.write(f"{self.name}\n")
            while self.name in "ab" and not (tmp_path / "log").read_text().count("b"):
                time.sleep(0.01)  # forever, if b is loaded after a has encoded
            return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])

    encoders: dict[str, Encoder] = {name: Noting(name) for name in "abc"}
    found = embed_by_all(encoders, photographs, tmp_path / "store")
    assert all(one.encoded == 36 for one in found.values())
    log = (tmp_path / "log").read_text().split()
    assert log.index("c") > max(len(log) - 1 - log[::-1].index(name) for name in "ab")


def test_an_encoder_that_dies_while_others_are_loaded_is_loaded_again_alone(
    photographs: Path, tmp_path: Path
) -> None:
    (tmp_path / "trap").touch()

    @dataclass(frozen=True)
    class Crowded(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            if (tmp_path / "trap").exists():
                (tmp_path / "trap").unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            return np.ones((len(images), 3), np.float32)

    found = embed_by_all({"it": Crowded()}, photographs, tmp_path / "store")
    assert found["it"].encoded == 36


def test_an_encoder_that_cannot_be_begun_fails_at_its_turn(
    photographs: Path, tmp_path: Path, colour_encoder: MakeEncoder
) -> None:
    @dataclass(frozen=True)
    class Nothing(Encoder):
        def variants(self, device: str) -> Sequence[Encoder]:
            return ()

        def encode_batch(self, images: Any) -> np.ndarray:
            return np.ones((len(images), 3), np.float32)

    found = embed_by_all({"it": colour_encoder()}, photographs, tmp_path / "store")
    assert found["it"].encoded == 36
    with pytest.raises(EncoderError, match="it has no variants"):
        embed_by_all({"it": Nothing()}, photographs, tmp_path / "store")
