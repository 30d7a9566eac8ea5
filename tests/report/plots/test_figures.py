"""Promises of the list of figures: which a comparison has, and in which files."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from embedbench.report.plots.drawing import draw_figures
from embedbench.report.plots.figures import figure_specs
from embedbench.report.plots.style import save
from tests.support.example_results import ENCODERS, FAILED, example_results

RESULTS = example_results()


OF_ALL = (
    "similarity.png",
    "variance.png",
    "maps_pca.jpg",
    "maps_tsne.jpg",
    "contamination.png",
    "domains.png",
    "robustness_neighbour_retention.png",
)
WHERE_ASKED = (
    "robustness",
    "robustness_ranking",
    "contamination",
    "domains",
    "domain_pairs",
    "composition",
)


def test_every_encoder_that_worked_gets_its_figures(tmp_path: Path) -> None:
    draw_figures(RESULTS, tmp_path)
    found = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")}
    files = ["elbow.png"]
    files += ["map_pca.png", "map_pca_pictures.jpg", "map_tsne.png", "map_tsne_pictures.jpg"]
    files += ["contact_sheet.jpg"]
    for number, name in enumerate(("kmeans", "agglomerative", "hdbscan"), start=1):
        files += [f"silhouette_{number:02d}_{name}.png", f"classes_{number:02d}_{name}.png"]
    folders = ["01_pixels", "02_timm_resnet50_pretrained_false"]
    folders += ["03_keras_MobileNetV2_weights_x_h5"]
    expected = {Path(folder, file) for folder in folders for file in files}
    assert found == expected | {
        Path(file) for file in ("comparison.png", "ranks.png", "pareto.png", *OF_ALL)
    } | {Path(f"domains_{folder}.png") for folder in folders} | {Path("robustness_ami.png")}


def test_without_labels_nothing_is_drawn_by_class() -> None:
    found = figure_specs(example_results(truth=False))
    assert not [drawing for drawing in found if "classes_" in drawing.file]
    assert {drawing.encoder for drawing in found} == {None, *ENCODERS}
    assert FAILED not in {drawing.encoder for drawing in found}


@pytest.mark.parametrize(("truth", "sureness"), [(True, "ranks.png"), (False, "signals.png")])
def test_figures_of_all_encoders_are_listed(truth: bool, sureness: str) -> None:
    found = [
        drawing.file for drawing in figure_specs(example_results(truth)) if not drawing.encoder
    ]
    assert set(found) >= {"comparison.png", sureness, *OF_ALL}
    assert ("robustness_ami.png" in found) == ("pareto.png" in found) == truth


def test_one_encoder_has_no_ranks_and_nothing_to_be_alike_to() -> None:
    lone = dataclasses.replace(
        RESULTS,
        encoders=RESULTS.encoders.head(1).assign(rank=np.nan),
        comparison=RESULTS.comparison[RESULTS.comparison["encoder"] == ENCODERS[0]],
        similarity=RESULTS.similarity.iloc[:0],
        purposes=RESULTS.purposes.iloc[:0],
        **{name: getattr(RESULTS, name).iloc[:0] for name in WHERE_ASKED},
    )
    found = [drawing.file for drawing in figure_specs(lone) if not drawing.encoder]
    assert found == ["comparison.png", "variance.png"]


def test_figures_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save(figure_specs(RESULTS)[3].draw(), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
