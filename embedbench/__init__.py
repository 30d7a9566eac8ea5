"""embedbench: which image encoder should I use on my pictures?

import embedbench

results = embedbench.compare("photos/", ["timm", "clip", "pixels"], out="run")
results.comparison
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedbench import conformance
    from embedbench.comparison.api import compare
    from embedbench.data.dataset import Dataset
    from embedbench.data.loading import read_dataset
    from embedbench.encoder import Encoder, Facts, LookupEncoder, TextEncoder
    from embedbench.results.results import Results

    __version__: str

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

_HOMES = {
    "Dataset": "data.dataset",
    "Encoder": "encoder",
    "Facts": "encoder",
    "LookupEncoder": "encoder",
    "Results": "results.results",
    "TextEncoder": "encoder",
    "compare": "comparison.api",
    "read_dataset": "data.loading",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that `embedbench --help` is quick."""
    if name == "conformance":
        return importlib.import_module("embedbench.conformance")
    if name == "__version__":
        value = importlib.import_module("importlib.metadata").version("image-embedbench")
    elif name in _HOMES:
        value = getattr(importlib.import_module(f"embedbench.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'embedbench' has no attribute '{name}'")
    globals()[name] = value
    return value
