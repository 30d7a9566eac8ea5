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
    from embedbench.comparison.runs.merge import merge
    from embedbench.data.dataset import Dataset
    from embedbench.data.loading import read_dataset
    from embedbench.embedding.export import write_vectors
    from embedbench.encoder import Encoder, Facts, LookupEncoder, TextEncoder
    from embedbench.encoders.listing import list_encoders
    from embedbench.encoders.registry import create_encoder
    from embedbench.errors import EmbedbenchError
    from embedbench.parallel.engine_options import EngineOptions
    from embedbench.results.reading import read_results
    from embedbench.results.results import Results

    __version__: str

__all__ = [
    "Dataset",
    "EmbedbenchError",
    "Encoder",
    "EngineOptions",
    "Facts",
    "LookupEncoder",
    "Results",
    "TextEncoder",
    "__version__",
    "compare",
    "conformance",
    "create_encoder",
    "list_encoders",
    "merge",
    "read_dataset",
    "read_results",
    "write_vectors",
]

_HOMES = {
    "Dataset": "data.dataset",
    "EmbedbenchError": "errors",
    "Encoder": "encoder",
    "EngineOptions": "parallel.engine_options",
    "Facts": "encoder",
    "LookupEncoder": "encoder",
    "Results": "results.results",
    "TextEncoder": "encoder",
    "compare": "comparison.api",
    "create_encoder": "encoders.registry",
    "list_encoders": "encoders.listing",
    "merge": "comparison.runs.merge",
    "read_dataset": "data.loading",
    "read_results": "results.reading",
    "write_vectors": "embedding.export",
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
