"""The public function `compare`: images and encoders in, results out."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from embedbench.comparison.config import parse_k, read_options
from embedbench.comparison.options import CLUSTERERS, DEFAULT_K, ComparisonOptions
from embedbench.comparison.pipeline import analyse_comparison
from embedbench.comparison.provenance import record_options
from embedbench.comparison.queries import with_queries
from embedbench.comparison.runs.writing import Contents, write_run
from embedbench.comparison.stages.encoding import run_encoding_stage
from embedbench.comparison.texts import with_texts
from embedbench.comparison.unchanged import digest_of_comparison, unchanged_results
from embedbench.data.dataset import with_domain
from embedbench.data.loading import Sources, read_sources, source_list
from embedbench.embedding.factory import make_engine
from embedbench.io.paths import check_offline
from embedbench.results.live.notebook import live_table
from embedbench.results.live.table import LiveTable
from embedbench.results.results import Results
from embedbench.results.run_folder import OutFolder
from embedbench.results.schema import CERTAINTY, MARGIN
from embedbench.utils.offline import no_network
from embedbench.utils.options import from_keywords
from embedbench.utils.progress import Progress

__all__ = ["compare", "compare_by"]


def compare(
    source: Sources,
    encoders: Sequence[Any] | Mapping[str, Any],
    *,
    labels: str | None = None,
    label_column: str | None = None,
    path_column: str | None = None,
    root: str | Path | None = None,
    keep_na: bool = False,
    images: str | None = None,
    crop: str | None = None,
    where: Sequence[str] = (),
    limit: int | None = None,
    allow_local: bool = False,
    follow_links: bool = False,
    bands: str | None = None,
    depth: int | None = None,
    value_range: str | None = None,
    plane: int | None = None,
    domain: str | None = None,
    clusterers: Sequence[Any] = CLUSTERERS,
    spaces: Sequence[str] = ("l2",),
    k: str | int = DEFAULT_K,
    seeds: int = 10,
    purposes: Sequence[str] = (),
    metric: str | None = None,
    queries: str | None = None,
    keep_duplicates: bool = False,
    pairs: bool = False,
    texts: str | None = None,
    at_least: str | None = None,
    at_most: str | None = None,
    certainty: float = CERTAINTY,
    margin: float = MARGIN,
    names: str | Sequence[str] = (),
    corrupt: str | Sequence[str] = (),
    corrupted: int = 200,
    mix: str | None = None,
    projections: Sequence[str] = ("pca", "tsne"),
    out: str | Path | None = None,
    without_pictures: bool = False,
    without_vectors: bool = False,
    copies: int | None = None,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    patience: float | None = None,
    memory: str | None = None,
    offline: bool = False,
    store: str | Path | None = None,
    quiet: bool | None = None,
) -> Results:
    """Return the comparison of these encoders on these images.

    Args:
        source: a folder (its sub-folders are labels if two or more hold images), an archive, a
            table with a column of file names or URLs, a file or folder of Hugging Face, `hf:NAME`,
            a COCO JSON file, a pattern such as `photos/*.jpg`, each also at an address such as
            `s3://bucket/photos`, `open-images:FOLDER`, a Dataset, a DataFrame, a list of images,
            an array, a `datasets.Dataset`, a torch Dataset, or several of these, which then are
            the domains. `embedbench.read_dataset` says more.
        encoders: texts such as `timm:resnet50`, `./my_encoder.py:Brightness` or `starter`; Encoder
            objects; a function from a list of RGB images to one vector for each; a pair of a
            PyTorch network and a transform of one image; a fitted transformer of scikit-learn;
            vectors made elsewhere: a DataFrame, a mapping from file names, a pair of an array
            "images dim" and its file names. A mapping gives short names to any of these.
        labels: known classes: a table, a column of the source, `folder` for all folders of an
            image, `parent` for its last one, or `none`; by default those that the source has.
        label_column: column of labels, of the table of labels if there is one, else of the tables
            of images; None for the usual names.
        path_column: column of file names of these tables; None for the usual names.
        root: folder or address of the files that a table names; None for that of the table.
        keep_na: whether texts such as `NA` and `None` are classes; else they are missing labels.
        images: sub-folder of the source that holds the images.
        crop: `boxes` for an image for each box that a COCO JSON file names, labelled by its
            category; whole images if None.
        where: conditions such as `split=test`; values of one column are alternatives.
        limit: size of a seeded sample of the images; None for all.
        allow_local: images may be downloaded from this machine and its network.
        follow_links: links that lead out of a folder of images are followed; else they are
            listed as failures.
        bands: bands to draw of images with several, such as `4,3,2`; None for the first three.
        depth: bits of deep images; None for those that the images use.
        value_range: values of deep images that are drawn black and white, such as `0..3000`; None
            for those that the images need.
        plane: plane of stacks, from 1; None for the first.
        domain: a column, or `folder` for the top folder: every metric by domain, and whether
            clusters follow it.
        clusterers: texts such as `hdbscan,min_cluster_size=10`, or any object with
            scikit-learn's `fit_predict`.
        spaces: what the clusterers see: `l2`, `raw`, `center-l2`, `pca:N`, `whiten`, `umap:N`,
            `tsne:2`. The first one leads.
        k: a range such as `2..20`, a number, or `truth`.
        seeds: how many, the same for every encoder.
        purposes: what the encoder is for, of `clustering`, `search`, `classification` and `words`;
            all if empty. The first one leads: verdict, ranks and recommendation follow it.
        metric: the metric that its purpose is judged by, which then leads: `ami`, `ari` or
            `accuracy`; `retrieval_map` or `r_precision`; `linear_probe` or `knn_accuracy`;
            `zero_shot_accuracy` or `text_recall_at_1`, `5`, `10`.
        queries: which images are queries of search, the others being the gallery: a column that
            holds yes or no, `COLUMN=VALUE`, or a folder of the source. If None, each image is a
            query among all others.
        keep_duplicates: whether search may find near-duplicates of a query, right answers if they
            have its label. By default they are left out of its answers.
        pairs: whether the unit vectors of every two encoders side by side are judged too, against
            the best single encoder.
        texts: texts that describe images, which encoders that read texts are to find by them: a
            column of the source, or a table with a column of file names and a column of texts, in
            which an image may have several rows. None for no such texts.
        at_least: images a second, such as `50/s`: only encoders that were measured to encode as
            many on this machine are recommended. Verdict and ranks stay as they are.
        at_most: size of a stored vector, such as `1kB` (1,000 bytes): only encoders are recommended
            of which float32, or a smaller form that is not measurably worse, takes no more.
        certainty: where labels do not decide, the smallest group of encoders is named that holds
            one as good as the best with this probability, above 0 and below 1.
        margin: encoders whose scores differ by no more than this are as good as each other.
        names: candidate words for the clusters, as a sequence, `a,b,c` or a `.txt` file.
        corrupt: challenging images, such as `noise,blur:1..5` or `all`; see
            `embedbench.data.images.corruptions`.
        corrupted: of how many images to make corrupted copies.
        mix: images of another kind to mix in, and how many for each image: `FOLDER:0.1`, or
            `digits:0.1` for scikit-learn's handwritten digits.
        projections: which planes the maps show: `pca`, `tsne`, `umap`.
        out: where to write the run folder with tables, figures and report; nowhere if None.
        without_pictures: the page holds no thumbnails, so it can go where pictures may not; the
            table of images still has them.
        without_vectors: the run folder holds no vectors of the encoders, 4 bytes for each image and
            dimension; without them it cannot be merged with others.
        copies: number of images to augment, which shows without labels whether an encoder still
            sees the same picture; 0 for none. If None, 100 without labels, or where fewer than 100
            of the images have one, and none with more labels, which decide by themselves.
        engine: where encoders run: `local`, on this machine, or `ray`.
        address: HOST:PORT of a running Ray cluster; None to start Ray on this machine.
        workers: of each encoder, at most; None for as many as there is room for.
        patience: seconds without any answer after which an encoder is given up, and fails; a
            quarter of an hour if None.
        memory: how much what is computed may take, such as `4GB`, all processes together; half
            of what is free if None. No number depends on it. An encoder whose processes hold
            more, or nearly all that is free if None, is ended, and fails.
        offline: encoders may not use the network, and nothing is downloaded.
        store: the folder or address that keeps vectors and downloads between runs.
        quiet: show no progress; None to show it in notebooks alone.

    Raises:
        EmbedbenchError: nothing could be done. An encoder or an image that fails is a row in
            the results' `failures` instead.
    """
    return compare_by(from_keywords(ComparisonOptions, locals()))


def compare_by(options: ComparisonOptions, draws_figures: bool = False) -> Results:
    """Return the comparison that the options ask for.

    Args:
        options: as `compare` describes them.
        draws_figures: whether the run folder holds all figures, too, and its page shows them.

    Raises:
        EmbedbenchError: as `compare` does.
    """
    started, engine = time.time(), options.engine
    # A cluster's own connections are Ray's; its workers refuse theirs themselves.
    with no_network(engine.offline and engine.kind == "local"):
        reading = options.reading
        sources = [*source_list(options.source), reading.labels, options.mix, reading.root]
        check_offline(engine.offline, sources)
        labelled = read_sources(options.source, reading)
        chosen = with_domain(labelled, options.domain).sample(reading.limit)
        dataset = with_texts(with_queries(chosen, options.queries), options.texts)
        config = read_options(options)
        parse_k(config.k, len(dataset), dataset.class_count)
        record = {"source": dataset.origin} | record_options(options, config.record())
        with ExitStack() as stack:
            out = options.out
            out_folder = None if out is None else stack.enter_context(OutFolder(Path(out)))
            said = [*dataset.remarks, *dataset.label_remarks]
            for remark in said:
                config.progress.say(f"note: {remark}")
            running = make_engine(engine, config.progress)
            fetching = running.download_settings(reading.allow_local)
            live = live_table(config.progress, list(config.encoders))
            encoded = run_encoding_stage(dataset, config, running, fetching, live)
            record["made_of"] = digest_of_comparison(config, encoded, record)
            if out is not None and not draws_figures:
                unchanged = unchanged_results(Path(out), record["made_of"])
                if unchanged is not None:
                    _say_unchanged(unchanged, live, config.progress, said)
                    return unchanged
            results = analyse_comparison(config, running, encoded, live, started, record)
            _say_remarks(results, config.progress, said)
            if out_folder is not None:
                pictures, vectors = not options.without_pictures, not options.without_vectors
                contents = Contents(draws_figures, pictures, vectors)
                results = write_run(results, out_folder, config.progress, contents)
    return results


def _say_unchanged(
    results: Results, live: LiveTable, progress: Progress, said: Sequence[str]
) -> None:
    """Say the verdict of results that are there already, and that they are."""
    live.decided(results.run["verdict"])
    live.chosen(results.run["verdict"])
    _say_remarks(results, progress, said)
    progress.say("note: nothing has changed since this run folder was made; it stays as it is")


def _say_remarks(results: Results, progress: Progress, said: Sequence[str]) -> None:
    for remark in results.run["remarks"]:
        if remark not in said:
            progress.say(f"note: {remark}")
