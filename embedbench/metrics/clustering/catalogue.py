"""Metrics of partitions: heading, direction, range, meaning and source of each."""

from dataclasses import replace
from math import inf

from embedbench.metrics.base import Metric

__all__ = ["METRICS"]

_WITH_TRUTH = (
    Metric(
        "ami",
        "AMI",
        +1,
        -1.0,
        1.0,
        True,
        "The information that clusters and labels share, adjusted for chance: 0 is chance, 1 is "
        "the same grouping.",
        "Vinh, Epps, Bailey 2010; scikit-learn",
    ),
    Metric(
        "ari",
        "ARI",
        +1,
        -0.5,
        1.0,
        True,
        "How often clusters and labels agree on whether two images belong together, adjusted for "
        "chance: 0 is chance, 1 is the same grouping.",
        "Hubert, Arabie 1985; scikit-learn",
    ),
    Metric(
        "nmi",
        "NMI",
        +1,
        0.0,
        1.0,
        True,
        "As AMI, but not adjusted for chance, so that many clusters score well by chance alone.",
        "Strehl, Ghosh 2002; scikit-learn",
    ),
    Metric(
        "v_measure",
        "V-measure",
        +1,
        0.0,
        1.0,
        True,
        "The harmonic mean of homogeneity and completeness, without an adjustment for chance.",
        "Rosenberg, Hirschberg 2007; scikit-learn",
    ),
    Metric(
        "homogeneity",
        "homogeneity",
        +1,
        0.0,
        1.0,
        True,
        "1 if each cluster has images of one label only; it grows with the number of clusters.",
        "Rosenberg, Hirschberg 2007; scikit-learn",
    ),
    Metric(
        "completeness",
        "completeness",
        +1,
        0.0,
        1.0,
        True,
        "1 if all images of a label are in one cluster; it falls with the number of clusters.",
        "Rosenberg, Hirschberg 2007; scikit-learn",
    ),
    Metric(
        "fowlkes_mallows",
        "Fowlkes-Mallows",
        +1,
        0.0,
        1.0,
        True,
        "The geometric mean of precision and recall over pairs of images in the same cluster.",
        "Fowlkes, Mallows 1983; scikit-learn",
    ),
    Metric(
        "accuracy",
        "accuracy",
        +1,
        0.0,
        1.0,
        True,
        "The share of images whose cluster matches their label, under the best matching of "
        "clusters to labels, at most one cluster a label.",
        "Kuhn 1955; scipy.optimize.linear_sum_assignment",
    ),
    Metric(
        "purity",
        "purity",
        +1,
        0.0,
        1.0,
        True,
        "The share of images that have the most frequent label of their cluster; it grows with the"
        " number of clusters.",
        "Manning, Raghavan, Schütze 2008, section 16.3",
    ),
)

_WITHOUT_TRUTH = (
    Metric(
        "silhouette",
        "silhouette",
        +1,
        -1.0,
        1.0,
        False,
        "How much nearer an image is to its own cluster than to the nearest other one, averaged "
        "over all images; not comparable between encoders.",
        "Rousseeuw 1987; as scikit-learn",
    ),
    Metric(
        "silhouette_macro",
        "silhouette, macro",
        +1,
        -1.0,
        1.0,
        False,
        "The silhouette averaged over the clusters, so that small clusters count as much as large "
        "ones.",
        "Pavlopoulos, Vardakas, Likas 2024, arXiv 2401.05831",
    ),
    Metric(
        "calinski_harabasz",
        "Calinski-Harabasz",
        +1,
        0.0,
        inf,
        False,
        "The ratio of the variance between clusters to that within clusters; not comparable "
        "between encoders.",
        "Caliński, Harabasz 1974; scikit-learn",
    ),
    Metric(
        "davies_bouldin",
        "Davies-Bouldin",
        -1,
        0.0,
        inf,
        False,
        "The width of each cluster and its most similar one relative to their distance; lower is "
        "better; not comparable between encoders.",
        "Davies, Bouldin 1979; scikit-learn",
    ),
)


def _without_noise(metric: Metric) -> Metric:
    return replace(
        metric,
        name=f"{metric.name}_clustered",
        heading=f"{metric.heading}, clustered",
        sentence=f"Without noise images, so read it together with coverage. {metric.sentence}",
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        "clusters",
        "clusters",
        0,
        0.0,
        inf,
        False,
        "The number of clusters, without noise.",
        "embedbench",
    ),
    Metric(
        "coverage",
        "coverage",
        +1,
        0.0,
        1.0,
        False,
        "The share of images that are in a cluster; the others are noise.",
        "embedbench",
    ),
    *_WITH_TRUTH,
    *_WITHOUT_TRUTH,
    Metric(
        "silhouette_l2",
        "silhouette in l2",
        +1,
        -1.0,
        1.0,
        False,
        "The silhouette of the same clusters in the space l2, whichever space they were found in: "
        "the number to trust for clusters from a t-SNE or UMAP projection.",
        "Rousseeuw 1987; embedbench",
    ),
    Metric(
        "stability",
        "stability",
        +1,
        -1.0,
        1.0,
        False,
        "The AMI between clusterings of random subsamples of the images: 1 is always the same "
        "clusters; a wrong grouping can be stable too.",
        "Ben-Hur, Elisseeff, Guyon 2002; von Luxburg 2010",
    ),
    *(_without_noise(metric) for metric in _WITH_TRUTH + _WITHOUT_TRUTH),
)
"""All metrics of partitions; most of them with noise counted, and as `_clustered` without noise."""
