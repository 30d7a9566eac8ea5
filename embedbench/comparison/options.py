"""The options of a comparison: the only list of them.

The command line, the keys of a TOML file, the record in `run.json` and the command that repeats a
run are made from its fields. A test compares them with the parameters of `embedbench.compare`,
whose docstring says what each means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedbench.data.options import SourceOptions
from embedbench.parallel.engine_options import EngineOptions
from embedbench.results.schema import CERTAINTY, MARGIN
from embedbench.utils.options import list_options, option

if TYPE_CHECKING:
    from embedbench.data.loading import Sources

__all__ = ["CLUSTERERS", "ComparisonOptions", "DEFAULT_K", "OPTIONS"]

CLUSTERERS = ("kmeans", "agglomerative", "hdbscan")

DEFAULT_K = "2..20"


@dataclass(frozen=True)
class ComparisonOptions:
    """Options of a comparison; `embedbench.compare` says what each means."""

    source: "Sources" = option(MISSING, kind=list, is_file=True)
    encoders: "Sequence[Any] | Mapping[str, Any]" = option(
        MISSING,
        "-e",
        "--encoder",
        kind=list,
        metavar="ENCODER",
        help="NAME[:MODEL][,field=value ...], FILE.py:CLASS, or a set: starter, strong; may be "
        "repeated.",
    )
    reading: SourceOptions = SourceOptions()
    domain: str | None = option(
        None,
        "--domain",
        metavar="COLUMN|folder",
        help="Report every metric by domain, and whether clusters follow the domains.",
    )
    clusterers: Sequence[Any] = option(
        CLUSTERERS,
        "--clusterer",
        kind=list,
        metavar="NAME",
        help="kmeans, agglomerative or hdbscan, with fields as for encoders; all three by default.",
    )
    spaces: Sequence[str] = option(
        ("l2",),
        "--space",
        kind=list,
        metavar="NAME",
        help="Transform vectors before clustering: l2 (default), raw, center-l2, pca:N, whiten, "
        "umap:N, tsne:2.",
    )
    k: str | int = option(
        DEFAULT_K, "--k", metavar="2..20|4|truth", help="Numbers of clusters to try."
    )
    seeds: int = option(
        10, "--seeds", kind=int, metavar="N", help="Number of seeds of each clusterer."
    )
    purposes: Sequence[str] = option(
        (),
        "--for",
        kind=list,
        metavar="PURPOSE",
        help="What the encoder is for: clustering, search, classification, words; the first one "
        "leads.",
        shown_default="all",
    )
    metric: str | None = option(
        None,
        "--metric",
        metavar="NAME",
        help="Judge a purpose by this metric, such as ari or r_precision, and let it lead.",
    )
    queries: str | None = option(
        None,
        "--queries",
        metavar="COLUMN|COLUMN=VALUE|FOLDER",
        help="The images that are queries of search; the others are the gallery. By default each "
        "image is a query among all others.",
    )
    keep_duplicates: bool = option(
        False,
        "--keep-duplicates",
        kind=bool,
        help="Let search find near-duplicates of a query, which it leaves out otherwise.",
    )
    pairs: bool = option(
        False,
        "--pairs",
        kind=bool,
        help="Judge the vectors of every two encoders side by side, too.",
    )
    texts: str | None = option(
        None,
        "--texts",
        metavar="COLUMN|TEXTS.csv",
        help="Texts that describe images, to be found by: a column, or a table with file names "
        "and texts.",
        is_file=True,
    )
    at_least: str | None = option(
        None,
        "--at-least",
        metavar="50/s",
        help="Recommend an encoder that encodes at least this many images a second here.",
    )
    at_most: str | None = option(
        None,
        "--at-most",
        metavar="1kB",
        help="Recommend an encoder whose vectors can be stored in at most this many bytes an image "
        "without being measurably worse: B, kB (1,000 bytes) or MB.",
    )
    certainty: float = option(
        CERTAINTY,
        "--certainty",
        kind=float,
        metavar="0.8",
        help="Name the smallest group of encoders that holds one as good as the best with this "
        "probability, where labels do not decide.",
        shown_default=str(CERTAINTY),
    )
    margin: float = option(
        MARGIN,
        "--margin",
        kind=float,
        metavar="0.02",
        help="Encoders whose scores differ by no more than this are as good as each other.",
        shown_default=str(MARGIN),
    )
    names: str | Sequence[str] = option(
        (),
        "--names",
        metavar="WORDS.txt|a,b,c",
        help="Words to name clusters with, by encoders that read texts.",
        is_file=True,
    )
    corrupt: str | Sequence[str] = option(
        (),
        "--corrupt",
        kind=list,
        metavar="KINDS:1..5",
        help="Corrupt images and measure the loss: noise, blur, jpeg, contrast, brightness, "
        "occlusion, rotation, greyscale, low-resolution, or all; of vectors: vector-noise, "
        "plane-noise.",
    )
    corrupted: int = option(
        200,
        "--corrupted",
        kind=int,
        metavar="N",
        help="Number of images to corrupt.",
    )
    mix: str | None = option(
        None,
        "--mix",
        metavar="FOLDER:0.1",
        help="Add images of another kind, 0.1 for each of yours; `digits:0.1` needs no folder.",
    )
    projections: Sequence[str] = option(
        ("pca", "tsne"),
        "--projection",
        kind=list,
        metavar="NAME",
        help="Planes to draw: pca, tsne or umap; the first two by default.",
    )
    out: str | Path | None = option(
        None,
        "--out",
        metavar="DIR",
        help="Folder for the results.",
        shown_default="embedbench-runs/SOURCE",
    )
    without_pictures: bool = option(
        False, "--without-pictures", kind=bool, help="Leave the thumbnails out of the page."
    )
    without_vectors: bool = option(
        False,
        "--without-vectors",
        kind=bool,
        help="Keep no vectors in the folder; then it cannot be merged with other runs.",
    )
    copies: int | None = option(
        None,
        "--copies",
        kind=int,
        metavar="N",
        help="Number of images to augment, for the metrics that need no labels; 0 for none.",
        shown_default="100 without labels or with few, 0 with labels",
    )
    engine: EngineOptions = EngineOptions()
    quiet: bool | None = option(None, "--quiet", kind=bool, help="Show no progress bars.")


OPTIONS = list_options(ComparisonOptions)
"""Every option, in the order in which it is listed in the help."""
