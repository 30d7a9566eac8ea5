"""Promises of a comparison: right numbers, the same every time, and failures are rows."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from embedbench import Dataset, Results, compare
from embedbench.encoder import Encoder, LookupEncoder
from embedbench.errors import InputError
from embedbench.results.reading import read_results
from tests.conftest import write_photographs

MakeEncoder = Callable[..., Encoder]
QUICK: dict[str, Any] = {"copies": 0, "projections": ["pca"]}
"""For tests of neither copies nor maps."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, colour_encoder: MakeEncoder) -> Results:
    folder = tmp_path_factory.mktemp("results")
    encoders = {"colour": colour_encoder(), "fine": colour_encoder(side=8)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        photographs = write_photographs(folder / "photographs")
        return compare(photographs, encoders, k="2..5", seeds=3, store=folder / "store")


def test_three_colours_are_three_clusters(results: Results) -> None:
    table = results.comparison
    kmeans = table[(table["clusterer"] == "kmeans") & (table["k_from"] == "truth")]
    assert kmeans["encoder"].tolist() == ["colour", "fine"]
    assert kmeans["k"].eq(3).all() and kmeans["clusters"].eq(3).all()
    assert kmeans["ami"].eq(1).all() and kmeans["accuracy"].eq(1).all()
    assert set(table["clusterer"]) == {"kmeans", "agglomerative", "hdbscan"}
    assert set(table["k_from"]) == {"truth", "elbow", "silhouette", "gap", "own"}


def test_the_required_columns_are_there(results: Results) -> None:
    for table, columns in {
        "comparison": "encoder space clusterer k k_from clusters coverage silhouette "
        "silhouette_macro calinski_harabasz davies_bouldin stability ami ari nmi v_measure "
        "homogeneity completeness accuracy ami_low ami_high",
        "encoders": "encoder dim parameters fingerprint status error",
        "partitions": "image encoder space clusterer k seed cluster",
        "elbow": "encoder k inertia silhouette gap chosen",
        "clusters": "encoder clusterer cluster size silhouette name name_margin medoid",
        "timings": "encoder space clusterer quantity value",
        "failures": "what name stage error",
    }.items():
        assert set(columns.split()) <= set(getattr(results, table).columns), table


def test_numbers_are_those_of_scikit_learn(
    photographs: Path, colour_encoder: MakeEncoder, shared_store: Path
) -> None:
    """The table's mean over the seeds, made again from the partitions alone."""
    encoders = {"fine": colour_encoder(side=8)}
    results = compare(
        photographs, encoders, clusterers=["kmeans"], k="5", seeds=4, store=shared_store, **QUICK
    )
    runs = results.partitions[results.partitions["clusterer"] == "kmeans"]
    scores = [
        adjusted_mutual_info_score(
            group["image"].astype(str).str.split("/").str[0], group["cluster"]
        )
        for _, group in runs.groupby("seed")
    ]
    row = results.comparison[results.comparison["clusterer"] == "kmeans"].iloc[0]
    assert len(scores) == 4 and row["k_from"] == "given"
    assert row["ami"] == pytest.approx(np.mean(scores))
    assert row["ami_low"] < min(scores) and max(scores) < row["ami_high"] <= 1


def test_a_run_folder_reads_back(results: Results, tmp_path: Path) -> None:
    results.write(tmp_path / "run")
    again = read_results(tmp_path / "run")
    pd.testing.assert_frame_equal(again.comparison, results.comparison, check_dtype=False)
    assert again.to_markdown() == results.to_markdown()
    assert again.run["dataset"]["fingerprint"] == results.run["dataset"]["fingerprint"]
    assert {"comparison.md", "run.json"} <= set(os.listdir(tmp_path / "run"))


@pytest.mark.parametrize("without", [True, False])
def test_the_page_of_a_run_holds_pictures_unless_they_are_left_out(
    photographs: Path, tmp_path: Path, shared_store: Path, without: bool
) -> None:
    results = compare(
        photographs, ["pixels"], k="3", seeds=1, clusterers=["kmeans"], store=shared_store,
        out=tmp_path / "run", without_pictures=without, **QUICK,
    )  # fmt: skip
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert ("data:image/webp" in page) is not without
    assert ("The pictures are left out of this page" in page) is without
    assert ("--without-pictures" in results.run["command"]) is without


def test_names_that_look_like_numbers_or_nothing_read_back(
    results: Results, tmp_path: Path
) -> None:
    names = ["null", "12", "NA"]
    clusters = results.clusters.iloc[:3].assign(name=names)
    encoders = results.encoders.assign(fingerprint=["12345e67", "0012"])
    replace(results, clusters=clusters, encoders=encoders).write(tmp_path / "run")
    again = read_results(tmp_path / "run")
    assert again.clusters["name"].tolist() == names
    assert again.encoders["fingerprint"].tolist() == ["12345e67", "0012"]


def test_without_labels_there_are_no_scores_against_them(
    photographs: Path, colour_encoder: MakeEncoder, shared_store: Path
) -> None:
    results = compare(
        photographs, {"colour": colour_encoder()}, labels="none", k="2..5", seeds=2,
        spaces=("raw",), store=shared_store, **QUICK,
    )  # fmt: skip
    assert "ami" not in results.comparison
    shared = results.comparison[results.comparison["k_from"] == "shared"]
    assert shared["k"].eq(3).all() and shared["silhouette"].gt(0.5).all()


def test_the_plane_of_t_sne_stands_beside_the_honest_number(
    photographs: Path, shared_store: Path
) -> None:
    """Noise has clusters on the plane, and none among the vectors."""

    @dataclass(frozen=True)
    class Noise(LookupEncoder):
        def lookup(self, names: Sequence[str]) -> np.ndarray:
            random = np.random.default_rng(0)
            return random.normal(size=(len(names), 64)).astype(np.float32)

    results = compare(
        photographs, {"noise": Noise()}, spaces=("l2", "tsne:2"), clusterers=("kmeans",), k="4",
        store=shared_store, **QUICK,
    )  # fmt: skip
    (own, honest), (plane, behind) = results.comparison[["silhouette", "silhouette_l2"]].to_numpy()
    assert own == honest
    assert plane > 0.3 > 0.1 > behind
    assert "in l2*" in results.to_text()


def test_labels_for_some_images_score_those(
    photographs: Path, colour_encoder: MakeEncoder, tmp_path: Path, shared_store: Path
) -> None:
    file = tmp_path / "labels.csv"
    rows = [f"{name}/{number:02d}.png,{name}" for name in ("red", "blue") for number in range(5)]
    file.write_text("\n".join(["path,label", *rows, ""]))
    results = compare(
        photographs, {"colour": colour_encoder()}, labels=str(file), k="3", seeds=1,
        store=shared_store, **QUICK,
    )  # fmt: skip
    assert results.comparison.loc[0, "ami"] == 1
    assert results.run["dataset"]["classes"] == 2


def test_any_clusterer_of_scikit_learns_form(
    photographs: Path, colour_encoder: MakeEncoder, shared_store: Path
) -> None:
    results = compare(
        photographs, {"colour": colour_encoder()}, clusterers=[KMeans(n_init=2)], k="3", seeds=2,
        store=shared_store, **QUICK,
    )  # fmt: skip
    assert results.comparison["ami"].tolist() == [1.0]


def test_clusters_name_their_medoid_and_their_size(results: Results) -> None:
    rows = results.clusters[
        (results.clusters["encoder"] == "colour") & (results.clusters["clusterer"] == "kmeans")
    ]
    assert sorted(name.split("/")[0] for name in rows["medoid"]) == ["blue", "green", "red"]
    assert rows["size"].eq(12).all() and rows["silhouette"].gt(0.5).all()


def test_what_was_taken_for_labels_is_said_before_any_work(
    photographs: Path, shared_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @dataclass(frozen=True)
    class Broken(Encoder):
        def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
            raise ValueError("no luck")

    with pytest.raises(InputError, match="no luck"):
        compare(photographs, {"broken": Broken()}, store=shared_store, quiet=False)
    note, _, rest = capsys.readouterr().err.partition("\n")
    said = "note: the folders were taken for labels: 3 classes, such as 'blue', 'green' and 'red'"
    assert note.startswith(said) and "encoder 'broken' failed: " in rest


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": "99"}, "between 2 and 35 for 36 images; not 99"),
        ({"seeds": 0}, "`seeds` must be at least 1"),
        ({"spaces": ("l3",)}, "l3"),
        ({"clusterers": ("kmedians",)}, "kmedians"),
        ({"names": "cat,dog"}, "names need an encoder that reads texts"),
        ({"limit": 0}, "`limit` must be at least 1"),
        ({"out": "/dev/null/run"}, "cannot write"),
        ({"out": "a\0b"}, "no folder can be called"),
        ({"store": "a\0b"}, "no file or folder can be called"),
        ({"names": "a\0b.txt"}, "cannot read the words"),
    ],
)
def test_bad_input_is_known_before_any_work(
    photographs: Path, colour_encoder: MakeEncoder, options: dict[str, Any], words: str
) -> None:
    store = Path(os.environ["EMBEDBENCH_STORE"])
    with pytest.raises(InputError, match=words):
        compare(photographs, {"colour": colour_encoder()}, **options)
    assert not store.exists()


