"""A small comparison with everything that can be in one: names that bite, failures, noise."""

import dataclasses
import json
from datetime import UTC, datetime
from io import BytesIO
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from PIL import Image
from sklearn.metrics import adjusted_mutual_info_score, silhouette_samples

from embedbench.results.results import Results
from embedbench.results.schema import RANKING_COLUMNS
from tests.support.purpose_tables import purpose_tables, verdicts

ENCODERS = ("pixels", "timm:resnet50,pretrained=false", "keras:MobileNetV2,weights=x.h5")
FAILED = "clip:<img src=x onerror=alert(1)>"
BROKEN_IMAGE = "<script>alert(1)</script>.jpg"
CLASSES = ("<b>red</b>", "green & grey", '"blue"', "_$yellow^")
DOMAINS = ("<u>indoor", "007")
CLUSTERERS = ("kmeans", "agglomerative", "hdbscan")
OWN_K = ("elbow", "silhouette", "gap")
PAIR_COLUMNS = ["encoder", "other", "difference", "difference_low", "difference_high", "win"]
PAIR_COLUMNS += ["tie", "loss", "p_beats"]
COPIES = 5
"""The first images are copies of one."""

TIED: dict[str, object] = {
    "basis": "labels",
    "answer": "tied",
    "group": list(ENCODERS[:2]),
    "reasons": ["Their AMI cannot be told apart on < 50 images."],
    "purpose": "clustering",
    "metric": "ami",
    "smallest": ENCODERS[0],
}
"""The verdict with labels."""

BEST: dict[str, object] = {
    "basis": "no labels",
    "answer": "likely",
    "group": [ENCODERS[0]],
    "reasons": ["No labels were used: this is evidence, not proof."],
    "purpose": "clustering",
    "metric": "",
    "smallest": ENCODERS[0],
}
"""The verdict without labels."""

_COLOURS = ((200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 200, 40))


def example_results(truth: bool = True) -> Results:
    """Return a comparison of three encoders, best first, and one that failed, on 40 images."""
    classes = np.repeat(np.arange(4), 10)
    parts = [_Part(name, classes, noise) for name, noise in zip(ENCODERS, (0, 2, 8), strict=True)]
    images = _images(classes)
    tables: dict[str, Any] = {
        name: pd.concat([getattr(part, name)(list(images["image"])) for part in parts])
        for name in (
            "partitions",
            "elbow",
            "clusters",
            "silhouettes",
            "projections",
            "variance",
            "nearest",
        )
    }
    comparison = pd.concat([part.comparison(truth) for part in parts], ignore_index=True)
    return Results(
        comparison=comparison,
        encoders=_encoders(truth),
        **purpose_tables(comparison, verdicts(TIED, BEST, truth), truth, images),
        pairwise=_pairs(comparison) if truth else pd.DataFrame(columns=PAIR_COLUMNS),
        label_free=_criteria(),
        similarity=_similarity(),
        disagreements=_disagreements(list(images["image"])),
        shortcuts=_shortcuts(),
        timings=_timings(),
        zero_shot=_words(list(images["image"])),
        **_conditions(list(images["image"]), truth),
        failures=pd.DataFrame(
            [
                {"what": "image", "name": BROKEN_IMAGE, "stage": "read", "error": "cut <off>"},
                {"what": "encoder", "name": FAILED, "stage": "encode", "error": "no & network"},
            ]
        ),
        images=images if truth else images.drop(columns="truth"),
        run={
            "command": "embedbench run '<photos>' -e pixels",
            "source": "/data/<photos>",
            "sources": ["/data/<photos>"],
            "remarks": ["one of the <names> stands there twice"],
            "seeds": [0, 1, 2],
            "dataset": {"images": 40, "classes": 4 if truth else None, "fingerprint": "f0"},
            "versions": {"numpy": "2.4.0"},
            "verdict": TIED if truth else BEST,
            "verdicts": verdicts(TIED, BEST, truth),
        },
        **{name: table.reset_index(drop=True) for name, table in tables.items()},
    )


