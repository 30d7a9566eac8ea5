"""embedbench: which image encoder should I use on my pictures?

import embedbench

results = embedbench.compare("photos/", ["timm", "clip", "pixels"], out="run")
results.comparison
"""

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedbench import conformance
    from embedbench.comparison import compare
    from embedbench.dataset import Dataset, read_dataset
    from embedbench.encoder import Encoder, Facts, LookupEncoder, TextEncoder
    from embedbench.results import Results

__all__ = [
    "Dataset",
    "Encoder",
    "Facts",
    "LookupEncoder",
    "Results",
    "TextEncoder",
    "__version__",
    "compare",
    "conformance",
    "read_dataset",
]

__version__ = importlib.metadata.version("image-embedbench")

_HOMES = {
    "Dataset": "dataset",
    "Encoder": "encoder",
    "Facts": "encoder",
    "LookupEncoder": "encoder",
    "Results": "results",
    "TextEncoder": "encoder",
    "compare": "comparison",
    "read_dataset": "dataset",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that `embedbench --help` is quick."""
    if name == "conformance":
        return importlib.import_module("embedbench.conformance")
    if name not in _HOMES:
        raise AttributeError(f"module 'embedbench' has no attribute '{name}'")
    home = importlib.import_module(f"embedbench.{_HOMES[name]}")
    value = globals()[name] = getattr(home, name)
    return value
