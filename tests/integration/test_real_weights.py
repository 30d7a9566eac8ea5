"""The whole way on real photographs with real pretrained weights, where both are at hand."""

from pathlib import Path

import pytest

from embedbench import Results, compare
from embedbench.results.views import timings_of

UNTRAINED = "timm:tf_efficientnet_lite0,pretrained=false"

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.usefixtures("one_core")]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def keras_spec(assets: Path) -> str:
    folder = assets / "weights" / "keras_mobilenetv2_imagenet"
    return f"keras:MobileNetV2,weights={folder / 'keras_mobilenetv2_imagenet_notop.weights.h5'}"


def run(assets: Path, store: Path) -> Results:
    encoders = ["timm", "conse", "pixels", UNTRAINED, keras_spec(assets)]
    photographs = assets / "images" / "caltech101_subset"
    return compare(
        photographs, encoders, k="truth", seeds=3, copies=10, projections=["pca"], limit=160,
        store=store,
    )  # fmt: skip


@pytest.fixture(scope="module")
def first(assets: Path, store: Path) -> Results:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        return run(assets, store)


def test_trained_encoders_find_the_classes_and_the_controls_do_not(
    first: Results, assets: Path, store: Path
) -> None:
    results = first
    assert results.failures.empty
    assert set(results.comparison["clusterer"]) == {"kmeans", "agglomerative", "hdbscan"}
    kmeans = results.comparison[results.comparison["clusterer"] == "kmeans"]
    ami = kmeans.set_index("encoder")["ami"]
    assert ami["timm:tf_efficientnet_lite0"] >= 0.90
    assert ami[[name for name in ami.index if name.startswith("keras")][0]] >= 0.85
    assert ami["conse"] >= 0.80
    assert ami[UNTRAINED] < 0.35 and ami["pixels"] < 0.45
    again = run(assets, store)
    assert set(timings_of(again, "images_encoded").values()) == {0}
    assert again.comparison.equals(results.comparison)


def test_photographs_with_labels_in_a_file_or_without(assets: Path, store: Path) -> None:
    folder = assets / "images"
    labels = str(folder / "openimages_100_labels.csv")
    with_labels = compare(
        folder / "openimages_100",
        ["timm", "pixels"],
        labels=labels,
        k="truth",
        seeds=3,
        copies=0,
        projections=["pca"],
        store=store,
    )
    kmeans = with_labels.comparison.query("clusterer == 'kmeans' and k_from == 'truth'")
    assert kmeans["k"].eq(8).all()
    assert kmeans["ami"].iloc[0] > 0.2 > kmeans["ami"].iloc[1]
    without = compare(
        folder / "openimages_100", ["timm", "pixels"], k="2..4", seeds=2, copies=10, store=store
    )
    assert "ami" not in without.comparison and not without.has_truth
    assert (without.comparison["k_from"] == "shared").any()


def test_with_labels_hidden_the_best_is_among_those_named_and_the_controls_come_last(
    first: Results, assets: Path, store: Path
) -> None:
    ami = first.comparison.query("clusterer == 'kmeans'").set_index("encoder")["ami"]
    hidden = compare(
        assets / "images" / "caltech101_subset",
        [str(name) for name in ami.index],
        labels="none",
        k="5..15",
        clusterers=["kmeans"],
        seeds=2,
        copies=30,
        projections=["pca"],
        limit=160,
        store=store,
    )
    verdict = hidden.run["verdict"]
    assert verdict["basis"] == "no labels"
    assert ami.idxmax() in verdict["group"]
    last = hidden.encoders.set_index("encoder")["rank"].nlargest(2).index
    assert set(last) == {"pixels", UNTRAINED}