def with_verdict(results: Results, **changes: object) -> Results:
    """Return the results with another verdict of the purpose that leads."""
    verdict = results.run["verdict"] | changes
    lead = next(iter(results.run["verdicts"]))
    verdicts = results.run["verdicts"] | {lead: results.run["verdicts"][lead] | changes}
    return dataclasses.replace(
        results, run=results.run | {"verdict": verdict, "verdicts": verdicts}
    )


class _Part:
    """What one encoder gives: the classes as clusters, the first `swapped` images misplaced."""

    def __init__(self, encoder: str, classes: Int[np.ndarray, " images"], swapped: int) -> None:
        generator = np.random.default_rng(swapped)
        self.encoder, self.classes = encoder, classes
        self.points = 10 * np.eye(4)[classes] + generator.normal(size=(len(classes), 4))
        self.labels = classes.copy()
        self.labels[:swapped] = 3
        self.noisy = np.where(np.arange(len(classes)) % 9 == 8, -1, self.labels)

    def _labels(self, clusterer: str) -> Int[np.ndarray, " images"]:
        return self.noisy if clusterer == "hdbscan" else self.labels

    def _silhouettes(self, clusterer: str) -> Float[np.ndarray, " images"]:
        labels = self._labels(clusterer)
        return np.where(labels < 0, np.nan, silhouette_samples(self.points, labels))

    def comparison(self, truth: bool) -> pd.DataFrame:
        rows: list[dict[str, object]] = []
        for clusterer in CLUSTERERS:
            shared = "truth" if truth else "shared"
            for k_from in ("own",) if clusterer == "hdbscan" else (shared, *OWN_K):
                row: dict[str, object] = {"encoder": self.encoder, "space": "l2"}
                row |= {
                    "clusterer": clusterer,
                    "k": np.nan if k_from == "own" else 4.0,
                    "k_from": k_from,
                }
                if self.encoder == "pixels" and k_from in OWN_K:
                    rows.append(row | {"k": np.nan})
                else:
                    rows.append(row | self._scores(clusterer, truth))
        return pd.DataFrame(rows)

    def _scores(self, clusterer: str, truth: bool) -> dict[str, float]:
        labels = self._labels(clusterer)
        mean = float(np.nanmean(self._silhouettes(clusterer)))
        scores = {"clusters": 4.0, "coverage": float((labels >= 0).mean())}
        if truth:
            ami = float(adjusted_mutual_info_score(self.classes, labels))
            scores |= {"ami": ami, "ami_low": ami - 0.15, "ami_high": ami, "ari": ami}
            for name in ("ari", "accuracy"):
                scores |= {f"{name}_low": ami - 0.1, f"{name}_high": ami + 0.1}
            scores |= {"nmi": ami, "v_measure": ami, "homogeneity": ami, "completeness": ami}
            scores |= {"fowlkes_mallows": ami, "accuracy": ami, "purity": ami}
        scores |= {"silhouette_low": mean - 0.05, "silhouette_high": mean + 0.05}
        scores |= {"stability_low": 0.85, "stability_high": 0.95}
        scores |= {"silhouette": mean, "silhouette_macro": mean, "calinski_harabasz": 321.5}
        scores |= {"davies_bouldin": 0.5, "stability": 0.9}
        twins = {f"{name}_clustered": value for name, value in scores.items() if name == "ami"}
        return scores | twins

    def partitions(self, images: list[str]) -> pd.DataFrame:
        rows = {"image": images, "encoder": self.encoder, "space": "l2", "clusterer": "kmeans"}
        return pd.DataFrame(rows | {"k": 4.0, "seed": 0, "cluster": self.labels})

    def elbow(self, images: list[str]) -> pd.DataFrame:
        k = np.arange(2, 7)
        table = pd.DataFrame({"encoder": self.encoder, "k": k, "inertia": 100.0 / k})
        table["silhouette"], table["gap"], table["gap_error"] = 0.1 * k, 0.2 * k, 0.05
        table["inertia_null_low"], table["inertia_null_high"] = 110.0 / k, 120.0 / k
        table["silhouette_null_high"], table["chosen"] = 0.05, ""
        table["agreement"] = [0.2, 0.3, 0.4, 0.6, 0.5]
        if self.encoder != "pixels":
            table.loc[table["k"] == 4, "chosen"] = "elbow,gap"
        return table

    def clusters(self, images: list[str]) -> pd.DataFrame:
        rows = []
        for clusterer in CLUSTERERS:
            labels, profile = self._labels(clusterer), self._silhouettes(clusterer)
            for cluster in range(4):
                members = np.flatnonzero(labels == cluster)
                name = "" if cluster == 0 else f"{CLASSES[cluster]}s"
                row: dict[str, object] = {"encoder": self.encoder, "space": "l2"}
                row["clusterer"] = clusterer
                row |= {"cluster": cluster}
                row |= {"size": len(members), "silhouette": profile[members].mean(), "name": name}
                row |= {"cohesion": 1.5, "separation": 12.25, "nearest_cluster": (cluster + 1) % 4}
                row |= {"label": CLASSES[cluster], "label_share": 0.75}
                named = [images[member] for member in members]
                row |= {"typical": json.dumps(named[:5]), "atypical": json.dumps(named[-3:])}
                rows.append(row | {"name_margin": 0.1, "medoid": images[members[0]]})
        return pd.DataFrame(rows)

    def silhouettes(self, images: list[str]) -> pd.DataFrame:
        frames = []
        for clusterer in CLUSTERERS:
            labels = self._labels(clusterer)
            rank = pd.Series(labels).groupby(labels).cumcount().astype(float)
            table = pd.DataFrame({"cluster": labels, "silhouette": self._silhouettes(clusterer)})
            table["medoid_distance"] = rank.where(labels >= 0)
            table = table.assign(image=images, encoder=self.encoder, clusterer=clusterer)
            frames.append(table.assign(space="l2"))
        return pd.concat(frames)

    def projections(self, images: list[str]) -> pd.DataFrame:
        frames = []
        for kind, (first, second) in {"pca": (0, 1), "tsne": (2, 3)}.items():
            plane = pd.DataFrame({"x": self.points[:, first], "y": self.points[:, second]})
            frames.append(plane.assign(image=images, encoder=self.encoder, projection=kind))
        return pd.concat(frames)

    def nearest(self, images: list[str]) -> pd.DataFrame:
        apart = np.square(self.points[:, None] - self.points).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        nearest = apart.argsort(axis=1)[:, :8]
        rows = {
            "image": np.repeat(images, 8), "rank": np.tile(np.arange(1, 9), len(images)),
            "neighbour": np.array(images)[nearest.ravel()], "similarity": 0.5,
        }  # fmt: skip
        return pd.DataFrame({"encoder": self.encoder, **rows})

    def variance(self, images: list[str]) -> pd.DataFrame:
        shares = np.array([0.5, 0.3, 0.2])
        table = pd.DataFrame({"component": [1, 2, 3], "share": shares})
        return table.assign(cumulative=shares.cumsum(), encoder=self.encoder)


