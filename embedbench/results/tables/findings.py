"""The tables of findings: pairs of encoders, names, corruptions, domains, with all columns."""

from collections.abc import Mapping

from embedbench.results.tables.column import integer, number, text, yes_no
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
            "other": text("The encoder it is compared with."),
            "difference": number("Value of `encoder` minus value of `other`.", nullable=True),
        }
        | interval_columns("the difference", "difference")
        | {
            "win": number(
                "Share of resamples in which `encoder` is ahead by more than 0.005, 0 to 1.",
                0, 1,
            ),
            "tie": number("Share in which the two are within 0.005.", 0, 1),
            "loss": number("Share in which it is behind by more than 0.005.", 0, 1),
            "p_beats": number("Share in which it is ahead at all, ties counted half.", 0, 1),
        },
        optional=True,
    ),
    "similarity": Table(
        "One row for each ordered pair of encoders; higher is more alike, at most 1.",
        ENCODER
        | {
            "other": text("The other encoder."),
            "partition_agreement": number(
                "Mean AMI of their K-means partitions at the same k.",
                -1, 1,
            ),
            "mutual_knn": number("Share of nearest neighbours in common.", 0, 1),
            "cka": number("Debiased linear CKA.", -1, 1),
        },
        optional=True,
    ),
    "disagreements": Table(
        "Pairs of images that one encoder groups together and another apart, strongest first.",
        {
            "encoder": text("The encoder that groups them together."),
            "other": text("The encoder that separates them."),
            "image": text("One image."),
            "partner": text("The other image."),
            "strength": number("Strength of the disagreement, above 0 to 1.", 0, 1),
        },
        optional=True,
    ),
    "shortcuts": Table(
        "One row for each encoder and attribute that should not determine the clusters.",
        ENCODER
        | {
            "attribute": text("`brightness`, `colour`, `size`, `aspect`, `format` or `folder`."),
            "ami": number(
                "AMI of the K-means clusters with the attribute; about 0 by chance, at most 1.",
                -1, 1, nullable=True,
            ),
            "null": number(
                "95 % quantile of the AMI under permutation of the attribute.",
                -1, 1, nullable=True,
            ),
            "p": number("Permutation p-value, above 0 to 1.", 0, 1, nullable=True),
        },
        optional=True,
    ),
    "variance": Table(
        "One row for each encoder and principal component of the vectors at unit length, up to 50.",
        ENCODER
        | {
            "component": integer("Number of the component, from 1.", 1),
            "share": number("Share of the variance, 0 to 1.", 0, 1),
            "cumulative": number("Share of the variance up to this component.", 0, 1),
        },
        optional=True,
    ),
    "zero_shot": Table(
        "One row for each image, with `--names`: the two names that fit it best.",
        IMAGE
        | {
            "name": text("The name that fits best."),
            "similarity": number("Cosine of image and name, each side centred.", -1, 1),
            "second_name": text("The name that fits second best."),
            "second_similarity": number("Cosine of image and second name.", -1, 1),
            "margin": number("`similarity` minus `second_similarity`.", 0),
            "ambiguous": yes_no(
                "Whether both names fit: the second cosine is at least three quarters of the "
                "first, and above the median of all second cosines.",
            ),
        },
        optional=True,
    ),
    "composition": Table(
        "One row for each cluster and each label or domain that occurs in it.",
        ENCODER | CLUSTERER | CLUSTER
        | {
            "by": text("`label` or `domain`."),
            "value": text("The label, or the domain."),
            "images": integer("Number of images.", 0),
            "share_of_cluster": number("Share of the cluster's images, 0 to 1.", 0, 1),
            "share_of_value": number("Share of the images of this label or domain, 0 to 1.", 0, 1),
        },
        optional=True,
    ),
    "robustness": Table(
        "One row for each encoder, corruption, severity, clusterer and metric, with `--corrupt`. "
        "`neighbour_retention` is here the share of an image's ten nearest images that are also "
        "nearest to its corrupted copy (for augmented images it is the Jaccard index); "
        "`cluster_changes` is the share of images that move to another K-means cluster.",
        ENCODER
        | {
            "corruption": text("The kind of corruption."),
            "severity": integer("1 (weakest) to 5.", 1, 5),
        }
        | ANY_CLUSTERER | METRIC
        | {
            "clean": number("Value on the images as they are.", nullable=True),
            "value": number("Value on the corrupted copies.", nullable=True),
            "change": number("`value` minus `clean`.", nullable=True),
        }
        | interval_columns("the change", "change"),
        optional=True,
    ),
    "robustness_ranking": Table(
        "One row for each encoder, the most robust first. Numbers are means over the corruptions.",
        ENCODER
        | {"retention": number(
            "`neighbour_retention`, 0 to 1: higher is more robust. It ranks.",
            0, 1, nullable=True,
        )}
        | interval_columns("the retention", "retention") | RANK
        | {
            "tied_with_best": yes_no("Whether the encoder may be the most robust.", nullable=True),
            "cluster_changes": number(
                "`cluster_changes`, 0 to 1: lower is more robust.",
                0, 1, nullable=True,
            ),
        }
        | interval_columns("the cluster changes", "cluster_changes")
        | {
            "ami_clean": number(
                "AMI of the images as they are, first clusterer; empty without labels.",
                -1, 1, nullable=True,
            ),
            "ami": number("AMI of the corrupted copies.", -1, 1, nullable=True),
        }
        | interval_columns("that AMI", "ami")
        | {"ami_change": number("`ami` minus `ami_clean`.", -2, 2, nullable=True)}
        | interval_columns("that change", "ami_change")
        | {"ami_tied_with_best": yes_no(
            "Whether `ami` may be the highest; empty without labels.",
            nullable=True,
        )},
        optional=True,
    ),
    "moved_images": Table(
        "Up to 24 images of each encoder, corruption and severity that it moves the furthest, with "
        "`--corrupt`: those that keep the fewest of their nearest images first.",
        ENCODER
        | {
            "corruption": text("The kind of corruption."),
            "severity": integer("1 (weakest) to 5.", 1, 5),
        }
        | IMAGE
        | {
            "neighbour_retention": number(
                "Share of its ten nearest images that are also nearest to its corrupted copy.",
                0, 1, nullable=True,
            ),
            "cluster_changes": number(
                "Share of the seeds for which it moves to another K-means cluster.",
                0, 1, nullable=True,
            ),
        },
        optional=True,
    ),
    "contamination": Table(
        "One row for each encoder, clusterer and quantity, with `--mix`: where the images that "
        "were mixed in end up.",
        ENCODER | CLUSTERER
        | {
            "quantity": text(
                "`own_cluster`, `noise`, `scattered`: shares of the mixed-in images that are in "
                "clusters of which they are the majority, that are noise, and that are in "
                "clusters of the other images; their sum is 1. `ami_change`, `ari_change`, "
                "`accuracy_change`: change of the other images' scores, with labels. "
                "`clean_change`: 1 - AMI of the other images' clusters with and without the "
                "mixed-in images; 0 is no change. `seed_change`: the same between two seeds, "
                "without mixed-in images.",
            ),
        }
        | SCORE,
        optional=True,
    ),
    "domains": Table(
        "One row for each encoder, domain, clusterer and metric; each domain is clustered alone.",
        ENCODER | DOMAIN
        | {
            "images": integer("Images of the domain.", 0),
            "k": integer("Number of clusters asked for.", 1, nullable=True),
        }
        | ANY_CLUSTERER | METRIC | SCORE,
        optional=True,
    ),
    "domain_pairs": Table(
        "One row for each encoder, pair of domains, clusterer and metric.",
        ENCODER
        | {"domain": text("One domain."), "other": text("The other domain.")}
        | ANY_CLUSTERER | METRIC
        | {"difference": number("Value of `domain` minus value of `other`.", nullable=True)}
        | interval_columns("the difference", "difference"),
        optional=True,
    ),
    "domain_alignment": Table(
        "One row for each encoder: whether its K-means clusters follow the domain.",
        ENCODER
        | {
            "ami": number(
                "AMI of the clusters with the domain; about 0 where they are independent.",
                -1, 1, nullable=True,
            ),
            "null": number(
                "95 % quantile of that AMI under permutation of the domain within each label; "
                "empty where no label occurs in two domains.",
                -1, 1, nullable=True,
            ),
            "p": number("Permutation p-value, above 0 to 1; empty likewise.", 0, 1, nullable=True),
            "label_ami": number(
                "AMI of the clusters with the labels; empty without labels.",
                -1, 1, nullable=True,
            ),
        },
        optional=True,
    ),
    "worst_images": Table(
        "Up to 12 images of each encoder and domain with the lowest score, lowest first.",
        ENCODER | DOMAIN | IMAGE
        | {
            "score": number(
                "Average precision of retrieval, 0 to 1, with labels; else the silhouette.",
                -1, 1, nullable=True,
            ),
        },
        optional=True,
    ),
}  # fmt: skip
