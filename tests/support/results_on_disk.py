"""The example results with their images on disk, under names that bite."""

import hashlib
from dataclasses import replace
from pathlib import Path

from embedbench.results.results import Results
from tests.support.example_results import example_results

__all__ = ["results_on_disk"]


def results_on_disk(folder: Path, truth: bool = True) -> Results:
    """Write the images of the example results to a folder, and return results that name it."""
    results = example_results(truth)
    images = results.images
    for name, content in zip(images["image"], images["thumbnail"], strict=True):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    hashes = [hashlib.sha256(content).hexdigest() for content in images["thumbnail"]]
    return replace(
        results,
        images=images.assign(hash=hashes),
        run=results.run | {"sources": [str(folder)], "source": str(folder)},
    )
