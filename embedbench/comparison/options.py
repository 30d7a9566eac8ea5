"""The options of a comparison: the only list of them.

From its fields are made the command line, the words of a TOML file, what `run.json` records and the
command that repeats a run; a test compares them with the parameters of `embedbench.compare`, whose
text says what each means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.options import list_options, option

if TYPE_CHECKING:
    from embedbench.data.loading import Sources
    from embedbench.encoder import Encoder

__all__ = ["CLUSTERERS", "ComparisonOptions", "DEFAULT_K", "OPTIONS"]

CLUSTERERS = ("kmeans", "agglomerative", "hdbscan")

DEFAULT_K = "2..20"


@dataclass(frozen=True)
class ComparisonOptions:
    """What a comparison is asked for; `embedbench.compare` says what each option means."""

    source: "Sources" = option(MISSING, kind=list, is_file=True)
    encoders: "Sequence[str | Encoder] | Mapping[str, Encoder]" = option(
        MISSING,
        "-e",
        "--encoder",
        kind=list,
        metavar="ENCODER",
        help="NAME[:MODEL][,field=value ...]; may be repeated.",
    )
    labels: str | None = option(
        None,
        "--labels",
        metavar="FILE.csv|COLUMN",
        help="Labels; `none` hides those there are.",
        is_file=True,
    )
    label_column: str | None = option(
        None,
        "--label-column",
        metavar="NAME",
        help="The column of labels in a table, where it is not called `label`.",
    )
    path_column: str | None = option(
        None,
        "--path-column",
        metavar="NAME",
        help="The column of file names in a table, where it is not called `path`.",
    )
    root: str | Path | None = option(
        None,
        "--root",
        metavar="DIR",
        help="Where the files are that a table names, if not beside it.",
        is_file=True,
    )
    domain: str | None = option(
        None,
        "--domain",
        metavar="COLUMN|folder",
        help="What tells domains apart: every metric by domain, and whether clusters follow it.",
    )
    clusterers: Sequence[Any] = option(
        CLUSTERERS,
        "--clusterer",
        kind=list,
        metavar="NAME",
        help="kmeans, agglomerative or hdbscan; all three by default. Fields as for encoders.",
    )
    spaces: Sequence[str] = option(
        ("l2",),
        "--space",
        kind=list,
        metavar="NAME",
        help="What clusterers see: l2 (default), raw, center-l2, pca:N, whiten, umap:N, tsne:2.",
    )
    k: str | int = option(
        DEFAULT_K, "--k", metavar="2..20|4|truth", help="Numbers of clusters to try."
    )
    seeds: int = option(10, "--seeds", kind=int, metavar="N", help="How many seeds.")
    names: str | Sequence[str] = option(
        (),
        "--names",
        metavar="WORDS.txt|a,b,c",
        help="Candidate names for the clusters.",
        is_file=True,
    )
    corrupt: str | Sequence[str] = option(
        (),
        "--corrupt",
        kind=list,
        metavar="KINDS:1..5",
        help="Challenging images: noise, blur, jpeg, contrast, brightness, occlusion, rotation, "
        "greyscale, low-resolution, or all; on the vectors: vector-noise, plane-noise.",
    )
    corrupted: int = option(
        200,
        "--corrupted",
        kind=int,
        metavar="N",
        help="Of how many images corrupted copies are made.",
    )
    mix: str | None = option(
        None,
        "--mix",
        metavar="FOLDER:0.1",
        help="Mix in images of another kind, 0.1 for each of yours; `digits:0.1` needs no folder.",
    )
    projections: Sequence[str] = option(
        ("pca", "tsne"),
        "--projection",
        kind=list,
        metavar="NAME",
        help="pca, tsne or umap; the first two by default.",
    )
    out: str | Path | None = option(
        None,
        "--out",
        metavar="DIR",
        help="The run folder.",
        shown_default="embedbench-runs/SOURCE",
    )
    limit: int | None = option(
        None, "--limit", kind=int, metavar="N", help="Take a seeded sample of N images."
    )
    allow_local: bool = option(
        False,
        "--allow-local",
        kind=bool,
        help="Images may be downloaded from this machine and its network.",
    )
    follow_links: bool = option(
        False,
        "--follow-links",
        kind=bool,
        help="Follow links that lead out of a folder of images.",
    )
    copies: int = option(
        100,
        "--copies",
        kind=int,
        metavar="N",
        help="Encode lightly changed copies of N images too, for what needs no labels.",
    )
    engine: EngineOptions = EngineOptions()
    quiet: bool = option(True, "--quiet", kind=bool, help="No progress bars.")


OPTIONS = list_options(ComparisonOptions)
"""Every option, in the order in which it is listed in the help."""
