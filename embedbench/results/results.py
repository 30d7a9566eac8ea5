"""Results: every table of one comparison, and the run folder that holds them on disk."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from embedbench.errors import InputError, NotWrittenError
from embedbench.io.safe_csv import read_csv, write_csv
from embedbench.results.formats import as_latex, as_markdown, as_plain_text
from embedbench.results.run_folder import OutFolder
from embedbench.results.schema import (
    CSV_TABLES,
    HEADLINE,
    K_CRITERIA,
    NULLABLE_TEXT_COLUMNS,
    OPTIONAL_TABLES,
    PARQUET_TABLES,
    SCHEMA_VERSION,
    TEXT_COLUMNS,
)

__all__ = ["Results"]


def _nothing(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(OPTIONAL_TABLES[name]))


@dataclass(frozen=True)
class Results:
    """The tables of one comparison.

    Attributes:
        comparison: a row for each encoder x space x clusterer x way of choosing k. The main
            columns count each noise image as a cluster of its own; those that end in
            `_clustered` leave noise out. Means over the seeds.
        encoders: a row for each encoder: dim, speed, memory, fingerprint, status, error.
        partitions: a row for each image x run, label -1 is noise.
        elbow: a row for each encoder x k of the K-means sweep in the first space.
        clusters: a row for each encoder x space x clusterer x cluster of the main partition: at
            the shared k, of the first seed.
        failures: a row for each image or encoder that failed.
        images: a row for each image compared: `image, hash, truth, width, height, thumbnail`
            (JPEG bytes) and the dataset's other columns.
        silhouettes: a row for each image x encoder x space x clusterer of the main partition:
            `image, encoder, space, clusterer, cluster, silhouette, medoid_distance`.
        maps: a row for each image x encoder x map: `image, encoder, map, x, y`, where map is
            `pca`, `tsne` or `umap`.
        pairs: a row for each clusterer x metric x ordered pair of encoders, in the first space
            at the shared k: the difference and its interval, `win, tie, loss, p_beats`.
        criteria: a row for each encoder x criterion that needs no labels: its value, its
            interval where it has one, and what chance gives: `shuffled` and `random`.
        similarity: a row for each ordered pair of encoders: `partition_agreement, mutual_knn,
            cka`.
        disagreements: a row for each pair of pictures that `encoder` puts together and `other`
            apart: `image, partner, strength`, the strongest first.
        shortcuts: a row for each encoder x attribute: how much of the clustering the attribute
            explains, `ami`, and what it does by chance, `null` and `p`.
        variance: a row for each encoder x principal component: the share of the variance that
            it holds.
        run: all that is needed to repeat it.
        words: a row for each image, where there are words: the two that fit it best, and whether
            it lies `between` them.
        composition: a row for each encoder x clusterer x cluster x label or domain, where there
            are any: how many images, and their shares.
        robustness: a row for each encoder x corruption x severity x clusterer x metric: its value
            on clean images and on corrupted ones, the change and its interval.
        held: a row for each encoder: how much it keeps under corruption, and its rank.
        mixed: a row for each encoder x clusterer x quantity: where mixed-in images end up.
        domains: a row for each encoder x domain x clusterer x metric, the domain by itself.
        domain_pairs: how each metric moves between two domains.
        follows: a row for each encoder: how far its clusters follow the domain.
        worst: the images on which an encoder does worst, by domain.
    """

    comparison: pd.DataFrame
    encoders: pd.DataFrame
    partitions: pd.DataFrame
    elbow: pd.DataFrame
    clusters: pd.DataFrame
    failures: pd.DataFrame
    images: pd.DataFrame
    silhouettes: pd.DataFrame
    maps: pd.DataFrame
    pairs: pd.DataFrame
    criteria: pd.DataFrame
    similarity: pd.DataFrame
    disagreements: pd.DataFrame
    shortcuts: pd.DataFrame
    variance: pd.DataFrame
    run: dict[str, Any]
    words: pd.DataFrame = field(default_factory=partial(_nothing, "words"))
    composition: pd.DataFrame = field(default_factory=partial(_nothing, "composition"))
    robustness: pd.DataFrame = field(default_factory=partial(_nothing, "robustness"))
    held: pd.DataFrame = field(default_factory=partial(_nothing, "held"))
    mixed: pd.DataFrame = field(default_factory=partial(_nothing, "mixed"))
    domains: pd.DataFrame = field(default_factory=partial(_nothing, "domains"))
    domain_pairs: pd.DataFrame = field(default_factory=partial(_nothing, "domain_pairs"))
    follows: pd.DataFrame = field(default_factory=partial(_nothing, "follows"))
    worst: pd.DataFrame = field(default_factory=partial(_nothing, "worst"))

    @property
    def spaces(self) -> list[str]:
        """What was clustered; the first one leads."""
        return [str(space) for space in self.comparison["space"].unique()]

    @property
    def has_truth(self) -> bool:
        """Whether at least two labels are known."""
        return "ami" in self.comparison.columns

    def headline(self) -> pd.DataFrame:
        """Return the columns of the comparison that a person sees first, with their headings."""
        return self.comparison[self.headline_columns()].rename(columns=HEADLINE)

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
        left_out = [HEADLINE["seconds"]]
        if self.comparison["space"].nunique() == 1:
            left_out.append(HEADLINE["space"])
        return as_plain_text(self.headline()[main].drop(columns=left_out))

    def _repr_html_(self) -> str:
        return str(self.headline().to_html(index=False, float_format="{:.3f}".format, na_rep=""))

    def write(self, folder: Path, draw: Callable[["Results", Path], None] | None = None) -> None:
        """Write the run folder: all of it, or nothing.

        Args:
            folder: where to; an earlier run folder there is replaced.
            draw: called with these results and the unfinished folder, to add figures and report.

        Raises:
            InputError: the folder holds something else, or cannot be written.
        """
        with OutFolder(folder) as place:
            self.put(place, draw)

    def put(self, place: OutFolder, draw: Callable[["Results", Path], None] | None = None) -> None:
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
        for name in CSV_TABLES:
            write_csv(getattr(self, name), folder / f"{name}.csv")
        for name in PARQUET_TABLES:
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)
        (folder / "comparison.md").write_text(self.to_markdown() + "\n", encoding="utf-8")
        (folder / "comparison.tex").write_text(as_latex(self.headline()), encoding="utf-8")
        run = {"schema": SCHEMA_VERSION, **self.run}
        text = json.dumps(run, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / "run.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """Return the results in a run folder.

        Raises:
            InputError: the folder is no run folder, or of another version of it.
        """
        try:
            run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            _check_schema(folder, run)
            tables = {name: _read_csv(folder / f"{name}.csv") for name in CSV_TABLES}
            tables |= {name: pd.read_parquet(folder / f"{name}.parquet") for name in PARQUET_TABLES}
        except InputError:
            raise
        except (OSError, ValueError) as error:
            raise InputError(f"'{folder}' is not a whole run folder: {error}") from error
        assert set(tables) | {"run"} == {field.name for field in fields(cls)}
        return cls(**tables, run=run)


def _check_schema(folder: Path, run: Any) -> None:
    schema = run.get("schema") if isinstance(run, dict) else None
    if type(schema) is not int:
        raise InputError(f"'{folder}' is not a run folder: its run.json names no schema")
    if schema != SCHEMA_VERSION:
        newer = schema > SCHEMA_VERSION
        made = "a newer" if newer else "an older"
        step = "update embedbench, or run again" if newer else "run again"
        raise InputError(
            f"'{folder}' was made by {made} version of embedbench (schema {schema}; this one "
            f"reads {SCHEMA_VERSION}): {step}"
        )


def _read_csv(file: Path) -> pd.DataFrame:
    """Return a table as it was written: a cluster named `null` or `12` keeps its name."""
    own = ["value"] if file.stem == "composition" else []  # the name of a label
    kinds = dict.fromkeys([*TEXT_COLUMNS, *NULLABLE_TEXT_COLUMNS, *own], str)
    table = read_csv(file, kinds)
    return table.fillna({name: "" for name in TEXT_COLUMNS if name in table.columns})