def test_a_folder_of_something_else_is_not_replaced(
    photographs: Path, colour_encoder: MakeEncoder, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all my work")
    with pytest.raises(InputError, match="holds something that is not a run"):
        compare(photographs, {"colour": colour_encoder()}, out=tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all my work"


def test_four_images_or_copies_of_two_are_compared(
    photographs: Path, colour_encoder: MakeEncoder, shared_store: Path
) -> None:
    names = ["red/00.png", "red/01.png", "blue/00.png", "blue/01.png"]
    four = Dataset.from_images([photographs / name for name in names])
    copies = Dataset(
        tuple(f"{copy}.png" for copy in range(10)),
        tuple(photographs / names[copy % 2 * 2] for copy in range(10)),
    )
    for dataset in (four, copies):
        results = compare(dataset, {"colour": colour_encoder()}, seeds=2, store=shared_store)
        kmeans = results.comparison[results.comparison["clusterer"] == "kmeans"]
        assert kmeans["silhouette"].max() > 0.5


@pytest.mark.parametrize(
    "clusterer", ["agglomerative", "hdbscan,min_cluster_size=30"], ids=["no elbow", "all noise"]
)
def test_one_clusterer_that_leaves_a_table_empty_is_reported(
    photographs: Path,
    colour_encoder: MakeEncoder,
    tmp_path: Path,
    shared_store: Path,
    clusterer: str,
) -> None:
    out, encoders = tmp_path / "run", {"colour": colour_encoder()}
    compare(
        photographs, encoders, clusterers=[clusterer], k="truth", seeds=1, out=out,
        store=shared_store,
    )  # fmt: skip
    again = read_results(out)
    assert "encoder" in again.elbow and "encoder" in again.clusters
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "nan to nan" not in page


def test_a_table_with_columns_of_its_own_says_the_same_as_the_folder(
    photographs: Path, tmp_path: Path, shared_store: Path
) -> None:
    files = sorted(photographs.rglob("*.png"))
    names = [file.relative_to(photographs).with_suffix("").as_posix() for file in files]
    table = tmp_path / "lists" / "train.csv"
    table.parent.mkdir()
    table.write_text(
        "\n".join(["image,colour", *(f"{n},{n.partition('/')[0]}" for n in names), ""])
    )
    form: dict[str, Any] = {"path_column": "image", "label_column": "colour", "root": photographs}
    asked: dict[str, Any] = {"k": 3, "seeds": 1, "clusterers": ["kmeans"], "store": shared_store}
    found = compare(table, ["pixels"], **asked, **form, **QUICK)
    same = compare(photographs, ["pixels"], **asked, **QUICK)
    assert found.images["truth"].tolist() == same.images["truth"].tolist()
    assert found.comparison["ami"].tolist() == same.comparison["ami"].tolist()
    assert f"--label-column colour --path-column image --root {photographs}" in found.run["command"]
