"""Each recipe run whole on real photographs, its encoders exchanged for those that need no hub."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from embedbench import cli
from embedbench.cli.recipes import recipes
from embedbench.comparison.config import parse_k
from embedbench.data.sample_photos import write_samples
from embedbench.encoders.registry import create_encoders
from embedbench.results.reading import read_results
from embedbench.results.results import Results

pytestmark = pytest.mark.usefixtures("one_core")

VIEWS = 5
LABELS = ("astronaut", "cat", "coins", "flower", "motorcycle", "rocket")
WORDS = "astronaut,cat,coins,motorcycle,rocket,flower,building,moon"

Cook = Callable[..., tuple[Results, str]]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five views each of six real photographs."""
    every = write_samples(tmp_path_factory.mktemp("every"))
    folder = tmp_path_factory.mktemp("samples")
    for label in LABELS:
        (folder / label).mkdir()
        for path in sorted((every / label).iterdir())[:VIEWS]:
            path.rename(folder / label / path.name)
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipes share their vectors."""
    return tmp_path_factory.mktemp("store")


def no_figures(*_: object, **__: object) -> list[Path]:
    return []


@pytest.fixture
def cook(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Cook:
    """Return what runs a recipe, and gives its results and its page; one has its figures drawn."""

    def run(name: str, *arguments: object) -> tuple[Results, str]:
        out = tmp_path / "run"
        if name != "resnet50-elbow":
            monkeypatch.setattr("embedbench.report.plots.drawing.draw_figures", no_figures)
        options = ["--out", out, "--store", store, "--seeds", 2, "--copies", 10, "--quiet"]
        with pytest.raises(SystemExit) as stop:
            cli.main([str(word) for word in ("recipe", name, *arguments, *options)])
        assert stop.value.code == 0
        return read_results(out), (out / "report.html").read_text(encoding="utf-8")

    return run


def test_every_recipe_says_what_it_does_and_can_be_read() -> None:
    found = recipes()
    assert set(found) == {
        "clip-analysis", "clip-guide", "clip-vs-resnet50", "curated-vs-random", "resnet50-elbow"
    }  # fmt: skip
    for settings in found.values():
        assert settings["about"]
        create_encoders(settings["encoder"])
        parse_k(settings.get("k", "2..20"), 1000, None)


def test_recipes_are_listed_and_an_unknown_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["recipe"])
    assert stop.value.code == 0
    assert "clip-guide" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        cli.main(["recipe", "clip-gide", "photos"])
    assert stop.value.code == 2
    assert "unknown recipe 'clip-gide'; recipes: clip-analysis" in capsys.readouterr().err


def test_a_recipe_whose_encoder_is_out_of_reach_says_how_to_exchange_it(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(
            ["recipe", "clip-guide", str(samples), "--out", str(tmp_path / "run"), "--offline"]
        )
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "encoder 'clip:openai/clip-vit-base-patch32' failed: " in told
    assert "error: no encoder could be used, for the reasons above" in told
    assert f"embedbench recipe clip-guide {samples} -e ENCODER; conse" in told


@pytest.mark.weights
@pytest.mark.slow
def test_clip_analysis(samples: Path, cook: Cook) -> None:
    results, page = cook("clip-analysis", samples, "-e", "conse", "--corrupted", 5)
    rows = results.comparison[results.comparison["clusterer"] == "kmeans"].set_index("space")
    assert rows["k"].to_dict() == {"l2": 5, "tsne:2": 5}
    # The plane shows clusters in noise; the table also scores them among the vectors.
    assert rows["silhouette_noise"]["tsne:2"] > 0.25
    assert rows["silhouette"]["tsne:2"] > rows["silhouette_l2"]["tsne:2"]
    clusters = results.clusters[results.clusters["clusterer"] == "kmeans"]
    assert clusters.groupby("space")["silhouette"].count().to_dict() == {"l2": 5, "tsne:2": 5}
    kinds = set(results.robustness["corruption"])
    assert len(kinds) == 11
    assert {"noise", "low-resolution", "vector-noise", "plane-noise"} < kinds
    ends = results.contamination.pivot(index="clusterer", columns="quantity", values="value")
    assert (ends["own_cluster"] + ends["noise"] + ends["scattered"]).to_list() == pytest.approx(
        [1, 1, 1]
    )
    for part in ('id="robustness"', '"space":"tsne:2"', 'id="encoders"'):
        assert part in page


@pytest.mark.weights
def test_clip_analysis_by_domain(samples: Path, tmp_path: Path, cook: Cook) -> None:
    rows = [
        {"path": str(path), "label": path.parent.name, "camera": "ab"[int(path.stem[-2:]) % 2]}
        for path in sorted(samples.glob("*/*.jpg"))
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    results, page = cook(
        "clip-analysis", tmp_path / "table.csv", "-e", "pixels", "--domain", "camera",
        "--corrupt", "plane-noise:3", "--clusterer", "kmeans",
    )  # fmt: skip
    assert set(results.domains["domain"]) == {"a", "b"}
    assert set(results.composition["by"]) == {"label", "domain"}
    # Views were dealt to the cameras by their numbers: there is nothing to follow.
    assert results.domain_alignment["p"].item() > 0.01
    assert 'id="domains"' in page


@pytest.mark.weights
def test_clip_guide(samples: Path, tmp_path: Path, cook: Cook) -> None:
    (tmp_path / "words.txt").write_text(WORDS.replace(",", "\n") + "\ncat\n\n")
    results, page = cook(
        "clip-guide", samples, "-e", "conse", "--names", tmp_path / "words.txt", "--k", 6
    )
    assert results.spaces == ["l2", "pca:2"]
    named = results.clusters[(results.clusters["space"] == "l2") & (results.clusters["name"] != "")]
    assert len(named) >= 2
    assert named["medoid"].str.partition("/")[0].tolist() == named["name"].tolist()
    assert (named["name_margin"] > 0).all()
    assert len(results.zero_shot) == len(results.images)
    assert results.run["remarks"][1:] == [
        "1 of the candidate names stands there twice",
        "1 of the candidate names is empty",
    ]
    assert 'id="ambiguous"' in page
    assert '"space":"pca:2"' in page


@pytest.mark.slow
def test_resnet50_elbow(samples: Path, cook: Cook, tmp_path: Path) -> None:
    results, page = cook("resnet50-elbow", samples, "-e", "keras:ResNet50,weights=none")
    assert results.encoders["dim"].item() == 2048
    assert results.elbow["k"].tolist() == list(range(2, 21))
    assert results.elbow["inertia_null_low"].notna().all()
    assert set(results.comparison["k_from"]) >= {"elbow", "silhouette", "gap"}
    assert "How many clusters" in page or "inertia, silhouette and gap" in page
    figures = {path.name for path in tmp_path.glob("run/figures/**/*.*")}
    assert {"elbow.png", "map_tsne_pictures.jpg", "contact_sheet.jpg"} <= figures


@pytest.mark.weights
def test_curated_vs_random(samples: Path, tmp_path: Path, cook: Cook) -> None:
    for home, labels in (("curated", LABELS[:3]), ("random", LABELS[3:])):
        for label in labels:
            shutil.copytree(samples / label, tmp_path / home / label)
    results, page = cook(
        "curated-vs-random", tmp_path / "curated", tmp_path / "random",
        "-e", "timm", "-e", "pixels", "--k", "3..5",
    )  # fmt: skip
    moved = results.domain_pairs[results.domain_pairs["metric"] == "ami"]
    assert len(moved) == 2 * 3
    assert (moved["difference_low"] <= moved["difference"]).all()
    assert (moved["difference"] <= moved["difference_high"]).all()
    assert set(results.domains["clusterer"]) == {"kmeans", "agglomerative", "hdbscan", ""}
    assert 'id="domains"' in page


@pytest.mark.weights
@pytest.mark.slow
def test_clip_vs_resnet50(samples: Path, cook: Cook) -> None:
    encoders = ["conse", "keras:ResNet50,weights=none", "timm"]
    words = [part for name in encoders for part in ("-e", name)]
    results, page = cook("clip-vs-resnet50", samples, *words, "--k", "4..8")
    assert results.encoders["status"].tolist() == ["ok"] * 3
    assert "keras:ResNet50,weights=none" not in results.run["verdict"]["group"]
    assert 'id="maps"' in page
