"""Results: every table of one comparison, and the run folder that holds them on disk."""

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embedbench.errors import InputError, NotWrittenError
from embedbench.io.safe_csv import write_csv
from embedbench.results.budget import budget_lines
from embedbench.results.encoded import VECTORS, Encoded
from embedbench.results.formats import as_markdown, as_plain_text
from embedbench.results.run_folder import OutFolder
from embedbench.results.schema import (
    HEADLINE,
    K_CRITERIA,
    SCHEMA_VERSION,
    TABLES,
)
from embedbench.results.tables.purposes import PURPOSES
from embedbench.utils.text import escape_markdown

__all__ = ["Answer", "Results", "empty_table"]

# They read `Results` themselves.
_views = partial(importlib.import_module, "embedbench.results.views")
_sentences = partial(importlib.import_module, "embedbench.results.sentences")
_short = partial(importlib.import_module, "embedbench.results.short_table")


def empty_table(name: str) -> pd.DataFrame:
    """Return a table of this name without rows."""
    return pd.DataFrame(columns=list(TABLES[name].columns))


def _optional(name: str) -> Any:
    return field(default_factory=partial(empty_table, name))


@dataclass(frozen=True, repr=False)
class Answer:
    """The verdict for one purpose.

    Attributes:
        purpose: what the encoder is for.
        metric: the name of the metric that it is judged by; empty without labels.
        basis: `labels`, `no labels`, `one encoder` or `nothing`.
        answer: `best`, `tied`, `likely`, `cannot tell`, `none better than chance` or `too few
            pictures`.
        group: the encoders named, or those among which the best may be.
        recommended: the one of them to take; None where none is named.
        sentences: the answer and its reasons, in words.
    """

    purpose: str
    metric: str
    basis: str
    answer: str
    group: tuple[str, ...]
    recommended: str | None
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the answer in words."""
        return " ".join(self.sentences)


@dataclass(frozen=True, repr=False)
class Results:
    """The tables of one comparison.

    `embedbench.results.schema.TABLES` says what a row of each is, and describes every column. A
    table that has no rows has these columns too. `run` holds all that is needed to repeat the
    comparison, its verdict and its remarks. `encoded` holds the vectors of all encoders, and what
    a comparison with other encoders needs; None where they were not kept. `folder` is where the
    run folder was written or read; None without one.
    """

    comparison: pd.DataFrame
    encoders: pd.DataFrame
    timings: pd.DataFrame
    partitions: pd.DataFrame
    images: pd.DataFrame
    silhouettes: pd.DataFrame
    projections: pd.DataFrame
    label_free: pd.DataFrame
    run: dict[str, Any]
    clusters: pd.DataFrame = _optional("clusters")
    elbow: pd.DataFrame = _optional("elbow")
    failures: pd.DataFrame = _optional("failures")
    purposes: pd.DataFrame = _optional("purposes")
    search: pd.DataFrame = _optional("search")
    search_answers: pd.DataFrame = _optional("search_answers")
    words: pd.DataFrame = _optional("words")
    concatenations: pd.DataFrame = _optional("concatenations")
    few_shot: pd.DataFrame = _optional("few_shot")
    sizes: pd.DataFrame = _optional("sizes")
    pairwise: pd.DataFrame = _optional("pairwise")
    similarity: pd.DataFrame = _optional("similarity")
    disagreements: pd.DataFrame = _optional("disagreements")
    nearest: pd.DataFrame = _optional("nearest")
    shortcuts: pd.DataFrame = _optional("shortcuts")
    variance: pd.DataFrame = _optional("variance")
    zero_shot: pd.DataFrame = _optional("zero_shot")
    composition: pd.DataFrame = _optional("composition")
    robustness: pd.DataFrame = _optional("robustness")
    robustness_ranking: pd.DataFrame = _optional("robustness_ranking")
    moved_images: pd.DataFrame = _optional("moved_images")
    contamination: pd.DataFrame = _optional("contamination")
    domains: pd.DataFrame = _optional("domains")
    domain_pairs: pd.DataFrame = _optional("domain_pairs")
    domain_alignment: pd.DataFrame = _optional("domain_alignment")
    worst_images: pd.DataFrame = _optional("worst_images")
    encoded: Encoded | None = None
    folder: Path | None = None

    @property
    def spaces(self) -> list[str]:
        """What was clustered; the first one leads."""
        return [str(space) for space in self.comparison["space"].unique()]

    @property
    def has_truth(self) -> bool:
        """Whether at least two labels are known."""
        return "ami" in self.comparison.columns

    @property
    def verdicts(self) -> dict[str, Answer]:
        """The verdict for each purpose, the leading one first."""
        found: dict[str, Answer] = _sentences().answers(self)
        return found

    @property
    def verdict(self) -> Answer:
        """The verdict for the purpose that leads; as text, it is in words."""
        return next(iter(self.verdicts.values()))

    @property
    def best(self) -> str | None:
        """The encoder that is recommended for the purpose that leads; None if none is named."""
        return self.verdict.recommended

    @property
    def plot(self) -> Any:
        """Figures as matplotlib axes: `.plot.ranks()`, `.plot.map("timm")`, `.plot.pareto()`."""
        return importlib.import_module("embedbench.report.axes").Plots(self)

    def assignments(
        self, encoder: str, clusterer: str | None = None, space: str | None = None
    ) -> pd.DataFrame:
        """Return the cluster of each image; see `embedbench.results.views.assignments`."""
        table: pd.DataFrame = _views().assignments(self, encoder, clusterer, space)
        return table

    def vectors(self, encoder: str) -> np.ndarray:
        """Return an encoder's vectors, float32 "images dim"; row i is row i of `images`.

        Raises:
            InputError: there is no such encoder, or vectors were not kept.
        """
        if self.encoded is None:
            raise InputError("these results hold no vectors: they were written without")
        name = _views().encoder_named(self, encoder)
        if name not in self.encoded.images:
            raise InputError(f"no vectors of '{encoder}', which failed")
        return self.encoded.images[name]

    def neighbours(self, image: str, encoder: str | None = None) -> pd.DataFrame:
        """Return an image's nearest other images; see `embedbench.results.views.neighbours`."""
        table: pd.DataFrame = _views().neighbours(self, image, encoder)
        return table

    def headline(self) -> pd.DataFrame:
        """Return the columns of the comparison that a person sees first, with their headings.

        Where another metric than AMI leads, it stands in the place of AMI: one number an encoder.
        """
        table = self.comparison[self.headline_columns()].rename(columns=HEADLINE)
        first = self.purposes.head(1).to_dict("records")
        metric = str(first[0]["metric"]) if first else ""
        if metric in ("", "ami"):
            return table
        purpose = str(first[0]["purpose"])
        numbers = self.purposes[self.purposes["purpose"] == purpose].set_index("encoder")
        replaced = [name for name in (HEADLINE["ami"], "low", "high") if name in table]
        place = list(table.columns).index(replaced[0]) if replaced else len(table.columns)
        heading = PURPOSES[purpose].get(metric, metric)
        table = table.drop(columns=[*replaced, heading], errors="ignore")
        for part, name in (("high", "high"), ("low", "low"), ("value", heading)):
            table.insert(place, name, self.comparison["encoder"].map(numbers[part]))
        return table

    def headline_columns(self) -> list[str]:
        """Return the names of those columns; the silhouette in l2 only where another space is."""
        present = [column for column in HEADLINE if column in self.comparison.columns]
        if self.comparison["space"].eq("l2").all() and "silhouette_l2" in present:
            present.remove("silhouette_l2")
        return present

    def to_markdown(self) -> str:
        """Return the headline table as Markdown, three decimals."""
        return as_markdown(self.headline())

    def to_text(self) -> str:
        """Return the main rows as plain text: every clusterer at the shared k, or at its own."""
        main = ~self.comparison["k_from"].isin(K_CRITERIA)
        left_out = [HEADLINE["space"]] if self.comparison["space"].nunique() == 1 else []
        return as_plain_text(self.headline()[main].drop(columns=left_out))

    def __repr__(self) -> str:
        """Return the verdict in words and the numbers that decide."""
        return str(_short().as_text(self))

    def _repr_html_(self) -> str:
        """Return the same for a notebook, with a link to the page."""
        return str(_short().as_html(self))

    def write(
        self, folder: str | Path, draw: Callable[["Results", Path], object] | None = None
    ) -> None:
        """Write the run folder: all of it, or nothing.

        Args:
            folder: the run folder; an earlier run folder there is replaced.
            draw: called with these results and the unfinished folder, to add the report.

        Raises:
            InputError: the folder holds something else, or cannot be written.
        """
        with OutFolder(Path(folder)) as out_folder:
            self.put(out_folder, draw)

    def put(
        self, place: OutFolder, draw: Callable[["Results", Path], object] | None = None
    ) -> None:
        """Write the run folder into a place that is taken already; see `write`.

        Raises:
            NotWrittenError: it cannot be written; the error holds these results.
        """

        def write(unfinished: Path) -> None:
            self._write_tables(unfinished)
            if draw:
                draw(self, unfinished)

        try:
            place.fill(write)
        except InputError as error:
            raise NotWrittenError(str(error), self) from error

    def _write_tables(self, folder: Path) -> None:
        written = {
            name: getattr(self, name)
            for name, table in TABLES.items()
            if not table.optional or len(getattr(self, name))
        }
        for name, frame in written.items():
            if TABLES[name].suffix == "csv":
                write_csv(frame, folder / f"{name}.csv")
            else:
                frame.to_parquet(folder / f"{name}.parquet", index=False)
        if self.encoded is not None:
            self.encoded.write(folder / VECTORS)
        lines = [self.to_markdown(), *map(escape_markdown, budget_lines(self.run))]
        (folder / "comparison.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
        run = self.run | {"schema": SCHEMA_VERSION, "tables": sorted(written)}
        run["has_vectors"] = self.encoded is not None
        text = json.dumps(run, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / "run.json").write_text(text + "\n", encoding="utf-8")

    def figures(
        self, folder: str | Path, only: Sequence[str] = (), format: str = "png"
    ) -> list[Path]:
        """Draw figures into a folder, in parallel processes, and return their files.

        Args:
            folder: where they go, with a folder in it for each encoder.
            only: names of figures without ending, such as `ranks` or `timm/elbow`, or patterns
                such as `*/map_*`; empty for all.
            format: `png`, `svg` or `pdf`.

        Raises:
            InputError: there is no such figure or format, or the folder cannot be written.
        """
        drawing = importlib.import_module("embedbench.report.plots.drawing")
        files: list[Path] = drawing.draw_figures(self, Path(folder), only, format)
        return files

    def export(self, to: str, out: str | Path | None = None, **options: Any) -> Any:
        """Write the results for another tool; see `embedbench.export.exporting.export`."""
        return importlib.import_module("embedbench.export.exporting").export(
            self, to, out, **options
        )
