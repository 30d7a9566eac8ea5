"""Metrics of vectors, without clusters: heading, direction, range, meaning and source of each."""

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
        "The share of images whose label is predicted correctly by a distance-weighted vote of the"
        " ten most similar other images: 1 is all. It measures neighbours, not clusters.",
        "scikit-learn's KNeighborsClassifier, leave-one-out, cosine",
    ),
    Metric(
        "retrieval_map",
        "retrieval mAP",
        +1,
        0.0,
        1.0,
        True,
        "How high images of the same label rank when all others are sorted by similarity, averaged"
        " over all images as queries: 1 is always first.",
        "mean average precision; Manning, Raghavan, Schuetze 2008; scikit-learn",
    ),
    Metric(
        "r_precision",
        "R-precision",
        +1,
        0.0,
        1.0,
        True,
        "The share of the label among the R most similar images, R the number of other images of "
        "the label: 1 is all.",
        "Manning, Raghavan, Schuetze 2008",
    ),
    Metric(
        "linear_probe",
        "linear probe",
        +1,
        0.0,
        1.0,
        True,
        "The share of images whose label a linear classifier, trained on other images, predicts "
        "correctly: what some labels make of the vectors.",
        "Alain, Bengio 2016; scikit-learn's LogisticRegression, five folds",
    ),
    Metric(
        "zero_shot_accuracy",
        "zero-shot accuracy",
        +1,
        0.0,
        1.0,
        True,
        "The share of images whose label, read as words in prompts such as 'a photo of a dog.', is "
        "nearer than every other label: what an encoder knows without a labelled example.",
        "Radford et al. 2021, arXiv 2103.00020",
    ),
    *(
        Metric(
            f"text_recall_at_{k}",
            f"text recall at {k}",
            +1,
            0.0,
            1.0,
            True,
            f"The share of texts whose image is among the {k} images that fit the text best; an "
            "image with several texts counts once."
            if k > 1
            else "The share of texts whose image fits the text best of all images; an image with "
            "several texts counts once.",
            "recall at k of text-to-image retrieval; Radford et al. 2021, arXiv 2103.00020",
        )
        for k in (1, 5, 10)
    ),
    Metric(
        "augmentation_recall",
        "augmentation recall",
        +1,
        0.0,
        1.0,
        False,
        "How often an augmented view of an image (cropped, rotated, with other light or colours, "
        "blurred) is nearest to its original: 1 is always.",
        "embedbench",
    ),
    Metric(
        "neighbour_retention",
        "neighbour retention",
        +1,
        0.0,
        1.0,
        False,
        "How many of its ten nearest images an image keeps under small changes, as the "
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
        "Whether augmented views fall into the clusters of their originals, as the AMI: 1 is "
        "always, 0 is chance. One of the two signals of the verdict without labels.",
        "embedbench",
    ),
    Metric(
        "consensus",
        "consensus",
        +1,
        -1.0,
        1.0,
        False,
        "How well the clusters agree with those of the other encoders, as the AMI, with similar "
        "encoders counted once: 0 is chance. The other signal of the verdict without labels. It is"
        " not the truth: an encoder better than all others agrees with none.",
        "embedbench",
    ),
    Metric(
        "neighbour_consensus",
        "neighbour consensus",
        +1,
        0.0,
        1.0,
        False,
        "How many of the ten nearest images of an image are the same for another encoder, on "
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
        "The silhouette of clusters in a UMAP projection of the vectors, with the same settings "
        "for every encoder; only if a space umap:N is requested.",
        "Lowe et al. 2024, arXiv 2406.02465; umap-learn",
    ),
    Metric(
        "hubness",
        "hubness",
        -1,
        -inf,
        inf,
        False,
        "Whether a few images are near neighbours of very many others (skewness of how often each "
        "is among the ten nearest): 0 is even, above 2 is a lot.",
        "Radovanovic, Nanopoulos, Ivanovic 2010",
    ),
    Metric(
        "anisotropy",
        "anisotropy",
        -1,
        -1.0,
        1.0,
        False,
        "The mean cosine between two images: near 1 all vectors have almost the same direction.",
        "Ethayarajh 2019",
    ),
    Metric(
        "effective_rank",
        "effective rank",
        0,
        1.0,
        inf,
        False,
        "The effective number of directions of the vectors; more is neither better nor worse.",
        "Roy, Vetterli 2007; RankMe, arXiv 2210.02885",
    ),
    Metric(
        "intrinsic_dimension",
        "intrinsic dimension",
        0,
        0.0,
        inf,
        False,
        "The local dimension of the vectors, from the distances of each image to its two nearest; "
        "more is neither better nor worse.",
        "TwoNN, Facco et al. 2017",
    ),
)
"""All metrics of an encoder's vectors."""
