"""Other projects from PyPI, each in its own process, from a folder of images to labels.

imcluster needs an older transformers than ours, so it is installed in a separate folder with only
the packages that differ.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs

__all__ = [
    "hold_imcluster",
    "hold_tasnif",
    "imcluster_folder",
    "imcluster_labels",
    "tasnif_labels",
]

CLUSTERS = 10
_IMCLUSTER = (
    "imcluster==0.4.0",
    "transformers==4.57.6",
    "tokenizers==0.22.2",
    "huggingface-hub==0.36.2",
)
_held: dict[str, Any] = {}


def hold_tasnif(model: str) -> None:
    """Hold tasnif with an untrained timm network."""
    from tasnif import TasnifClusterer

    _held["tasnif"] = TasnifClusterer(
        CLUSTERS,
        embedder="timm",
        embedder_kwargs={"model": model, "pretrained": False},
        show_progress=False,
    )


def tasnif_labels(folder: Path, batch: int) -> None:
    """Cluster a folder as tasnif does: decode, encode, PCA, K-means."""
    _held["tasnif"].batch_size = batch
    _held["tasnif"].fit(folder)


def imcluster_folder() -> Path:
    """Return the folder of imcluster and its transformers, installed at first use."""
    folder = Path(platformdirs.user_cache_dir("embedbench")) / "benchmarks" / _IMCLUSTER[0]
    if not (folder / "imcluster").is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*install, "--target", str(folder), *_IMCLUSTER], check=True)
    return folder


def hold_imcluster(libraries: Path, model: Path) -> None:
    """Hold imcluster with a Vision Transformer, ViT-B/16, of random weights."""
    sys.path.insert(0, str(libraries))
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    ViTModel(ViTConfig()).save_pretrained(model)
    ViTImageProcessor().save_pretrained(model)
    _held["model"] = str(model)


def imcluster_labels(folder: Path, table: Path) -> None:
    """Cluster a folder as imcluster does: a pipeline in batches of 8, K-means.

    Its model is loaded here, from a local folder; UMAP, thumbnails and gallery are left out.
    """
    from imcluster.cluster import cluster
    from imcluster.features import build_features
    from imcluster.io import ImclusterIO

    images = ImclusterIO([folder], table)
    vectors = build_features(images, _held["model"])
    cluster(images, vectors, algorithm="kmeans", n_clusters=CLUSTERS)
