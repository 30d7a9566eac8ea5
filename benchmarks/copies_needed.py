"""How many pictures must be changed until the signal without labels orders encoders as more would.

python benchmarks/copies_needed.py

200 photographs, each changed in every way; K-means at k = 4, 8, 12 and 20. Draws of N of the 200
are compared with all of them: the error of an encoder's retention, and the order of the encoders.
"""

import tempfile
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from scipy.stats import kendalltau
from sklearn.preprocessing import normalize

from embedbench.analysis.k_selection import SPREAD_KS
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.data.images.augmentations import AUGMENTATIONS, AugmentedImage
from embedbench.data.loading import read_dataset
from embedbench.data.sample_photos import write_samples
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import Embedder
from embedbench.embedding.factory import make_engine
from embedbench.encoders.registry import create_encoders
from embedbench.metrics.embedding.consistency import cluster_retention
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.progress import Progress
from photographs import ASSETS

IMAGES, DRAWS = 200, 100
SIZES = (10, 20, 30, 50, 70, 100)
ENCODERS = (
    "timm", "timm:tf_efficientnet_lite1", "timm:tf_efficientnet_lite2", "conse", "pixels",
    "timm,pretrained=false",
)  # fmt: skip


def retentions(store: Path) -> Float64[np.ndarray, "sizes draws encoders"]:
    """Return the retention of each encoder by each draw; the last size is all images, once."""
    photographs = ASSETS / "caltech101_subset"
    folder = photographs if photographs.is_dir() else write_samples(store / "samples")
    engine = make_engine(EngineOptions(store=store, offline=True), Progress())
    dataset = read_dataset(folder).sample(IMAGES)
    dataset, table, _ = scan_images(dataset, engine.store, engine.workers, engine.progress)
    hashes = list(table["hash"])
    changed = [
        AugmentedImage(source, change, key)
        for change in AUGMENTATIONS
        for source, key in zip(dataset.sources, hashes, strict=True)
    ]
    others = [(image.store_key, image) for image in changed]
    random = np.random.default_rng(0)
    draws = [[random.choice(IMAGES, size, replace=False) for _ in range(DRAWS)] for size in SIZES]
    draws.append([np.arange(IMAGES)] * DRAWS)
    found = np.empty((len(draws), DRAWS, len(ENCODERS)))
    with Embedder(create_encoders(ENCODERS), engine) as embedder:
        for column, name in enumerate(embedder.encoders):
            embedding = embedder.embed(name, dataset, hashes, others=others)
            views = embedding.others.reshape(len(AUGMENTATIONS), IMAGES, -1)
            points = normalize(embedding.vectors)
            fits = fit_kmeans(points, [(k, 0) for k in SPREAD_KS])
            labels = np.array([fit.labels for fit in fits])[:, None]
            for size, rows_of_draws in enumerate(draws):
                for draw, rows in enumerate(rows_of_draws):
                    if size == len(SIZES) and draw:
                        found[size, draw, column] = found[size, 0, column]
                        continue
                    kept = cluster_retention(embedding.vectors, labels, views[:, rows], rows)
                    found[size, draw, column] = kept.mean
    return found


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        found = retentions(Path(folder))
    full = found[-1, 0]
    print("retention by all 200:", ", ".join(f"{value:.3f}" for value in full))
    print("| changed pictures | error of a retention | tau of the order | same best |")
    print("|---|---|---|---|")
    for size, drawn in zip(SIZES, found, strict=False):
        error = np.sqrt(((drawn - full) ** 2).mean())
        tau = np.mean([kendalltau(draw, full).statistic for draw in drawn])
        best = np.mean(drawn.argmax(axis=1) == full.argmax())
        print(f"| {size} | {error:.3f} | {tau:.2f} | {best:.2f} |")


if __name__ == "__main__":
    main()
