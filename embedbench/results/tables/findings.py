"""The tables of findings: pairs of encoders, names, corruptions, domains, with all columns."""

from collections.abc import Mapping

from embedbench.results.tables.table import (
    ANY_CLUSTERER,
    CLUSTER,
    CLUSTERER,
    DOMAIN,
    ENCODER,
    IMAGE,
    METRIC,
    RANK,
    SCORE,
    Table,
    interval_columns,
)

__all__ = ["FINDING_TABLES"]

FINDING_TABLES: Mapping[str, Table] = {
    "pairwise": Table(
        "One row for each clusterer, metric and ordered pair of encoders, in the first space at "
        "the shared k. Only with labels.",
        CLUSTERER | METRIC | ENCODER
        | {
            "other": "The encoder it is compared with.",
            "difference": "Value of `encoder` minus value of `other`.",
        }
        | interval_columns("the difference", "difference")
        | {
            "win": "Share of resamples in which `encoder` is ahead by more than 0.005, 0 to 1.",
            "tie": "Share in which the two are within 0.005.",
            "loss": "Share in which it is behind by more than 0.005.",
            "p_beats": "Share in which it is ahead at all, ties counted half.",
        },
        optional=True,
    ),
    "similarity": Table(
        "One row for each ordered pair of encoders; higher is more alike, at most 1.",
        ENCODER
        | {
            "other": "The other encoder.",
            "partition_agreement": "Mean AMI of their K-means partitions at the same k.",
            "mutual_knn": "Share of nearest neighbours in common.",
            "cka": "Debiased linear CKA.",
        },
        optional=True,
    ),
    "disagreements": Table(
        "Pairs of images that one encoder groups together and another apart, strongest first.",
        {
            "encoder": "The encoder that groups them together.",
            "other": "The encoder that separates them.",
            "image": "One image.",
            "partner": "The other image.",
            "strength": "Strength of the disagreement, above 0 to 1.",
        },
        optional=True,
    ),
    "shortcuts": Table(
        "One row for each encoder and attribute that should not determine the clusters.",
        ENCODER
        | {
            "attribute": "`brightness`, `colour`, `size`, `aspect`, `format` or `folder`.",
            "ami": "AMI of the K-means clusters with the attribute; about 0 by chance, at most 1.",
            "null": "95 % quantile of the AMI under permutation of the attribute.",
            "p": "Permutation p-value, above 0 to 1.",
        },
        optional=True,
    ),
    "variance": Table(
        "One row for each encoder and principal component of the vectors at unit length, up to 50.",
        ENCODER
        | {
            "component": "Number of the component, from 1.",
            "share": "Share of the variance, 0 to 1.",
            "cumulative": "Share of the variance up to this component.",
        },
        optional=True,
    ),
    "zero_shot": Table(
        "One row for each image, with `--names`: the two names that fit it best.",
        IMAGE
        | {
            "name": "The name that fits best.",
            "similarity": "Cosine of image and name, each side centred.",
            "second_name": "The name that fits second best.",
            "second_similarity": "Cosine of image and second name.",
            "margin": "`similarity` minus `second_similarity`.",
            "ambiguous": "Whether both names fit: the second cosine is at least three quarters of "
            "the first, and above the median of all second cosines.",
        },
        optional=True,
    ),
    "composition": Table(
        "One row for each cluster and each label or domain that occurs in it.",
        ENCODER | CLUSTERER | CLUSTER
        | {
            "by": "`label` or `domain`.",
            "value": "The label, or the domain.",
            "images": "Number of images.",
            "share_of_cluster": "Share of the cluster's images, 0 to 1.",
            "share_of_value": "Share of the images of this label or domain, 0 to 1.",
        },
        optional=True,
    ),
    "robustness": Table(
        "One row for each encoder, corruption, severity, clusterer and metric, with `--corrupt`. "
        "`neighbour_retention` is here the share of an image's ten nearest images that are also "
        "nearest to its corrupted copy (for augmented images it is the Jaccard index); "
        "`cluster_changes` is the share of images that move to another K-means cluster.",
        ENCODER
        | {"corruption": "The kind of corruption.", "severity": "1 (weakest) to 5."}
        | ANY_CLUSTERER | METRIC
        | {
            "clean": "Value on the images as they are.",
            "value": "Value on the corrupted copies.",
            "change": "`value` minus `clean`.",
        }
        | interval_columns("the change", "change"),
        optional=True,
    ),
    "robustness_ranking": Table(
        "One row for each encoder, the most robust first. Numbers are means over the corruptions.",
        ENCODER
        | {"retention": "`neighbour_retention`, 0 to 1: higher is more robust. It ranks."}
        | interval_columns("the retention", "retention") | RANK
        | {
            "tied_with_best": "Whether the encoder may be the most robust.",
            "cluster_changes": "`cluster_changes`, 0 to 1: lower is more robust.",
        }
        | interval_columns("the cluster changes", "cluster_changes")
        | {
            "ami_clean": "AMI of the images as they are, first clusterer; empty without labels.",
            "ami": "AMI of the corrupted copies.",
        }
        | interval_columns("that AMI", "ami")
        | {"ami_change": "`ami` minus `ami_clean`."}
        | interval_columns("that change", "ami_change")
        | {"ami_tied_with_best": "Whether `ami` may be the highest; empty without labels."},
        optional=True,
    ),
    "moved_images": Table(
        "Up to 24 images of each encoder, corruption and severity that it moves the furthest, with "
        "`--corrupt`: those that keep the fewest of their nearest images first.",
        ENCODER
        | {"corruption": "The kind of corruption.", "severity": "1 (weakest) to 5."}
        | IMAGE
        | {
            "neighbour_retention": "Share of its ten nearest images that are also nearest to its "
            "corrupted copy.",
            "cluster_changes": "Share of the seeds for which it moves to another K-means cluster.",
        },
        optional=True,
    ),
    "contamination": Table(
        "One row for each encoder, clusterer and quantity, with `--mix`: where the images that "
        "were mixed in end up.",
        ENCODER | CLUSTERER
        | {
            "quantity": "`own_cluster`, `noise`, `scattered`: shares of the mixed-in images that "
            "are in clusters of which they are the majority, that are noise, and that are in "
            "clusters of the other images; their sum is 1. `ami_change`, `ari_change`, "
            "`accuracy_change`: change of the other images' scores, with labels. `clean_change`: "
            "1 - AMI of the other images' clusters with and without the mixed-in images; 0 is no "
            "change. `seed_change`: the same between two seeds, without mixed-in images.",
        }
        | SCORE,
        optional=True,
    ),
    "domains": Table(
        "One row for each encoder, domain, clusterer and metric; each domain is clustered alone.",
        ENCODER | DOMAIN
        | {"images": "Images of the domain.", "k": "Number of clusters asked for."}
        | ANY_CLUSTERER | METRIC | SCORE,
        optional=True,
    ),
    "domain_pairs": Table(
        "One row for each encoder, pair of domains, clusterer and metric.",
        ENCODER
        | {"domain": "One domain.", "other": "The other domain."}
        | ANY_CLUSTERER | METRIC
        | {"difference": "Value of `domain` minus value of `other`."}
        | interval_columns("the difference", "difference"),
        optional=True,
    ),
    "domain_alignment": Table(
        "One row for each encoder: whether its K-means clusters follow the domain.",
        ENCODER
        | {
            "ami": "AMI of the clusters with the domain; about 0 where they are independent.",
            "null": "95 % quantile of that AMI under permutation of the domain within each label; "
            "empty where no label occurs in two domains.",
            "p": "Permutation p-value, above 0 to 1; empty likewise.",
            "label_ami": "AMI of the clusters with the labels; empty without labels.",
        },
        optional=True,
    ),
    "worst_images": Table(
        "Up to 12 images of each encoder and domain with the lowest score, lowest first.",
        ENCODER | DOMAIN | IMAGE
        | {
            "score": "Average precision of retrieval, 0 to 1, with labels; else the silhouette.",
        },
        optional=True,
    ),
}  # fmt: skip
