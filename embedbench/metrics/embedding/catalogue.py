"""What each metric of encoders is called, and so on: numbers about vectors, without clusters."""

from math import inf

from embedbench.metrics.base import Metric

__all__ = ["ENCODER_METRICS"]

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
        "augmentation_recall",
        "augmentation recall",
        +1,
        0.0,
        1.0,
        False,
        "How often a lightly changed copy of an image (cropped, tilted, other light or colours, "
        "less sharp) is nearest to the image it was made from: 1 is always.",
        "embedbench",
    ),
    Metric(
        "neighbour_retention",
        "neighbour retention",
        +1,
        0.0,
        1.0,
        False,
        "How many of its ten nearest images an image keeps when it is lightly changed, as the "
        "Jaccard index: 1 is all.",
        "embedbench",
    ),
    Metric(
        "cluster_retention",
        "cluster retention",
        +1,
        -1.0,
        1.0,
        False,
        "Whether lightly changed images fall into the clusters of the images they were made from, "
        "as the AMI: 1 is always, 0 is chance. One of the two signs behind the verdict without "
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
        "alike counted once: 0 is chance. The other sign. It is not the truth: one that is "
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