def _images(classes: Int[np.ndarray, " images"]) -> pd.DataFrame:
    rows = []
    for number, kind in enumerate(classes):
        red, green, blue = _COLOURS[kind]
        buffer = BytesIO()
        Image.new("RGB", (128, 96), (red, green + 5 * (number % 10), blue)).save(buffer, "JPEG")
        name = f'{CLASSES[kind]}/{number}" onmouseover="alert(1).jpg'
        rows.append(
            {"image": name, "hash": f"{number:04x}", "truth": CLASSES[kind], "width": 640,
             "height": 480, "thumbnail": buffer.getvalue(), "group": max(0, number - COPIES + 1),
             "disagreement": number / 40}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _encoders(truth: bool) -> pd.DataFrame:
    known: dict[str, object] = {"dim": 4}
    known |= {"parameters": 4_652_008}
    rows = []
    for number, name in enumerate(ENCODERS):
        facts = {"licence": "apache-2.0", "pretrained_on": "ImageNet-1k"}
        row: dict[str, object] = {
            "encoder": name,
            **known,
            **facts,
            "weights_mb": 18.6 + number,
            "fingerprint": f"fingerprint-{number}",
        }
        for metric in ("knn_accuracy", "linear_probe") if truth else ():
            value = 0.9 - 0.1 * number
            row |= {metric: value, f"{metric}_low": value - 0.05, f"{metric}_high": value + 0.05}
        low, high = ((1, 2), (1, 2), (3, 3))[number]
        row |= {"rank": number + 1, "rank_low": low, "rank_high": high}
        row |= {"probability": 0.65 - 0.3 * number}
        rows.append(row | {"tied_with_best": number < 2, "recommended": number == 0})
        rows[-1] |= {"status": "ok", "error": ""}
    rows.append({"encoder": FAILED, "status": "failed", "error": "no & network"})
    table = pd.DataFrame(rows)
    return table.astype({"dim": "Int64", "parameters": "Int64"})


def _timings() -> pd.DataFrame:
    """Return one time of the whole run, four numbers of each encoder and one of its K-means.

    The second encoder is the fastest.
    """
    started = datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp()
    rows: list[tuple[str, str, str, str, float]] = [("", "", "", "started", started)]
    for name, speed in zip(ENCODERS, (12.5, 25.0, 10.0), strict=True):
        measured = {"images_per_second": speed, "load_seconds": 1.0, "peak_memory_mb": 512.0}
        measured |= {"latency_ms": 2000 / speed}
        rows += [(name, "", "", quantity, value) for quantity, value in measured.items()]
        rows.append((name, "l2", "kmeans", "seconds", 1.25))
    return pd.DataFrame(rows, columns=["encoder", "space", "clusterer", "quantity", "value"])


def _pairs(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of the shared k: of each two, a difference below 0.15 may be none."""
    rows = []
    shared = comparison[comparison["k_from"].isin(["truth", "own"])]
    for clusterer, group in shared.groupby("clusterer", sort=False):
        for metric in ("ami", "ari", "accuracy"):
            values = dict(zip(group["encoder"], group[metric], strict=True))
            for one, other in permutations(ENCODERS, 2):
                gap = values[one] - values[other]
                ends = (gap, gap - 0.15, gap + 0.15)
                shares = (0.9, 0.06, 0.04, 0.93) if gap > 0 else (0.04, 0.06, 0.9, 0.07)
                rows.append((clusterer, metric, one, other, *ends, *shares))
    return pd.DataFrame(rows, columns=["clusterer", "metric", *PAIR_COLUMNS])


def _criteria() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for number, name in enumerate(ENCODERS):
        kept, agreed = 0.9 - 0.2 * number, 0.4 - 0.1 * number
        rows.append((name, "cluster_retention", kept, kept - 0.05, kept + 0.05, 0.011, 0.022))
        rows.append((name, "consensus", agreed, agreed - 0.05, agreed + 0.05, -0.001, np.nan))
        rows.append((name, "hubness", 1.5, np.nan, np.nan, 1.25, 0.33))
        rows.append((name, "stability", 0.9, 0.85, 0.95, 0.1, 0.1))
    columns = ["encoder", "criterion", "value", "low", "high", "shuffled", "random"]
    return pd.DataFrame(rows, columns=columns)


def _similarity() -> pd.DataFrame:
    rows = [(one, other, 0.5, 0.25, 0.75) for one, other in permutations(ENCODERS, 2)]
    columns = ["encoder", "other", "partition_agreement", "mutual_knn", "cka"]
    return pd.DataFrame(rows, columns=columns)


def _disagreements(images: list[str]) -> pd.DataFrame:
    """Return eight pairs of pictures for each ordered pair of encoders, the last the strongest."""
    rows = [
        (one, other, images[2 * pair], images[2 * pair + 1], 0.5 + 0.05 * number - 0.01 * pair)
        for number, (one, other) in enumerate(permutations(ENCODERS, 2))
        for pair in range(8)
    ]
    return pd.DataFrame(rows, columns=["encoder", "other", "image", "partner", "strength"])


def _shortcuts() -> pd.DataFrame:
    """Return two attributes; the last encoder groups by the second."""
    rows = [
        (name, attribute, 0.95 if name == ENCODERS[2] and attribute == "folder" else 0.01, 0.02, p)
        for name in ENCODERS
        for attribute, p in (("brightness", 0.5), ("folder", 0.005))
    ]
    return pd.DataFrame(rows, columns=["encoder", "attribute", "ami", "null", "p"])


def _words(images: list[str]) -> pd.DataFrame:
    """Return two names for each image; every fourth fits both."""
    table = pd.DataFrame({"image": images, "name": "<i>dog", "similarity": 0.5})
    between = np.arange(len(images)) % 4 == 0
    other = np.where(between, 0.45, 0.05)
    return table.assign(
        second_name="a & b", second_similarity=other, margin=0.5 - other, ambiguous=between
    )


def _conditions(images: list[str], truth: bool) -> dict[str, Any]:
    """Return what corruptions, mixed-in images and two domains give, names that bite among them."""
    changed = [
        (name, kind, level, clusterer, metric, 1.0, 1 - 0.1 * level, -0.1 * level, -0.2, 0.0)
        for name in ENCODERS
        for kind in ("noise", "blur")
        for level in (1, 3, 5)
        for clusterer, metric in (("kmeans", "ami"), ("", "neighbour_retention"))
        if truth or metric != "ami"
    ]
    change = ["encoder", "corruption", "severity", "clusterer", "metric", "clean", "value"]
    held = [
        {"encoder": name, "retention": kept, "retention_low": kept - 0.1,
         "retention_high": kept + 0.1,
         "rank": number + 1, "rank_low": 1, "rank_high": 3, "tied_with_best": number < 2,
         "cluster_changes": 0.2, "cluster_changes_low": 0.1, "cluster_changes_high": 0.3}
        | {name: 0.5 if truth else np.nan for name in RANKING_COLUMNS if name.startswith("ami")}
        | {"ami_tied_with_best": number == 0 if truth else None}
        for number, (name, kept) in enumerate(zip(ENCODERS, (0.7, 0.6, 0.4), strict=True))
    ]  # fmt: skip
    ends_up = (("own_cluster", 0.7), ("noise", 0.1), ("scattered", 0.2))
    mixed = [
        (name, clusterer, quantity, value, value - 0.01, value + 0.01)
        for name in ENCODERS
        for clusterer in CLUSTERERS
        for quantity, value in (*ends_up, ("clean_change", 0.1))
    ]
    domains = [
        (name, domain, 20, 4, clusterer, metric, 0.5, 0.4, 0.6)
        for name in ENCODERS
        for domain in DOMAINS
        for clusterer, metric in (("kmeans", "ami" if truth else "stability"), ("", "hubness"))
    ]
    moved = [
        (name, *DOMAINS, "kmeans", "ami" if truth else "stability", 0.2, -0.1, 0.5)
        for name in ENCODERS
    ]
    ends = ["value", "low", "high"]
    return {
        "robustness": pd.DataFrame(
            changed, columns=[*change, "change", "change_low", "change_high"]
        ),
        "robustness_ranking": pd.DataFrame(held),
        "moved_images": pd.DataFrame(
            [(name, kind, level, images[number + row], 0.1 * row, 1 - 0.25 * row)
             for number, name in enumerate(ENCODERS) for kind in ("noise", "blur")
             for level in (1, 3, 5) for row in range(level)],
            columns=["encoder", "corruption", "severity", "image", "neighbour_retention",
                     "cluster_changes"],
        ),
        "contamination": pd.DataFrame(mixed, columns=["encoder", "clusterer", "quantity", *ends]),
        "domains": pd.DataFrame(
            domains,
            columns=["encoder", "domain", "images", "k", "clusterer", "metric", *ends],
        ),
        "domain_pairs": pd.DataFrame(
            moved,
            columns=["encoder", "domain", "other", "clusterer", "metric", "difference",
                     "difference_low", "difference_high"],
        ),
        "domain_alignment": pd.DataFrame(
            [(name, 0.4, 0.05, 0.005, 0.3 if truth else np.nan) for name in ENCODERS],
            columns=["encoder", "ami", "null", "p", "label_ami"],
        ),
        "composition": pd.DataFrame(
            [(name, "kmeans", cluster, "domain", domain, 5, 0.5, 0.25)
             for name in ENCODERS for cluster in range(4) for domain in DOMAINS],
            columns=["encoder", "clusterer", "cluster", "by", "value", "images",
                     "share_of_cluster", "share_of_value"],
        ),
        "worst_images": pd.DataFrame(
            [(name, domain, images[row], 0.1 * row)
             for name in ENCODERS for domain in DOMAINS for row in range(3)],
            columns=["encoder", "domain", "image", "score"],
        ),
    }  # fmt: skip
