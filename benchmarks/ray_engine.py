"""Overhead of Ray on one machine: the same photographs with both engines.

python benchmarks/ray_engine.py --long

Both start new workers and load the model, as a run does; Ray itself is already running. The short
form has no rows, as this takes minutes and needs the extra `ray`.
"""

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.engine import Engine
from embedbench.embedding.factory import make_engine
from embedbench.encoders.registry import create_encoder
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.progress import Progress
from measure import Row, interleaved, ratio, run, told
from photographs import Photographs

IMAGES = 600
REPETITIONS = 3


def rows(short: bool) -> list[Row]:
    if short:
        return []
    with tempfile.TemporaryDirectory() as folder:
        photographs = Photographs(Path(folder))
        dataset = read_dataset(photographs.write(IMAGES))
        hashes = [content_hash(read_source(source)) for source in dataset.sources]
        stores = (Path(folder) / f"store_{number}" for number in count())

        def start(kind: str) -> Engine:
            options = EngineOptions(kind, store=next(stores), offline=True)
            return make_engine(options, Progress(quiet=True))

        def way(kind: str) -> Callable[[], object]:
            def encode() -> None:
                engine = start(kind)
                embed("timm", create_encoder("timm"), dataset, hashes, engine)

            return encode

        start("ray")
        seconds = interleaved({kind: way(kind) for kind in ("local", "ray")}, REPETITIONS)
        what = f"{IMAGES} images with timm's default, on Ray against the local engine"
        return [told(what, ratio(seconds["ray"], seconds["local"]), "times as long")]


if __name__ == "__main__":
    run(rows)
