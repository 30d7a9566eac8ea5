"""Promises of a job: only what is missing is encoded, and rows of another length are refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.data.images.sources import source_hash
from embedbench.data.loading import read_dataset
from embedbench.embedding.autotune import TunedVariant
from embedbench.embedding.job import EncodingJob, JobResult
from embedbench.embedding.local_workers import LocalEngine
from embedbench.encoder import Encoder
from embedbench.errors import EncoderError
from embedbench.io.store import Store
from embedbench.utils.progress import Progress


@dataclass(frozen=True)
class Uneven(Encoder):
    """Rows of 3 numbers, and of 2 as soon as an image is mostly blue."""

    def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
        rows = np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])
        return rows[:, :2] if rows[0, 2] > 150 else rows


def run(encoder: Encoder, photographs: Path, rows: Sequence[int], store: Store) -> JobResult:
    engine = LocalEngine(store, workers=1, progress=Progress(quiet=True))
    sources = read_dataset(photographs).take(rows).sources
    items = {source_hash(source): source for source in sources}
    with engine.start_workers(encoder) as workers:
        job = EncodingJob(
            "it", encoder, workers, store, engine.progress, TunedVariant(encoder), None
        )
        return job.run(dict(items), [])


def test_a_second_job_encodes_the_rest_and_keeps_its_record(
    photographs: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    first = run(Uneven(), photographs, range(12, 15), store)
    assert first.record.dim == 3 and len(first.missing) == 3 and first.record.workers == 1
    second = run(Uneven(), photographs, range(12, 17), store)
    assert len(second.missing) == 2 and second.record.fingerprint == first.record.fingerprint
    assert store.get_record("encoders", first.record.fingerprint) == second.record.to_json()


def test_rows_of_another_length_are_refused(photographs: Path, tmp_path: Path) -> None:
    blue_last = [*range(12, 20), *range(8)]  # folders in order: blue, green, red
    with pytest.raises(EncoderError, match="rows of 2 numbers and of 3"):
        run(Uneven(), photographs, blue_last, Store(tmp_path / "store"))
