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


def run_demo(out: Path, store: str | None, quiet: bool) -> int:
    """Compare encoders on the sample photographs, which are written to a folder in `out`.

    Returns:
        What the process ends with.
    """
    from embedbench.data.sample_photos import WORDS, write_samples
    from embedbench.utils.offline import reachable

    photographs = write_samples(out / "photographs")
    unreachable = [name for name, hub in HUBS.items() if not reachable(hub)]
    code = compare_and_print(
        {
            "source": [str(photographs)],
            "encoder": [*ENCODERS, *(name for name in HUBS if name not in unreachable)],
            "names": ",".join(WORDS),
            "out": str(out / "run"),
            "store": store,
            "quiet": quiet,
        }
    )
    if unreachable:
        command = " ".join(f"-e {name}" for name in ["timm", *unreachable])
        echo_err(
            f"left out: {join_names(unreachable)}, whose weights come from hubs that this "
            f"machine does not reach; on one that does: embedbench run {photographs} {command}"
        )
    return code
