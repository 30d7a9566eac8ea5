"""The encoding stage: images are downloaded, scanned and turned into vectors by every encoder."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from embedbench.analysis.label_free import AugmentedViews
from embedbench.comparison.config import ComparisonConfig
from embedbench.comparison.extra_images import ExtraImages, plan_extra_images
from embedbench.comparison.tables import image_failures, known_of
from embedbench.comparison.texts import TextPlan, TextVectors
from embedbench.data.dataset import Dataset
from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.survey import with_renderings
from embedbench.data.downloads.download import DownloadSettings, download_missing
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import Embedder
from embedbench.embedding.engine import Engine
from embedbench.embedding.result import Embedding
from embedbench.encoder import Vectors
from embedbench.encoders.concatenation import parts_of
from embedbench.errors import EmbedbenchError, InputError, NoEncoderError, StoreError
from embedbench.results.live.table import LiveTable
from embedbench.utils.fingerprint import library_versions
from embedbench.utils.messages import one_line, wrap_foreign_errors

__all__ = [
    "EncodedDataset",
    "EncodedImages",
    "PreparedImages",
    "keep_common",
    "run_encoding_stage",
]


def run_encoding_stage(
    dataset: Dataset,
    config: ComparisonConfig,
    engine: Engine,
    downloads: DownloadSettings,
    live: LiveTable,
) -> "EncodedDataset":
    """Return the images that every encoder could encode, their vectors, and the extra images.

    Args:
        dataset: the images to compare.
        config: what was asked for.
        engine: where encoders run.
        downloads: how missing images are downloaded.
        live: says what came of each encoder.

    Raises:
        EmbedbenchError: no image or no encoder is left.
    """
    with Embedder(config.encoders, engine) as embedder:
        images = prepare_images(dataset, embedder, downloads, config.drawing)
        extra = plan_extra_images(config, images.dataset, images.hashes, engine, downloads)
        encoded = encode_all(config, images, extra, embedder, live)
    return keep_common(images, encoded, extra)


@dataclass(frozen=True, eq=False)
class PreparedImages:
    """The images of a comparison that can be read.

    Attributes:
        dataset: their sources and labels.
        table: a row an image, as `Results.images`, before anything is computed.
        failures: images that could not be downloaded, read or encoded, as in `Results`.
    """

    dataset: Dataset
    table: pd.DataFrame
    failures: pd.DataFrame

    @property
    def hashes(self) -> list[str]:
        """The hash of each image's bytes."""
        return list(self.table["hash"])


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """Embeddings of all encoders.

    Attributes:
        embeddings: by encoder, of those that did not fail.
        errors: why an encoder failed, by encoder.
        plan: the texts that encoders read.
        readers: the encoders that read texts.
        asked: the names of all encoders, also of those that failed, in the order asked for.
        versions: of the encoders' libraries.
    """

    embeddings: dict[str, Embedding]
    errors: dict[str, str]
    plan: TextPlan = TextPlan()
    readers: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def vectors(self) -> dict[str, Vectors]:
        """The vectors of the images, by encoder."""
        return {name: embedding.vectors for name, embedding in self.embeddings.items()}

    @property
    def naming_encoder(self) -> str | None:
        """The first encoder that read the candidate names; None without such names."""
        return next((name for name, texts in self.texts.items() if len(texts.names)), None)

    @property
    def texts(self) -> dict[str, TextVectors]:
        """The vectors of the texts, by encoder, of those that read them."""
        return {
            name: self.plan.split(embedding.texts)
            for name, embedding in self.embeddings.items()
            if len(embedding.texts)
        }

    @property
    def text_remarks(self) -> list[str]:
        """Remarks on the encoders that could not read the texts."""
        return [
            f"'{name}' takes part without texts, which it could not read: {embedding.text_error}"
            for name, embedding in self.embeddings.items()
            if embedding.text_error
        ]

    def augmented(self, extra: ExtraImages) -> dict[str, AugmentedViews | None]:
        """Return the vectors of the augmented images, by encoder; None where it has none."""
        return {name: extra.augmented(embedding) for name, embedding in self.embeddings.items()}


