"""Results: every table of one comparison, and the run folder that holds them on disk."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from embedbench.errors import InputError

__all__ = ["CRITERIA", "FAILURE_COLUMNS", "HEADLINE", "Results", "check_writable"]

SCHEMA_VERSION = 2

CRITERIA = ("elbow", "silhouette", "gap")
"""The ways of choosing k that give each encoder a k of its own."""

FAILURE_COLUMNS = ["what", "name", "stage", "error"]

_CSV = (
    "comparison", "encoders", "elbow", "clusters", "failures", "pairs", "criteria", "similarity",
    "disagreements", "shortcuts",
)  # fmt: skip
_PARQUET = ("partitions", "images", "silhouettes", "maps")

_TEXTS = (
    "attribute", "chosen", "clusterer", "criterion", "encoder", "error", "image", "k_from",
    "medoid", "metric", "name", "nearest_word", "other", "partner", "space", "stage", "status",
    "what",
)  # fmt: skip
_KNOWN_OR_NOT = ("device", "fingerprint", "licence", "pretrained_on")

HEADLINE = {
    "encoder": "encoder",
    "space": "space",
    "clusterer": "clusterer",
    "k_from": "k from",
    "k": "k",
    "clusters": "clusters",
    "coverage": "coverage",
    "ami": "AMI",
    "ami_low": "low",
    "ami_high": "high",
    "ari": "ARI",
    "accuracy": "accuracy",
    "silhouette": "silhouette*",
    "silhouette_l2": "in l2*",
    "stability": "stability",
    "seconds": "seconds",
}
"""The columns that a person sees first, with their headings; the CSV file holds them all."""


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
        clusters: a row for each encoder x clusterer x cluster of the headline partition: in
            the first space, at the shared k, of the first seed.
        failures: a row for each image or encoder that failed.
        images: a row for each image compared: `image, hash, truth, width, height, thumbnail`
            (JPEG bytes) and the dataset's other columns.
        silhouettes: a row for each image x encoder x clusterer of the headline partition:
            `image, encoder, clusterer, cluster, silhouette, medoid_distance`.
        maps: a row for each image x encoder x map: `image, encoder, map, x, y`, where map is
            `pca` or `tsne`.
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
        run: all that is needed to repeat it.
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
    run: dict[str, Any]

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
        return _as_text(self.headline(), "pipe")

    def to_text(self) -> str:
        """Return the main rows as plain text: every clusterer at the shared k, or at its own."""
        main = ~self.comparison["k_from"].isin(CRITERIA)
        left_out = [HEADLINE["seconds"]]
        if self.comparison["space"].nunique() == 1:
            left_out.append(HEADLINE["space"])
        return _as_text(self.headline()[main].drop(columns=left_out), "simple")

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
        check_writable(folder)
        unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.unfinished")
        try:
            unfinished.mkdir(parents=True)
            self._write_tables(unfinished)
            if draw:
                draw(self, unfinished)
            if folder.exists():
                shutil.rmtree(folder)
            unfinished.rename(folder)
        except OSError as error:
            raise InputError(f"cannot write '{folder}': {error.strerror or error}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _write_tables(self, folder: Path) -> None:
        for name in _CSV:
            getattr(self, name).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
        for name in _PARQUET:
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)
        headline = self.headline()
        (folder / "comparison.md").write_text(self.to_markdown() + "\n", encoding="utf-8")
        latex = headline.style.hide(axis="index").format(_number, escape="latex")
        latex = latex.format_index(escape="latex", axis=1)
        (folder / "comparison.tex").write_text(latex.to_latex(hrules=True), encoding="utf-8")
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
            tables = {name: _read_csv(folder / f"{name}.csv") for name in _CSV}
            tables |= {name: pd.read_parquet(folder / f"{name}.parquet") for name in _PARQUET}
        except (OSError, ValueError) as error:
            raise InputError(f"'{folder}' is not a whole run folder: {error}") from error
        if run.get("schema") != SCHEMA_VERSION:
            raise InputError(
                f"'{folder}' has schema {run.get('schema')!r}; this version reads {SCHEMA_VERSION}"
            )
        assert set(tables) | {"run"} == {field.name for field in fields(cls)}
        return cls(**tables, run=run)


def _read_csv(file: Path) -> pd.DataFrame:
    """Return a table as it was written: a cluster named `null` or `12` keeps its name."""
    kinds = dict.fromkeys([*_TEXTS, *_KNOWN_OR_NOT], str)
    table = pd.read_csv(file, dtype=kinds, keep_default_na=False, na_values=[""])
    return table.fillna({name: "" for name in _TEXTS if name in table.columns})


def _as_text(table: pd.DataFrame, form: str) -> str:
    """Return the table as text: whole numbers whole, others with three decimals."""
    words = {HEADLINE[name] for name in ("encoder", "space", "clusterer", "k_from")}
    align = ["left" if name in words else "right" for name in table]
    written = table.map(_number)
    return str(
        written.to_markdown(index=False, tablefmt=form, colalign=align, disable_numparse=True)
    )


def _number(value: Any) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ""
    if value == int(value) and value > 1:
        return f"{value:.0f}"
    return f"{value:.3f}".replace("-0.000", "0.000")


def check_writable(folder: Path) -> None:
    """Raise InputError unless a run folder can be written there."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"cannot write '{folder}': it is a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "run.json").is_file():
        raise InputError(f"cannot write '{folder}': it holds something that is not a run")
    parent = next(path for path in folder.absolute().parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"cannot write '{folder}': '{parent}' cannot be written to")
