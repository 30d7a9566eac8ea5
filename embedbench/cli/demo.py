"""The demo: which encoders it compares on the sample photographs, and which it must leave out."""

from pathlib import Path

from embedbench.cli.compare import compare_and_print
from embedbench.cli.output import echo_err
from embedbench.utils.offline import HUB
from embedbench.utils.text import join_names

__all__ = ["ENCODERS", "HUBS", "run_demo"]

ENCODERS = (
    "timm",
    "timm:tf_efficientnet_lite2",
    "conse",
    "pixels",
    "timm:tf_efficientnet_lite0,pretrained=false",
)
"""Encoders whose weights are installed with them."""

HUBS = {"clip": HUB, "keras": "https://storage.googleapis.com"}
"""Encoders whose weights come from a hub, and its address."""

_SEEDS = 5
"""Half the usual number: enough for the demo's differences, and sooner done."""


def run_demo(out: Path, store: str | None, quiet: bool, as_json: bool = False) -> int:
    """Compare encoders on the sample photographs, which are written to a folder in `out`.

    Returns:
        What the process ends with.
    """
    from embedbench.data.sample_photos import WORDS, write_samples
    from embedbench.utils.offline import reachable

    photographs = write_samples(out / "photographs")
    absent = {name: missing for name in HUBS if (missing := _missing(name))}
    unreachable = [name for name, hub in HUBS.items() if name not in absent and not reachable(hub)]
    more = [name for name in HUBS if name not in absent and name not in unreachable]
    code = compare_and_print(
        {
            "source": [str(photographs)],
            "encoder": [*ENCODERS, *more],
            "names": ",".join(WORDS),
            "seeds": _SEEDS,
            "out": str(out / "run"),
            "store": store,
            "quiet": quiet,
        },
        as_json,
    )
    for reason in absent.values():
        echo_err(f"left out: {reason}")
    if unreachable:
        command = " ".join(f"-e {name}" for name in ["timm", *unreachable])
        echo_err(
            f"left out: {join_names(unreachable)}, whose weights come from hubs that this "
            f"machine does not reach; on one that does: embedbench run {photographs} {command}"
        )
    return code


def _missing(name: str) -> str | None:
    """Return why an encoder cannot be used here; None if its libraries are installed."""
    from embedbench.encoders.registry import create_encoder
    from embedbench.errors import MissingLibraryError

    try:
        create_encoder(name)
    except MissingLibraryError as error:
        return str(error)
    return None
