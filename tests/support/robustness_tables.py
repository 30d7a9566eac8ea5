"""Tables of what corruptions and mixed-in images do to three encoders."""

import pandas as pd

from embedbench.report.looks import encoder_colours
from embedbench.results.schema import CONTAMINATION_COLUMNS, ROBUSTNESS_COLUMNS

ENCODERS = ("pixels", "timm:resnet50", "<b>clip</b>")
KEPT = {"pixels": 0.5, "timm:resnet50": 0.9, "<b>clip</b>": 0.88}
AMI = {"pixels": 0.7, "timm:resnet50": 0.4, "<b>clip</b>": 0.3}
COLOURS = encoder_colours(ENCODERS)


def robustness(
    kinds: tuple[str, ...] = ("noise", "blur"),
    severities: tuple[int, ...] = (1, 3, 5),
    encoders: tuple[str, ...] = ENCODERS,
    truth: bool = True,
) -> pd.DataFrame:
    """Blur costs a tenth less than noise, each severity a twentieth."""
    rows = []
    for encoder in encoders:
        for kind in kinds:
            for severity in severities:
                less = 0.05 * severity - 0.1 * (kind == "blur")
                metrics = [("", "neighbour_retention", 1.0, KEPT.get(encoder, 0.5) - less)]
                metrics += [("kmeans", "silhouette", 0.2, 0.1)]
                if truth:
                    metrics += [("kmeans", "ami", 0.8, AMI.get(encoder, 0.5) - less)]
                    metrics += [("hdbscan", "ami", 0.7, 0.1)]
                for clusterer, metric, clean, value in metrics:
                    change = value - clean
                    row = (encoder, kind, severity, clusterer, metric, clean, value)
                    rows.append((*row, change, change - 0.1, change + 0.1))
    return pd.DataFrame(rows, columns=["encoder", *ROBUSTNESS_COLUMNS])


def mixed(own: tuple[float, ...] = (0.0, 0.75, 0.5)) -> pd.DataFrame:
    """With K-means as told, the rest spread; with HDBSCAN a fifth is noise, and half of each."""
    rows = []
    for encoder, share in zip(ENCODERS, own, strict=True):
        for clusterer, noise in (("kmeans", 0.0), ("hdbscan", 0.2)):
            part = share / 2 if noise else share
            values = {"own_cluster": part, "noise": noise, "scattered": 1 - part - noise}
            values |= {"ami_change": -0.031, "clean_change": 0.2}
            rows += [
                (encoder, clusterer, name, value, value - 0.01, value + 0.01)
                for name, value in values.items()
            ]
    return pd.DataFrame(rows, columns=["encoder", *CONTAMINATION_COLUMNS])