@dataclass(frozen=True, eq=False)
class EncodedDataset:
    """What the later stages analyse: images and their vectors, and the extra images."""

    images: PreparedImages
    encoded: EncodedImages
    extra: ExtraImages


def prepare_images(
    dataset: Dataset, embedder: Embedder, downloads: DownloadSettings, drawing: Drawing
) -> PreparedImages:
    """Download what is missing, scan all images, and return those that can be read.

    Args:
        dataset: the images.
        embedder: begins to load its encoders while the images are opened.
        downloads: how missing images are downloaded.
        drawing: how deep images are drawn.
    """
    engine = embedder.engine
    dataset, missed = download_missing(dataset, downloads)
    dataset = with_renderings(dataset, drawing, engine.workers, engine.progress)
    dataset, table, unread = scan_images(
        dataset, engine.store, engine.workers, engine.progress, embedder.begin
    )
    return PreparedImages(dataset, table, pd.concat([missed, unread], ignore_index=True))


def encode_all(
    config: ComparisonConfig,
    images: PreparedImages,
    extra: ExtraImages,
    embedder: Embedder,
    live: LiveTable,
) -> EncodedImages:
    """Encode the images, and the extra images, by all encoders; `live` says what came of each.

    Raises:
        NoEncoderError: all encoders failed.
    """
    embeddings: dict[str, Embedding] = {}
    errors: dict[str, str] = {}
    plan = TextPlan.of(images.dataset, config.words, config.purposes)
    prompts = plan.prompts()
    for name in config.encoders:
        try:
            with wrap_foreign_errors():
                texts = prompts if config.reads_texts(name) else []
            rows = images.dataset, images.hashes
            embeddings[name] = embedder.embed(name, *rows, texts, extra.items)
            live.encoded(name, *known_of(embeddings[name]))
        except StoreError:  # no other encoder could keep its vectors either
            raise
        except EmbedbenchError as error:
            errors[name] = one_line(str(error))
            live.failed(name, errors[name])
    if not embeddings:
        reasons = "; ".join(f"'{name}': {reason}" for name, reason in errors.items())
        raise NoEncoderError(f"no encoder could be used; {reasons}")
    readers = [name for name in embeddings if config.reads_texts(name)]
    able = tuple(name for name in readers if not embeddings[name].text_error)
    parts = [part for encoder in config.encoders.values() for part in parts_of(encoder)]
    versions = library_versions(library for part in parts for library in part.libraries)
    return EncodedImages(embeddings, errors, plan, able, tuple(config.encoders), versions)


def keep_common(
    images: PreparedImages, encoded: EncodedImages, extra: ExtraImages
) -> EncodedDataset:
    """Return what belongs to the images that every encoder could encode; the rest are failures.

    Raises:
        InputError: there is no such image.
    """
    failed = {row for embedding in encoded.embeddings.values() for row in embedding.failures}
    rows = [row for row in range(len(images.dataset)) if row not in failed]
    if not rows:
        raise InputError("no image could be encoded by every encoder")
    skipped = image_failures(images.dataset, encoded.embeddings)
    dataset, table = images.dataset.take(rows), images.table.iloc[rows].reset_index(drop=True)
    columns = dataset.table.reset_index(drop=True)
    kept = {name: embedding.take(rows) for name, embedding in encoded.embeddings.items()}
    return EncodedDataset(
        PreparedImages(
            dataset,
            pd.concat([table, columns[[c for c in columns if c not in table]]], axis=1),
            pd.concat([images.failures, extra.failures, skipped], ignore_index=True),
        ),
        replace(encoded, embeddings=kept),
        extra.keep(rows),
    )
