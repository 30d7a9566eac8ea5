"""The options of a comparison and their defaults."""

__all__ = ["CLUSTERERS", "COPIES", "CORRUPTED", "DEFAULT_K", "DEFAULT_MAPS"]

CLUSTERERS = ("kmeans", "agglomerative", "hdbscan")


COPIES = 100
"""Of how many images changed copies are made."""


CORRUPTED = 200
"""Of how many images corrupted copies are made where corruptions are asked for."""


DEFAULT_MAPS = ("pca", "tsne")


DEFAULT_K = "2..20"
