"""The options of a comparison on the command line."""

from collections.abc import Sequence
from typing import Any

import click

__all__ = ["ENCODER_HELP", "STORE_HELP", "engine_options", "run_options"]

ENCODER_HELP = "NAME[:MODEL][,field=value ...]; may be repeated."
STORE_HELP = "Where vectors are kept between runs: a folder, or an address: s3://bucket/store."

_ENGINE_OPTIONS = (
    click.option(
        "--engine",
        metavar="local|ray",
        help="Where encoders run: on this machine, or on a Ray cluster.  [default: local]",
    ),
    click.option(
        "--address",
        metavar="HOST:PORT|auto",
        help="A running Ray cluster; without it Ray is started on this machine.",
    ),
    click.option("--workers", type=int, metavar="N", help="Workers of each encoder, at most."),
    click.option(
        "--patience",
        type=float,
        metavar="SECONDS",
        help="An encoder that gives no answer for so long is given up.  [default: 900]",
    ),
)

_RUN_OPTIONS = (
    click.option("-e", "--encoder", multiple=True, metavar="ENCODER", help=ENCODER_HELP),
    click.option(
        "--labels", metavar="FILE.csv|COLUMN", help="Labels; `none` hides those there are."
    ),
    click.option(
        "--domain",
        metavar="COLUMN|folder",
        help="What tells domains apart: every metric by domain, and whether clusters follow it.",
    ),
    click.option(
        "--clusterer",
        multiple=True,
        metavar="NAME",
        help="kmeans, agglomerative or hdbscan; all three by default. Fields as for encoders.",
    ),
    click.option(
        "--space",
        multiple=True,
        metavar="NAME",
        help="What clusterers see: l2 (default), raw, center-l2, pca:N, whiten, umap:N, tsne:2.",
    ),
    click.option(
        "--k", metavar="2..20|4|truth", help="Numbers of clusters to try.  [default: 2..20]"
    ),
    click.option("--seeds", type=int, metavar="N", help="How many seeds.  [default: 10]"),
    click.option("--names", metavar="WORDS.txt|a,b,c", help="Candidate names for the clusters."),
    click.option(
        "--corrupt",
        multiple=True,
        metavar="KINDS:1..5",
        help="Challenging images: noise, blur, jpeg, contrast, brightness, occlusion, rotation, "
        "greyscale, low-resolution, or all; on the vectors: vector-noise, plane-noise.",
    ),
    click.option(
        "--corrupted",
        type=int,
        metavar="N",
        help="Of how many images corrupted copies are made.  [default: 200]",
    ),
    click.option(
        "--mix",
        metavar="FOLDER:0.1",
        help="Mix in images of another kind, 0.1 for each of yours; `digits:0.1` needs no folder.",
    ),
    click.option(
        "--map", multiple=True, metavar="NAME", help="pca, tsne or umap; the first two by default."
    ),
    click.option("--out", metavar="DIR", help="The run folder.  [default: embedbench-runs/SOURCE]"),
    click.option("--store", metavar="DIR|ADDRESS", help=STORE_HELP),
    click.option("--offline", is_flag=True, default=None, help="Never use the network."),
    click.option(
        "--allow-local",
        is_flag=True,
        default=None,
        help="Images may be downloaded from this machine and its network.",
    ),
    click.option(
        "--follow-links",
        is_flag=True,
        default=None,
        help="Follow links that lead out of a folder of images.",
    ),
    click.option("--limit", type=int, metavar="N", help="Compare a seeded sample of N images."),
    click.option(
        "--copies",
        type=int,
        metavar="N",
        help="Encode lightly changed copies of N images too, for what needs no labels.  "
        "[default: 100]",
    ),
    *_ENGINE_OPTIONS,
    click.option(
        "--memory",
        metavar="4GB",
        help="How much memory what is computed may take.  [default: half of what is free]",
    ),
    click.option("--quiet", is_flag=True, default=None, help="No progress bars."),
)


def run_options(command: Any) -> Any:
    """Add the options of a comparison to a command."""
    return _with(_RUN_OPTIONS, command)


def engine_options(command: Any) -> Any:
    """Add those that say where encoders run."""
    return _with(_ENGINE_OPTIONS, command)


def _with(options: Sequence[Any], command: Any) -> Any:
    for option in reversed(options):
        command = option(command)
    return command
