"""The public function `compare`: images and encoders in, results out."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from embedbench.comparison.config import read_options
from embedbench.comparison.options import CLUSTERERS, COPIES, CORRUPTED, DEFAULT_K, DEFAULT_MAPS
from embedbench.comparison.pipeline import class_count, run_comparison
from embedbench.comparison.provenance import repeat_command
from embedbench.data.dataset import with_domain, with_labels
from embedbench.data.loading import Sources, read_datasets, source_list
from embedbench.embedding.factory import make_engine
from embedbench.encoder import Encoder
from embedbench.io.paths import check_offline
from embedbench.results.results import Results
from embedbench.results.run_folder import OutFolder
from embedbench.utils.offline import no_network
from embedbench.utils.progress import Progress

__all__ = ["compare"]


def compare(
    source: Sources,
    encoders: Sequence[str | Encoder] | Mapping[str, Encoder],
    *,
    labels: str | None = None,
    domain: str | None = None,
    clusterers: Sequence[Any] = CLUSTERERS,
    spaces: Sequence[str] = ("l2",),
    k: str | int = DEFAULT_K,
    seeds: int = 10,
    names: str | Sequence[str] = (),
    corrupt: str | Sequence[str] = (),
    corrupted: int = CORRUPTED,
    mix: str | None = None,
    maps: Sequence[str] = DEFAULT_MAPS,
    out: str | Path | None = None,
    store: str | Path | None = None,
    offline: bool = False,
    allow_local: bool = False,
    follow_links: bool = False,
    limit: int | None = None,
    copies: int = COPIES,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    memory: str | None = None,
    patience: float | None = None,
    quiet: bool = True,
) -> Results:
    """Return the comparison of these encoders on these images.

    Args:
        source: a folder (its sub-folders are labels if two or more hold images), a `.csv` or
            `.parquet` file with a column `path` or `url`, either of them also at an address such
            as `s3://bucket/photos`, `open-images:FOLDER`, a Dataset, or several of these, which
            then are the domains.
        encoders: texts such as `timm:resnet50`, or Encoder objects, which a mapping names.
        labels: a column, a `.csv` file of labels, or `none`; by default what the source has.
        domain: a column, or `folder` for the top folder: every metric by domain, and whether
            clusters follow it.
        clusterers: texts such as `hdbscan,min_cluster_size=10`, or any object with
            scikit-learn's `fit_predict`.
        spaces: what the clusterers see: `l2`, `raw`, `center-l2`, `pca:N`, `whiten`, `umap:N`,
            `tsne:2`. The first one leads.
        k: a range such as `2..20`, a number, or `truth`.
        seeds: how many, the same for every encoder.
        names: candidate words for the clusters, as a sequence, `a,b,c` or a `.txt` file.
        corrupt: challenging images, such as `noise,blur:1..5` or `all`; see
            `embedbench.data.images.corruptions`.
        corrupted: of how many images to make corrupted copies.
        mix: images of another kind to mix in, and how many for each image: `FOLDER:0.1`, or
            `digits:0.1` for scikit-learn's handwritten digits.
        maps: which planes are drawn: `pca`, `tsne`, `umap`.
        out: where to write the run folder with tables, figures and report; nowhere if None.
        store: the folder or address that keeps vectors and downloads between runs.
        offline: encoders may not use the network, and nothing is downloaded.
        allow_local: images may be downloaded from this machine and its network.
        follow_links: links that lead out of a folder of images are followed; else they are
            listed as failures.
        limit: compare a seeded sample of so many images.
        copies: of how many images to encode lightly changed copies as well, which shows without
            labels whether an encoder still sees the same picture; 0 for none.
        engine: where encoders run: `local`, on this machine, or `ray`.
        address: HOST:PORT of a running Ray cluster; None to start Ray on this machine.
        workers: of each encoder, at most; None for as many as there is room for.
        memory: how much what is computed may take, such as `4GB`, all processes together; half
            of what is free if None. No number depends on it. An encoder whose processes hold
            more, or nearly all that is free if None, is ended, and fails.
        patience: seconds without any answer after which an encoder is given up, and fails; a
            quarter of an hour if None.
        quiet: show no progress.

    Raises:
        EmbedbenchError: nothing could be done. An encoder or an image that fails is a row in
            the results' `failures` instead.
    """
    started = time.time()
    # A cluster's own connections are Ray's; its workers refuse theirs themselves.
    with no_network(offline and engine == "local"):
        check_offline(offline, [*source_list(source), labels, mix])
        corrupt = [corrupt] if isinstance(corrupt, str) else list(corrupt)
        found = with_labels(read_datasets(source, follow_links), labels)
        dataset = with_domain(found, domain).sample(limit)
        request = read_options(
            encoders, clusterers, spaces, k, seeds, names, copies, corrupt, corrupted, mix, domain,
            maps, Progress(quiet), memory, follow_links,
        )  # fmt: skip
        request.check(len(dataset), class_count(dataset))
        sources = [str(getattr(one, "origin", one)) for one in source_list(source)]
        asked = {"source": dataset.origin, "sources": sources, "labels": labels, "limit": limit}
        asked |= {"offline": offline, "allow_local": allow_local, "corrupt": corrupt, "mix": mix}
        asked |= {
            "follow_links": follow_links,
            "corrupted": corrupted,
            "encoders": [str(one) for one in encoders],
        }
        asked |= request.record() | {"patience": patience}
        with ExitStack() as stack:
            place = None if out is None else stack.enter_context(OutFolder(Path(out)))
            running = make_engine(
                store, offline, request.progress, engine, address, workers, patience,
                request.memory.limit if memory else None,
            )  # fmt: skip
            fetching = running.download_settings(allow_local)
            told = asked | {"command": repeat_command(asked)}
            results = run_comparison(dataset, request, running, fetching, started, told)
            if place is not None:
                from embedbench.report import draw

                with request.progress.bar("drawing figures and report", 0, ""):
                    results.put(place, draw)
    return results
