"""Vectors of one encoder, to a file that other tools read."""

from collections.abc import Sequence
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
from embedbench.embedding.result import Embedding
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoders
from embedbench.errors import InputError
from embedbench.io.atomic import open_atomic, write_atomic
from embedbench.io.paths import check_offline
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.messages import system_reason
from embedbench.utils.offline import no_network
from embedbench.utils.progress import Progress
from embedbench.utils.text import safe_names

__all__ = ["write_vectors"]

_ENCODER = "{encoder}"

_DEFAULT_ENGINE, _DEFAULT_READING = EngineOptions(), SourceOptions()


def write_vectors(
    source: Sources,
    encoder: str | Encoder | Sequence[str | Encoder],
    out: str | Path,
    *,
    engine: EngineOptions = _DEFAULT_ENGINE,
    reading: SourceOptions = _DEFAULT_READING,
    quiet: bool | None = None,
) -> tuple[int, dict[str, str]]:
    """Write one encoder's vectors to a `.parquet` or a `.npy` file, or those of several.

    A `.parquet` file has columns `image` and `vector`. A `.npy` file comes with a `.txt` file of
    the same stem: the images' names, one a line.

    Args:
        source: as for `embedbench.read_dataset`.
        encoder: a text such as `timm:resnet50`, an Encoder, or several of these.
        out: the file; of several encoders with `{encoder}`, which stands for the name of each.
        engine: where the encoder runs, and the store.
        reading: how the source is read; labels are not used.
        quiet: show no progress; None to show it in notebooks alone.

    Returns:
        The number of rows written, and the reason for each image that was skipped.

    Raises:
        EmbedbenchError: nothing could be done.
    """
    encoders = create_encoders(encoder if isinstance(encoder, list | tuple) else [encoder])
    files = _files(str(out), list(encoders))
    with no_network(engine.offline and engine.kind != "ray"):
        check_offline(engine.offline, [*source_list(source), reading.labels, reading.root])
        drawing = reading.drawing
        dataset = read_sources(source, reading).sample(reading.limit)
        running = make_engine(engine, Progress(quiet))
        dataset, missed = download_missing(dataset, running.download_settings(reading.allow_local))
        known = len(dataset.remarks)
        dataset = with_renderings(dataset, drawing, running.workers, running.progress)
        for remark in dataset.remarks[known:]:
            running.progress.say(remark)
        with Embedder(encoders, running) as embedder:
            readable, images, failures = scan_images(
                dataset, running.store, running.workers, running.progress, embedder.begin
            )
            failures, written = pd.concat([missed, failures]), 0
            skipped = dict(zip(failures["name"], failures["error"], strict=True))
            for name, file in files.items():
                embedding = embedder.embed(name, readable, list(images["hash"]))
                skipped |= {readable.names[row]: why for row, why in embedding.failures.items()}
                written += _write(file, readable.names, embedding)
    return written, skipped


def _files(out: str, encoders: Sequence[str]) -> dict[str, Path]:
    """Return the file of each encoder.

    Raises:
        InputError: it has another ending, or is the same for two of them.
    """
    if not out.endswith((".parquet", ".npy")):
        raise InputError(f"`out` must be a .parquet or a .npy file; not '{out}'")
    short = safe_names(encoders)
    files = {name: Path(out.replace(_ENCODER, short[name])) for name in encoders}
    if len(set(files.values())) < len(files):
        raise InputError(f"`out` must hold {_ENCODER}, for there are several encoders; not '{out}'")
    return files


def _write(file: Path, names: Sequence[str], embedding: Embedding) -> int:
    """Write the vectors that there are; return their number."""
    rows = [row for row in range(len(names)) if row not in embedding.failures]
    names, vectors = [names[row] for row in rows], embedding.vectors[rows]
    try:
        if file.suffix == ".npy":
            write_atomic(file.with_suffix(".txt"), "\n".join([*names, ""]).encode())
        with open_atomic(file) as content:
            if file.suffix == ".npy":
                np.save(content, vectors, allow_pickle=False)
            else:
                table = pd.DataFrame({"image": names, "vector": list(vectors)})
                table.to_parquet(content, index=False)
    except OSError as error:
        raise InputError(f"cannot write '{file}': {system_reason(error)}") from error
    return len(names)
