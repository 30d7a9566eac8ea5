"""The tables with a row for each image, or for each image and encoder, with all their columns."""

from collections.abc import Mapping

from embedbench.results.tables.column import content, integer, number, text
from embedbench.results.tables.table import CLUSTER, CLUSTERER, ENCODER, IMAGE, SPACE, Table

__all__ = ["IMAGE_TABLES"]

IMAGE_TABLES: Mapping[str, Table] = {
    "images": Table(
        "One row for each image, with further columns of your own table.",
        IMAGE
        | {
            "hash": text("Hash of the file's bytes."),
            "width": integer("Width in pixels, upright.", 1, unit="pixels"),
            "height": integer("Height in pixels, upright.", 1, unit="pixels"),
            "thumbnail": content("Small JPEG, as bytes."),
            "truth": text("Label, only with labels; missing where it is not known.", nullable=True),
            "domain": text(
                "Domain, only with domains; missing where it is not known.",
                nullable=True,
            ),
            "group": integer(
                "Images of the same number are duplicates: the same bytes, or pictures that look "
                "the same at 32 x 32 pixels.",
                0,
            ),
            "disagreement": number(
                "Mean share of nearest images that two encoders do not have in common, 0 to 1; "
                "nan for one encoder.",
                0, 1, nullable=True,
            ),
        },
        "parquet",
        conditional=frozenset({"truth", "domain"}),
        is_open=True,
    ),
    "partitions": Table(
        "One row for each image and clustering.",
        IMAGE | ENCODER | SPACE | CLUSTERER
        | {
            "k": integer(
                "Number of clusters asked for; missing where the clusterer finds it.",
                1, nullable=True,
            ),
            "seed": integer("The seed.", 0),
        }
        | CLUSTER,
        "parquet",
    ),
    "silhouettes": Table(
        "One row for each image, encoder, space and clusterer, at the shared k, first seed.",
        ENCODER | SPACE | IMAGE | CLUSTERER | CLUSTER
        | {
            "silhouette": number(
                "Silhouette, -1 to 1; nan where it is not defined or not computed.",
                -1, 1, nullable=True,
            ),
            "medoid_distance": number(
                "Distance to the cluster's medoid; nan for noise.",
                0, nullable=True,
            ),
        },
        "parquet",
    ),
    "nearest": Table(
        "One row for each encoder, image and one of its nearest other images by cosine, up to "
        "eight; never a copy of the image. Of many images a sample has neighbours, among all.",
        ENCODER
        | IMAGE
        | {
            "rank": integer("1 is the nearest.", 1),
            "neighbour": text("The other image."),
            "similarity": number("Cosine of the two vectors, -1 to 1.", -1, 1),
        },
        "parquet",
        optional=True,
    ),
    "projections": Table(
        "One row for each encoder, image and projection to a plane; of many images, a sample.",
        ENCODER | IMAGE
        | {
            "projection": text("`pca`, `tsne` or `umap`."),
            "x": number("First coordinate, without a unit."),
            "y": number("Second coordinate."),
        },
        "parquet",
    ),
}  # fmt: skip
