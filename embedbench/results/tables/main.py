"""The tables of images, encoders, clusterings and timings, with all their columns."""

from collections.abc import Mapping

from embedbench.results.tables.table import (
    CLUSTER,
    CLUSTERER,
    ENCODER,
    IMAGE,
    PROBABILITY,
    RANK,
    SCORE,
    SPACE,
    Table,
)

__all__ = ["MAIN_TABLES"]

MAIN_TABLES: Mapping[str, Table] = {
    "comparison": Table(
        "One row for each encoder, space, clusterer and way of choosing k, and one column for each "
        "metric of clusters in the catalogue, a mean over the seeds. Noise images count as a "
        "cluster each; a column that ends in `_clustered` leaves noise out. AMI, ARI, accuracy, "
        "silhouette and stability have the ends of their 95 % intervals in `_low` and `_high`. "
        "Metrics that need labels are there only with labels.",
        ENCODER | SPACE | CLUSTERER
        | {
            "k": "Number of clusters asked for; empty where the clusterer finds it, or where a "
            "criterion finds no clear k.",
            "k_from": "Who chose k: `truth` (the number of classes), `given` (you), `shared` (one "
            "for all encoders), `own` (the clusterer), or `elbow`, `silhouette`, `gap` (a k for "
            "each encoder).",
        },
        is_open=True,
    ),
    "encoders": Table(
        "One row for each encoder, and one column for each metric of an encoder's vectors in the "
        "catalogue; metrics that need labels are there only with labels, with their intervals.",
        ENCODER
        | {
            "dim": "Dimensions of a vector.",
            "parameters": "Number of parameters; empty where it is not known.",
            "weights_mb": "Size of the files of weights on disk, in MB; empty where it is not "
            "known.",
            "licence": "Licence of the weights.",
            "pretrained_on": "Data that the weights were trained on.",
            "weights": "Name of the weights, as their hub or library calls them.",
            "revision": "Version of the weights, such as the commit of a hub's repository.",
            "pooling": "How one vector comes out of many, and from which layer.",
            "image_size": "What the model sees, height by width in pixels.",
            "device": "Device that encoded.",
            "precision": "Number format of the computation.",
            "batch_size": "Images in a batch.",
            "compiled": "Whether the model was compiled.",
            "precision_cosine": "Agreement with the reference in float32: lowest cosine of an "
            "image's two vectors, at most 1.",
            "precision_neighbours": "Share of nearest neighbours that are the same as in float32, "
            "0 to 1.",
            "fingerprint": "Changes with the encoder's code, options, libraries and weights.",
        }
        | RANK
        | PROBABILITY
        | {
            "tied_with_best": "Whether the encoder may be the best, at 95 %: by AMI with labels, "
            "whether or not it is above chance; else by what the two signals lead to.",
            "recommended": "Whether it is the smallest of the encoders that the verdict names; "
            "with a budget, the one that is recommended within it.",
            "status": "`ok` or `failed`.",
            "error": "Why it failed.",
        },
        is_open=True,
        conditional=frozenset({*RANK, *PROBABILITY, "tied_with_best"}),
    ),
    "timings": Table(
        "Everything that differs between two runs of the same comparison on the same machine, one "
        "number a row. A row without an encoder is about the whole run; one with a clusterer is "
        "about that clusterer.",
        {
            "encoder": "The encoder; empty for the whole run.",
            "space": "The space that was clustered; empty for encoders and for the whole run.",
            "clusterer": "The clustering method; empty for encoders and for the whole run.",
            "quantity": "`started`: when the run started, in seconds since 1970-01-01 UTC. "
            "`seconds`: how long the whole run took, or a clusterer for all its k and seeds. "
            "`images_encoded`: images that this run encoded; the other vectors were in the store. "
            "`images_per_second`, `latency_ms`, `load_seconds`, `peak_memory_mb`: speed, "
            "milliseconds from one decoded image to its vector (alone in its batch, the "
            "quickest of a few warm calls), loading time, and memory in MB of the encoder's "
            "process, measured when the vectors were made.",
            "value": "The number.",
        },
    ),
    "images": Table(
        "One row for each image, with further columns of your own table.",
        IMAGE
        | {
            "hash": "Hash of the file's bytes.",
            "width": "Width in pixels, upright.",
            "height": "Height in pixels, upright.",
            "thumbnail": "Small JPEG, as bytes.",
            "truth": "Label, only with labels; missing where it is not known.",
            "domain": "Domain, only with domains; missing where it is not known.",
            "group": "Images of the same number are duplicates: the same bytes, or pictures that "
            "look the same at 32 x 32 pixels.",
            "disagreement": "Mean share of nearest images that two encoders do not have in "
            "common, 0 to 1; nan for one encoder.",
        },
        "parquet",
        conditional=frozenset({"truth", "domain"}),
        is_open=True,
    ),
    "partitions": Table(
        "One row for each image and clustering.",
        IMAGE | ENCODER | SPACE | CLUSTERER
        | {
            "k": "Number of clusters asked for; missing where the clusterer finds it.",
            "seed": "The seed.",
        }
        | CLUSTER,
        "parquet",
    ),
    "silhouettes": Table(
        "One row for each image, encoder, space and clusterer, at the shared k, first seed.",
        ENCODER | SPACE | IMAGE | CLUSTERER | CLUSTER
        | {
            "silhouette": "Silhouette, -1 to 1; nan where it is not defined or not computed.",
            "medoid_distance": "Distance to the cluster's medoid; nan for noise.",
        },
        "parquet",
    ),
    "nearest": Table(
        "One row for each encoder, image and one of its nearest other images by cosine, up to "
        "eight; never a copy of the image. Of many images a sample has neighbours, among all.",
        ENCODER
        | IMAGE
        | {
            "rank": "1 is the nearest.",
            "neighbour": "The other image.",
            "similarity": "Cosine of the two vectors, -1 to 1.",
        },
        "parquet",
        optional=True,
    ),
    "projections": Table(
        "One row for each encoder, image and projection to a plane; of many images, a sample.",
        ENCODER | IMAGE
        | {
            "projection": "`pca`, `tsne` or `umap`.",
            "x": "First coordinate, without a unit.",
            "y": "Second coordinate.",
        },
        "parquet",
    ),
    "clusters": Table(
        "One row for each cluster at the shared k, first seed. Distances are Euclidean in the "
        "clustered space: they compare clusters of one encoder, not encoders.",
        ENCODER | SPACE | CLUSTERER
        | {
            "cluster": "The number of the cluster.",
            "size": "Number of images.",
            "silhouette": "Mean silhouette of its images, -1 to 1.",
            "cohesion": "Mean distance of its images to their mean; lower is tighter.",
            "separation": "Distance from its mean to the nearest other one; empty without another.",
            "nearest_cluster": "Number of that other cluster; -1 without another.",
            "name": "Name from the candidate words; empty where chance could give its lead.",
            "name_margin": "By how much the cosine of the best word exceeds that of the next.",
            "nearest_word": "The best word, also where it is not a good name.",
            "medoid": "The image nearest to the mean.",
            "typical": "Up to five images nearest to the mean, as a JSON list.",
            "atypical": "Up to five other images with the lowest silhouette, as a JSON list.",
            "label": "Most frequent label of its images.",
            "label_share": "Share of that label, 0 to 1, among its images of known label.",
        },
        optional=True,
    ),
    "elbow": Table(
        "One row for each encoder and k of the K-means sweep in the first space. The last five "
        "columns of numbers are there only if k was to be found.",
        ENCODER
        | {
            "k": "Number of clusters.",
            "inertia": "Sum of squared distances to the cluster means, a mean over the seeds.",
            "silhouette": "Mean silhouette, -1 to 1.",
            "gap": "Gap statistic; empty if k was not to be found.",
            "gap_error": "Standard error of the gap.",
            "inertia_null_low": "5 % quantile of the inertia of data without clusters.",
            "inertia_null_high": "95 % quantile of the inertia of data without clusters.",
            "silhouette_null_high": "95 % quantile of the silhouette of data without clusters.",
            "agreement": "Mean AMI at this k between the K-means partitions of encoders of "
            "different families, the same for all encoders; only where there are two families.",
            "chosen": "Criteria that choose this k, separated by commas.",
        },
        optional=True,
        conditional=frozenset(
            {
                "gap_error", "inertia_null_low", "inertia_null_high", "silhouette_null_high",
                "agreement",
            }
        ),
    ),
    "label_free": Table(
        "One row for each encoder and criterion that needs no labels, with its value by chance.",
        ENCODER | {"criterion": "The criterion, a name of the catalogue."} | SCORE
        | {
            "shuffled": "Value for the vectors with each column shuffled among the images.",
            "random": "Value for random directions of the same dimension.",
        },
    ),
    "failures": Table(
        "One row for each image, encoder or domain that failed.",
        {
            "what": "`image`, `encoder` or `domain`.",
            "name": "Its name.",
            "stage": "Where it failed: such as `download`, `read`, `encode` or `cluster`.",
            "error": "Why.",
        },
        optional=True,
    ),
}  # fmt: skip
