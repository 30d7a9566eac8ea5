"""A real comparison, which every exporter writes and the tool's own library reads back."""

from collections.abc import Callable

import pytest

import embedbench
from embedbench.encoder import Encoder
from embedbench.results.results import Results
from tests.conftest import write_photographs


@pytest.fixture(scope="session")
def real_run(
    tmp_path_factory: pytest.TempPathFactory, colour_encoder: Callable[..., Encoder]
) -> Results:
    """The results of two encoders on 36 pictures of three colours, read from their run folder."""
    folder = tmp_path_factory.mktemp("real")
    embedbench.compare(
        write_photographs(folder / "photographs"),
        {"pixels": embedbench.create_encoder("pixels"), "co:lour/<2>": colour_encoder()},
        out=folder / "run",
        clusterers=["kmeans"],
        k="2..4",
        seeds=3,
        store=folder / "store",
    )
    return embedbench.read_results(folder / "run")
