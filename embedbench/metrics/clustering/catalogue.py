"""What each metric of partitions is called, which way is better, its range, and what it tells."""

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
        "How much the clusters tell about the labels and the reverse, less what chance would "
        "give: 0 is chance, 1 is the same grouping.",
        "Vinh, Epps, Bailey 2010; scikit-learn",
    ),
    Metric(
        "ari",
        "ARI",
        +1,
        -0.5,
        1.0,
        True,
        "How often clusters and labels agree on whether two images belong together, less what "
        "chance would give: 0 is chance, 1 is the same grouping.",
        "Hubert, Arabie 1985; scikit-learn",
    ),
    Metric(
        "nmi",
        "NMI",
        +1,
        0.0,
        1.0,
        True,
        "As AMI without taking chance off, so that many clusters score well by chance alone.",
        "Strehl, Ghosh 2002; scikit-learn",
    ),
    Metric(
        "v_measure",
        "V-measure",
        +1,
        0.0,
        1.0,
        True,
        "The harmonic mean of homogeneity and completeness; chance is not taken off.",
        "Rosenberg, Hirschberg 2007; scikit-learn",
    ),
    Metric(
        "homogeneity",
        "homogeneity",
        +1,
        0.0,
        1.0,
        True,
        "1 where each cluster holds images of one label only; it grows with the number of "
        "clusters.",
        "Rosenberg, Hirschberg 2007; scikit-learn",
    ),
    Metric(
        "completeness",
        "completeness",
        +1,
        0.0,
        1.0,
        True,
        "1 where all images of a label are in one cluster; it falls with the number of clusters.",
        "Rosenberg, Hirschberg 2007; scikit-learn",
    ),
    Metric(
        "fowlkes_mallows",
        "Fowlkes-Mallows",
        +1,
        0.0,
        1.0,
        True,
        "The geometric mean of precision and recall over pairs of images that are together.",
        "Fowlkes, Mallows 1983; scikit-learn",
    ),
    Metric(
        "accuracy",
        "accuracy",
        +1,
        0.0,
        1.0,
        True,
        "The share of images whose cluster stands for their label, when each label is given one "
        "cluster at most in the best way.",
        "Kuhn 1955; scipy.optimize.linear_sum_assignment",
    ),
    Metric(
        "purity",
        "purity",
        +1,
        0.0,
        1.0,
        True,
        "The share of images that have the commonest label of their cluster; it grows with the "
        "number of clusters.",
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
        "How much nearer an image is to its own cluster than to the next one, the mean over all "
        "images; it does not compare encoders.",
        "Rousseeuw 1987; as scikit-learn",
    ),
    Metric(
        "silhouette_macro",
        "silhouette, macro",
        +1,
        -1.0,
        1.0,
        False,
        "The silhouette as the mean of the clusters' means, so that small clusters count as much "
        "as large ones.",
        "Pavlopoulos, Vardakas, Likas 2024, arXiv 2401.05831",
    ),
    Metric(
        "calinski_harabasz",
        "Calinski-Harabasz",
        +1,
        0.0,
        inf,
        False,
        "How far the clusters' centres are apart for how wide the clusters are, as a ratio of "
        "variances; it does not compare encoders.",
        "Caliński, Harabasz 1974; scikit-learn",
    ),
    Metric(
        "davies_bouldin",
        "Davies-Bouldin",
        -1,
        0.0,
        inf,
        False,
        "How wide each cluster and its worst neighbour are for how far they are apart; lower is "
        "better; it does not compare encoders.",
        "Davies, Bouldin 1979; scikit-learn",
    ),
)


def _without_noise(metric: Metric) -> Metric:
    return replace(
        metric,
        name=f"{metric.name}_clustered",
        heading=f"{metric.heading}, clustered",
        sentence=f"The same with noise left out, so read it beside coverage. {metric.sentence}",
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        "clusters",
        "clusters",
        0,
        0.0,
        inf,
        False,
        "How many clusters there are, noise not counted.",
        "embedbench",
    ),
    Metric(
        "coverage",
        "coverage",
        +1,
        0.0,
        1.0,
        False,
        "The share of images that are in a cluster; the rest is noise.",
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
        "The silhouette of the same clusters among the vectors of unit length, whatever space they "
        "were found in: the honest number beside that of a t-SNE or UMAP plane.",
        "Rousseeuw 1987; embedbench",
    ),
    Metric(
        "stability",
        "stability",
        +1,
        -1.0,
        1.0,
        False,
        "How alike the clusters are when part of the images is left out, as the AMI between such "
        "clusterings: 1 is always the same; a wrong grouping can be stable too.",
        "Ben-Hur, Elisseeff, Guyon 2002; von Luxburg 2010",
    ),
    *(_without_noise(metric) for metric in _WITH_TRUTH + _WITHOUT_TRUTH),
)
"""Every column of numbers about partitions; each images with noise counted, and `_clustered`."""
