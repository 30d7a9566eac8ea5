"""What each metric is called, which way is better, its range, and what it tells in plain words."""

from dataclasses import dataclass, replace
from math import inf

__all__ = ["ENCODER_METRICS", "METRICS", "Metric"]


@dataclass(frozen=True)
class Metric:
    """One column of numbers.

    Attributes:
        name: the column.
        heading: what a person reads above it.
        direction: +1 where higher is better, -1 where lower is, 0 where neither is.
        low: the lowest value it can take.
        high: the highest.
        needs_truth: whether it compares with known labels.
        sentence: what it tells, in plain words.
        source: the paper or library that defines it.
    """

    name: str
    heading: str
    direction: int
    low: float
    high: float
    needs_truth: bool
    sentence: str
    source: str


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

ENCODER_METRICS = (
    Metric(
        "knn_accuracy",
        "kNN accuracy",
        +1,
        0.0,
        1.0,
        True,
        "The share of images that get their label right from the ten most similar other images, "
        "the nearer the more say: 1 is all. It asks what is near, not how it clusters.",
        "scikit-learn's KNeighborsClassifier, leave-one-out, cosine",
    ),
    Metric(
        "retrieval_map",
        "retrieval mAP",
        +1,
        0.0,
        1.0,
        True,
        "How far the images of the same label come first when all others are ranked by "
        "similarity, averaged over all images as queries: 1 is always first.",
        "mean average precision; Manning, Raghavan, Schuetze 2008; scikit-learn",
    ),
    Metric(
        "r_precision",
        "R-precision",
        +1,
        0.0,
        1.0,
        True,
        "Of as many most similar images as there are of the label, the share that has the label: "
        "1 is all.",
        "Manning, Raghavan, Schuetze 2008",
    ),
    Metric(
        "linear_probe",
        "linear probe",
        +1,
        0.0,
        1.0,
        True,
        "The share of images whose label a linear classifier gets right that was trained on other "
        "images: what can be read off the vectors with some labels.",
        "Alain, Bengio 2016; scikit-learn's LogisticRegression, five folds",
    ),
    Metric(
        "copies_found",
        "copies found",
        +1,
        0.0,
        1.0,
        False,
        "How often a lightly changed copy of an image (cropped, tilted, other light or colours, "
        "less sharp) is nearest to the image it was made from: 1 is always.",
        "embedbench",
    ),
    Metric(
        "neighbours_kept",
        "neighbours kept",
        +1,
        0.0,
        1.0,
        False,
        "How many of its ten nearest images an image keeps when it is lightly changed, as the "
        "Jaccard index: 1 is all.",
        "embedbench",
    ),
    Metric(
        "clusters_kept",
        "clusters kept",
        +1,
        -1.0,
        1.0,
        False,
        "Whether lightly changed images fall into the clusters of the images they were made from, "
        "as the AMI: 1 is always, 0 is chance. One of the two witnesses of the verdict without "
        "labels.",
        "embedbench",
    ),
    Metric(
        "consensus",
        "consensus",
        +1,
        -1.0,
        1.0,
        False,
        "How well the clusters agree with those of the other encoders, as the AMI, encoders much "
        "alike counted once: 0 is chance. The other witness. It is not the truth: one that is "
        "better than all others agrees with none.",
        "embedbench",
    ),
    Metric(
        "neighbour_consensus",
        "neighbour consensus",
        +1,
        0.0,
        1.0,
        False,
        "How many of the ten nearest images of an image are the same by another encoder, on "
        "average: 1 is all. Consensus is not the truth.",
        "mutual k-nearest neighbours, Huh et al. 2024, arXiv 2405.07987",
    ),
    Metric(
        "silhouette_umap",
        "silhouette in UMAP",
        +1,
        -1.0,
        1.0,
        False,
        "The silhouette of clusters found in a UMAP of the vectors, the same recipe for every "
        "encoder; there only where a space umap:N was asked for.",
        "Lowe et al. 2024, arXiv 2406.02465; umap-learn",
    ),
    Metric(
        "hubness",
        "hubness",
        -1,
        -inf,
        inf,
        False,
        "Whether a few images are the nearest of very many others (skewness of how often each is "
        "among the ten nearest): 0 is even, above 2 is a lot.",
        "Radovanovic, Nanopoulos, Ivanovic 2010",
    ),
    Metric(
        "anisotropy",
        "anisotropy",
        -1,
        -1.0,
        1.0,
        False,
        "The mean cosine between two images: near 1 all vectors point the same way.",
        "Ethayarajh 2019",
    ),
    Metric(
        "effective_rank",
        "effective rank",
        0,
        1.0,
        inf,
        False,
        "How many directions the vectors spread over evenly; more is neither better nor worse.",
        "Roy, Vetterli 2007; RankMe, arXiv 2210.02885",
    ),
    Metric(
        "intrinsic_dimension",
        "intrinsic dimension",
        0,
        0.0,
        inf,
        False,
        "How many dimensions the vectors have as seen from each image to its two nearest; more is "
        "neither better nor worse.",
        "TwoNN, Facco et al. 2017",
    ),
)
"""Numbers about an encoder's vectors, whatever clusters are found in them."""
