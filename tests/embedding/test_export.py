"""Promises of vectors in a file: all images that can be read, in order; reasons for the others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench.data.options import SourceOptions
from embedbench.embedding.export import write_vectors
from embedbench.encoder import Encoder
from embedbench.errors import InputError
from embedbench.parallel.engine_options import EngineOptions

pytestmark = pytest.mark.usefixtures("one_core")


def test_a_broken_image_is_skipped_and_the_others_keep_their_order(
    photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    (photographs / "green" / "00.png").write_bytes(b"no image")
    out = tmp_path / "rows.npy"
    written, skipped = write_vectors(
        photographs, colour_encoder(), out, engine=EngineOptions(store=tmp_path / "mine")
    )
    names = sorted(one.relative_to(photographs).as_posix() for one in photographs.rglob("*.png"))
    names.remove("green/00.png")
    assert (written, list(skipped)) == (35, ["green/00.png"])
    assert out.with_suffix(".txt").read_text().splitlines() == names
    assert np.load(out, allow_pickle=False).shape == (35, 12)
    assert (tmp_path / "mine").is_dir()


def test_a_table_has_the_vectors_by_name_of_a_sample(
    photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    out = tmp_path / "rows.parquet"
    assert write_vectors(
        photographs, colour_encoder(), str(out), reading=SourceOptions(limit=5)
    ) == (5, {})
    table = pd.read_parquet(out)
    assert list(table.columns) == ["image", "vector"] and len(table) == 5


def test_another_kind_of_file_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a .parquet or a .npy file; not 'x.csv'"):
        write_vectors(tmp_path, "pixels", "x.csv")


def test_a_source_at_an_address_is_refused_offline() -> None:
    with pytest.raises(InputError, match="not on this machine, and offline"):
        write_vectors("s3://bucket/photos", "pixels", "x.npy", engine=EngineOptions(offline=True))


def test_several_encoders_are_written_to_a_file_each(
    photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    engine = EngineOptions(store=tmp_path / "mine")
    both = [colour_encoder(), colour_encoder(side=1)]
    out = tmp_path / "rows" / "{encoder}.npy"
    assert write_vectors(photographs, both, out, engine=engine) == (72, {})
    found = sorted(out.parent.glob("*.npy"))
    assert [np.load(file, allow_pickle=False).shape for file in found] == [(36, 12), (36, 3)]
    assert len({file.with_suffix(".txt").read_text() for file in found}) == 1


def test_a_file_for_several_encoders_is_refused(
    tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    with pytest.raises(InputError, match="`out` must hold {encoder}"):
        write_vectors(tmp_path, [colour_encoder(), colour_encoder(side=1)], tmp_path / "rows.npy")
