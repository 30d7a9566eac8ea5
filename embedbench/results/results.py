"""Results: every table of one comparison, and the run folder that holds them on disk."""

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from embedbench.errors import InputError, NotWrittenError
from embedbench.io.safe_csv import read_csv, write_csv
from embedbench.results.budget import budget_lines
from embedbench.results.formats import as_markdown, as_plain_text
from embedbench.results.run_folder import OutFolder
from embedbench.results.schema import (
    HEADLINE,
    K_CRITERIA,
    NULLABLE_TEXT_COLUMNS,
    SCHEMA_VERSION,
    TABLES,
    TEXT_COLUMNS,
)
from embedbench.results.tables.purposes import PURPOSES
from embedbench.utils.messages import one_line
from embedbench.utils.text import escape_markdown

__all__ = ["Results"]

_DECIDING = ("comparison", "encoders", "images")
"""The tables without which there is no answer."""


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(TABLES[name].columns))


def _optional(name: str) -> Any:
    return field(default_factory=partial(_empty, name))


@dataclass(frozen=True)
class Results:
    """The tables of one comparison.

    `embedbench.results.schema.TABLES` says what a row of each is, and describes every column. A
    table that has no rows has these columns too. `run` holds all that is needed to repeat the
    comparison, its verdict and its remarks.
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
    neighbours: pd.DataFrame = _optional("neighbours")
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

    @property
    def spaces(self) -> list[str]:
        """What was clustered; the first one leads."""
        return [str(space) for space in self.comparison["space"].unique()]

    @property
    def has_truth(self) -> bool:
        """Whether at least two labels are known."""
        return "ami" in self.comparison.columns

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

    def _repr_html_(self) -> str:
        return str(self.headline().to_html(index=False, float_format="{:.3f}".format, na_rep=""))

    def write(self, folder: Path, draw: Callable[["Results", Path], object] | None = None) -> None:
        """Write the run folder: all of it, or nothing.

        Args:
            folder: the run folder; an earlier run folder there is replaced.
            draw: called with these results and the unfinished folder, to add the report.

        Raises:
            InputError: the folder holds something else, or cannot be written.
        """
        with OutFolder(folder) as out_folder:
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
        lines = [self.to_markdown(), *map(escape_markdown, budget_lines(self.run))]
        (folder / "comparison.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
        run = self.run | {"schema": SCHEMA_VERSION, "tables": sorted(written)}
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

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """Return the results in a run folder.

        Raises:
            InputError: the folder is no run folder, or of another version of it.
        """
        results, lacking = cls.read_partly(folder)
        if lacking:
            raise _not_whole(folder, next(iter(lacking.values())))
        return results

    @classmethod
    def read_partly(cls, folder: Path) -> tuple["Results", dict[str, str]]:
        """Return the results in a run folder, and why tables that could not be read are empty.

        The reasons stand by the names of the tables.

        Raises:
            InputError: the folder is no run folder, of another version of it, or lacks one of the
                tables that decide: of the comparison, of the encoders or of the images.
        """
        tables: dict[str, pd.DataFrame] = {}
        lacking: dict[str, str] = {}
        try:
            run = _read_part(folder / "run.json")
        except ValueError as error:
            raise _not_whole(folder, str(error)) from error
        _check_schema(folder, run)
        for name, table in TABLES.items():
            tables[name] = _empty(name)
            if table.optional and name not in run["tables"]:
                continue
            try:
                tables[name] = _read_part(folder / f"{name}.{table.suffix}")
            except ValueError as error:
                if name in _DECIDING:
                    raise _not_whole(folder, str(error)) from error
                lacking[name] = str(error)
        return cls(**tables, run=run), lacking


def _read_part(file: Path) -> Any:
    """Return what a file of a run folder holds.

    Raises:
        ValueError: it is missing or damaged; the message names it.
    """
    try:
        return _READERS[file.suffix](file)
    except FileNotFoundError as error:
        raise ValueError(f"{file.name} is missing") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{file.name} is damaged ({one_line(str(error))})") from error


def _not_whole(folder: Path, reason: str) -> InputError:
    return InputError(f"'{folder}' is not a whole run folder: {reason}; run again")


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
    if not isinstance(run.get("tables"), list):
        raise InputError(f"'{folder}' is not a whole run folder: its run.json names no tables")


def _read_csv(file: Path) -> pd.DataFrame:
    """Return a table as it was written: a cluster named `null` or `12` keeps its name."""
    more_columns = ["value"] if file.stem == "composition" else []  # the name of a label
    kinds = dict.fromkeys([*TEXT_COLUMNS, *NULLABLE_TEXT_COLUMNS, *more_columns], str)
    table = read_csv(file, kinds)
    return table.fillna({name: "" for name in TEXT_COLUMNS if name in table.columns})


_READERS: dict[str, Callable[[Path], Any]] = {
    ".json": lambda file: json.loads(file.read_text(encoding="utf-8")),
    ".csv": _read_csv,
    ".parquet": pd.read_parquet,
}
