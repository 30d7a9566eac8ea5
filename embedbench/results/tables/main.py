"""The tables of encoders, clusterings and timings, with all their columns."""

from collections.abc import Mapping

from embedbench.results.tables.column import integer, number, text, yes_no
from embedbench.results.tables.table import (
    CLUSTERER,
    ENCODER,
    PROBABILITY,
    RANK,
    SCORE,
    SPACE,
    Table,
)

__all__ = ["MAIN_TABLES"]

_METRICS = number(
    "The number of a metric of the catalogue; empty where it is not known.", nullable=True
)

MAIN_TABLES: Mapping[str, Table] = {
    "comparison": Table(
        "One row for each encoder, space, clusterer and way of choosing k, and one column for each "
        "metric of clusters in the catalogue, a mean over the seeds. Noise images count as a "
        "cluster each; a column that ends in `_clustered` leaves noise out. AMI, ARI, accuracy, "
        "silhouette and stability have the ends of their 95 % intervals in `_low` and `_high`. "
        "Metrics that need labels are there only with labels.",
        ENCODER | SPACE | CLUSTERER
        | {
            "k": integer(
                "Number of clusters asked for; empty where the clusterer finds it, or where a "
                "criterion finds no clear k.",
                1, nullable=True,
            ),
            "k_from": text(
                "Who chose k: `truth` (the number of classes), `given` (you), `shared` (one for "
                "all encoders), `own` (the clusterer), or `elbow`, `silhouette`, `gap` (a k for "
                "each encoder).",
            ),
            "silhouette_noise": number(
                "Silhouette of vectors without clusters in a space that draws neighbours together; "
                "only where t-SNE or UMAP is clustered.",
                -1, 1, nullable=True,
            ),
        },
        is_open=True,
        others=_METRICS,
        conditional=frozenset({"silhouette_noise"}),
    ),
    "encoders": Table(
        "One row for each encoder, and one column for each metric of an encoder's vectors in the "
        "catalogue; metrics that need labels are there only with labels, with their intervals.",
        ENCODER
        | {
            "dim": integer("Dimensions of a vector.", 1, nullable=True),
            "parameters": integer(
                "Number of parameters; empty where it is not known.",
                0, nullable=True,
            ),
            "weights_mb": number(
                "Size of the files of weights on disk, in MB; empty where it is not known.",
                0, unit="MB", nullable=True,
            ),
            "licence": text("Licence of the weights.", nullable=True),
            "pretrained_on": text("Data that the weights were trained on.", nullable=True),
            "weights": text(
                "Name of the weights, as their hub or library calls them.",
                nullable=True,
            ),
            "revision": text(
                "Version of the weights, such as the commit of a hub's repository.",
                nullable=True,
            ),
            "pooling": text(
                "How one vector comes out of many, and from which layer.",
                nullable=True,
            ),
            "image_size": text("What the model sees, height by width in pixels.", nullable=True),
            "device": text("Device that encoded.", nullable=True),
            "precision": text("Number format of the computation.", nullable=True),
            "batch_size": integer("Images in a batch.", 1, nullable=True),
            "compiled": yes_no("Whether the model was compiled.", nullable=True),
            "precision_cosine": number(
                "Agreement with the reference in float32: lowest cosine of an image's two "
                "vectors, at most 1.",
                -1, 1, nullable=True,
            ),
            "precision_neighbours": number(
                "Share of nearest neighbours that are the same as in float32, 0 to 1.",
                0, 1, nullable=True,
            ),
            "fingerprint": text(
                "Changes with the encoder's code, options, libraries and weights.",
                nullable=True,
            ),
        }
        | RANK
        | PROBABILITY
        | {
            "tied_with_best": yes_no(
                "Whether the encoder may be the best, at 95 %: by AMI with labels, whether or not "
                "it is above chance; else by what the two signals lead to.",
                nullable=True,
            ),
            "recommended": yes_no(
                "Whether it is the smallest of the encoders that the verdict names; with a "
                "budget, the one that is recommended within it.",
            ),
            "status": text("`ok` or `failed`."),
            "error": text("Why it failed."),
        },
        is_open=True,
        others=_METRICS,
        conditional=frozenset({*RANK, *PROBABILITY, "tied_with_best"}),
    ),
    "timings": Table(
        "Everything that differs between two runs of the same comparison on the same machine, one "
        "number a row. A row without an encoder is about the whole run; one with a clusterer is "
        "about that clusterer.",
        {
            "encoder": text("The encoder; empty for the whole run."),
            "space": text(
                "The space that was clustered; empty for encoders and for the whole run.",
            ),
            "clusterer": text("The clustering method; empty for encoders and for the whole run."),
            "quantity": text(
                "`started`: when the run started, in seconds since 1970-01-01 UTC. `seconds`: how "
                "long the whole run took, or a clusterer for all its k and seeds. "
                "`images_encoded`: images that this run encoded; the other vectors were in the "
                "store. `images_per_second`, `latency_ms`, `load_seconds`, `peak_memory_mb`: "
                "speed, milliseconds from one decoded image to its vector (alone in its batch, "
                "the quickest of a few warm calls), loading time, and memory in MB of the "
                "encoder's process, measured when the vectors were made.",
            ),
            "value": number("The number."),
        },
    ),
    "clusters": Table(
        "One row for each cluster at the shared k, first seed. Distances are Euclidean in the "
        "clustered space: they compare clusters of one encoder, not encoders.",
        ENCODER | SPACE | CLUSTERER
        | {
            "cluster": integer("The number of the cluster.", 0),
            "size": integer("Number of images.", 1),
            "silhouette": number("Mean silhouette of its images, -1 to 1.", -1, 1, nullable=True),
            "cohesion": number("Mean distance of its images to their mean; lower is tighter.", 0),
            "separation": number(
                "Distance from its mean to the nearest other one; empty without another.",
                0, nullable=True,
            ),
            "nearest_cluster": integer("Number of that other cluster; -1 without another.", -1),
            "name": text("Name from the candidate words; empty where chance could give its lead."),
            "name_margin": number(
                "By how much the cosine of the best word exceeds that of the next.",
                nullable=True,
            ),
            "nearest_word": text("The best word, also where it is not a good name."),
            "medoid": text("The image nearest to the mean."),
            "typical": text("Up to five images nearest to the mean, as a JSON list."),
            "atypical": text("Up to five other images with the lowest silhouette, as a JSON list."),
            "label": text("Most frequent label of its images."),
            "label_share": number(
                "Share of that label, 0 to 1, among its images of known label.",
                0, 1, nullable=True,
            ),
        },
        optional=True,
    ),
    "elbow": Table(
        "One row for each encoder and k of the K-means sweep in the first space. The last five "
        "columns of numbers are there only if k was to be found.",
        ENCODER
        | {
            "k": integer("Number of clusters.", 1),
            "inertia": number(
                "Sum of squared distances to the cluster means, a mean over the seeds.",
                0,
            ),
            "silhouette": number("Mean silhouette, -1 to 1.", -1, 1, nullable=True),
            "gap": number("Gap statistic; empty if k was not to be found.", nullable=True),
            "gap_error": number("Standard error of the gap.", 0, nullable=True),
            "inertia_null_low": number(
                "5 % quantile of the inertia of data without clusters.",
                0, nullable=True,
            ),
            "inertia_null_high": number(
                "95 % quantile of the inertia of data without clusters.",
                0, nullable=True,
            ),
            "silhouette_null_high": number(
                "95 % quantile of the silhouette of data without clusters.",
                -1, 1, nullable=True,
            ),
            "agreement": number(
                "Mean AMI at this k between the K-means partitions of encoders of different "
                "families, the same for all encoders; only where there are two families.",
                -1, 1, nullable=True,
            ),
            "chosen": text("Criteria that choose this k, separated by commas."),
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
        ENCODER | {"criterion": text("The criterion, a name of the catalogue.")} | SCORE
        | {
            "shuffled": number(
                "Value for the vectors with each column shuffled among the images.",
                nullable=True,
            ),
            "random": number("Value for random directions of the same dimension.", nullable=True),
        },
    ),
    "failures": Table(
        "One row for each image, encoder or domain that failed.",
        {
            "what": text("`image`, `encoder` or `domain`."),
            "name": text("Its name."),
            "stage": text("Where it failed: such as `download`, `read`, `encode` or `cluster`."),
            "error": text("Why."),
        },
        optional=True,
    ),
}  # fmt: skip
