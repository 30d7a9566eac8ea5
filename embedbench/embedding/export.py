"""Vectors of one encoder, to a file that other tools read."""

from pathlib import Path

import numpy as np
import pandas as pd

from embedbench.data.depth.survey import with_renderings
from embedbench.data.downloads.download import download_missing
from embedbench.data.loading import Sources, read_sources, source_list
from embedbench.data.options import SourceOptions
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import Embedder
from embedbench.embedding.factory import make_engine
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoders
from embedbench.errors import InputError
from embedbench.io.atomic import open_atomic, write_atomic
from embedbench.io.paths import check_offline
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.offline import no_network
from embedbench.utils.progress import Progress

__all__ = ["write_vectors"]

_DEFAULT_ENGINE, _DEFAULT_READING = EngineOptions(), SourceOptions()


def write_vectors(
    source: Sources,
    encoder: str | Encoder,
    out: str | Path,
    *,
    engine: EngineOptions = _DEFAULT_ENGINE,
    reading: SourceOptions = _DEFAULT_READING,
    quiet: bool = True,
) -> tuple[int, dict[str, str]]:
    """Write one encoder's vectors to a `.parquet` or a `.npy` file.

    A `.parquet` file has columns `image` and `vector`. A `.npy` file comes with a `.txt` file of
    the same stem: the images' names, one a line.

    Args:
        source: as for `embedbench.read_dataset`.
        encoder: a text such as `timm:resnet50`, or an Encoder.
        out: the file.
        engine: where the encoder runs, and the store.
        reading: how the source is read; labels are not used.
        quiet: show no progress.

    Returns:
        The number of rows written, and the reason for each image that was skipped.

    Raises:
        EmbedbenchError: nothing could be done.
    """
    out = Path(out)
    if out.suffix not in (".parquet", ".npy"):
        raise InputError(f"`out` must be a .parquet or a .npy file; not '{out}'")
    with no_network(engine.offline and engine.kind != "ray"):
        (name, made), *_ = create_encoders([encoder]).items()
        check_offline(engine.offline, [*source_list(source), reading.labels, reading.root])
        drawing = reading.drawing
        dataset = read_sources(source, reading).sample(reading.limit)
        running = make_engine(engine, Progress(quiet))
        dataset, missed = download_missing(dataset, running.download_settings(reading.allow_local))
        known = len(dataset.remarks)
        dataset = with_renderings(dataset, drawing, running.workers, running.progress)
        for remark in dataset.remarks[known:]:
            running.progress.say(remark)
        with Embedder({name: made}, running) as embedder:
            readable, images, failures = scan_images(
                dataset, running.store, running.workers, running.progress, embedder.begin
            )
            embedding = embedder.embed(name, readable, list(images["hash"]))
    failures = pd.concat([missed, failures])
    skipped = dict(zip(failures["name"], failures["error"], strict=True))
    skipped |= {readable.names[row]: reason for row, reason in embedding.failures.items()}
    rows = [row for row in range(len(readable)) if row not in embedding.failures]
    names, vectors = [readable.names[row] for row in rows], embedding.vectors[rows]
    try:
        if out.suffix == ".npy":
            write_atomic(out.with_suffix(".txt"), "\n".join([*names, ""]).encode())
        with open_atomic(out) as file:
            if out.suffix == ".npy":
                np.save(file, vectors, allow_pickle=False)
            else:
                table = pd.DataFrame({"image": names, "vector": list(vectors)})
                table.to_parquet(file, index=False)
    except OSError as error:
        raise InputError(f"cannot write '{out}': {error.strerror or error}") from error
    return len(names), skipped
