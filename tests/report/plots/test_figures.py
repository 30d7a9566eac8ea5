import dataclasses
import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.offsetbox import AnnotationBbox
from matplotlib.patches import StepPatch
from skimage.color import deltaE_ciede2000, rgb2lab
from sklearn.metrics import adjusted_rand_score

from embedbench.errors import InputError
from embedbench.report.plots.aligned import aligned_figure, highlights
from embedbench.report.plots.charts import (
    agreement_figure,
    class_table,
    classes_figure,
    elbow_figure,
    silhouette_chart,
    silhouette_figure,
)
from embedbench.report.plots.figures import draw_figures, figure_specs
from embedbench.report.plots.maps import (
    contact_sheet,
    grid_cells,
    map_figure,
    picture_map,
    read_thumbnail,
)
from embedbench.report.plots.style import (
    COLOURS,
    NOISE,
    cluster_colour,
    cluster_marker,
    encoder_colours,
    save,
)
from embedbench.results.views import chosen_k, headline_rows
from embedbench.utils.text import safe_names, shorten
from tests.support.example_results import ENCODERS, FAILED, example_results

RESULTS = example_results()

# What the eyes of deuteranopes and protanopes make of linear RGB: Machado et al. 2009.
EYES = {
    "normal": np.eye(3),
    "deuteranope": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanope": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
}


@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart_by_all_eyes(eyes: str) -> None:
    rgb = np.array([mpl.colors.to_rgb(colour) for colour in (*COLOURS, NOISE)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.asarray(EYES[eyes]).T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))
    distances = deltaE_ciede2000(lab[:, None], lab[None, :])  # type: ignore[no-untyped-call]
    # Two is what an eye just sees side by side.
    assert distances[np.triu_indices(len(lab), 1)].min() > 9


def test_noise_is_grey_and_a_repeated_colour_has_another_marker() -> None:
    assert cluster_colour(-1) == NOISE
    assert cluster_colour(3) == cluster_colour(3 + len(COLOURS))
    assert cluster_marker(3) != cluster_marker(3 + len(COLOURS))


def test_encoders_keep_their_colour_where_others_are_left_out() -> None:
    colours = encoder_colours(RESULTS.encoders["encoder"])
    assert len(set(colours.values())) == 4
    figure = agreement_figure(headline_rows(RESULTS))
    bars = [mpl.colors.to_hex(bar.get_facecolor()).upper() for bar in figure.axes[0].patches]
    assert bars == [colours[name] for name in ENCODERS]


@given(st.lists(st.text(max_size=90), max_size=12))
def test_safe_names_are_plain_and_differ_where_case_does_not_count(labels: list[str]) -> None:
    names = safe_names(labels)
    assert set(names) == set(labels)
    assert len({name.lower() for name in names.values()}) == len(names)
    assert all(re.fullmatch(r"[0-9]{2}[A-Za-z0-9_]{0,61}", name) for name in names.values())


@given(st.text(), st.integers(8, 40))
def test_shortened_text_fits_on_its_line(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length
    assert "\n" not in shorten(text, length)


def test_shortened_text_keeps_both_ends() -> None:
    assert shorten("timm:resnet50,pretrained=false", 16) == "timm:resne…false"


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
    found = {path.relative_to(tmp_path / "figures") for path in tmp_path.rglob("*.*")}
    files = ["elbow.png"]
    files += ["map_pca.png", "map_pca_pictures.jpg", "map_tsne.png", "map_tsne_pictures.jpg"]
    files += ["contact_sheet.jpg"]
    for number, name in enumerate(("kmeans", "agglomerative", "hdbscan"), start=1):
        files += [f"silhouette_{number:02d}_{name}.png", f"classes_{number:02d}_{name}.png"]
    folders = ["01_pixels", "02_timm_resnet50_pretrained_false"]
    folders += ["03_keras_MobileNetV2_weights_x_h5"]
    expected = {Path(folder, file) for folder in folders for file in files}
    assert found == expected | {Path(file) for file in ("comparison.png", "ranks.png", *OF_ALL)} | {
        Path(f"domains_{folder}.png") for folder in folders
    } | {Path("robustness_ami.png")}


def test_without_labels_nothing_is_drawn_by_class() -> None:
    found = figure_specs(example_results(truth=False))
    assert not [drawing for drawing in found if "classes_" in drawing.file]
    assert {drawing.encoder for drawing in found} == {None, *ENCODERS}
    assert FAILED not in {drawing.encoder for drawing in found}


@pytest.mark.parametrize(("truth", "sureness"), [(True, "ranks.png"), (False, "signs.png")])
def test_figures_of_all_encoders_are_listed(truth: bool, sureness: str) -> None:
    found = [
        drawing.file for drawing in figure_specs(example_results(truth)) if not drawing.encoder
    ]
    assert set(found) >= {"comparison.png", sureness, *OF_ALL}
    assert ("robustness_ami.png" in found) == truth


def test_one_encoder_has_no_ranks_and_nothing_to_be_alike_to() -> None:
    lone = dataclasses.replace(
        RESULTS,
        encoders=RESULTS.encoders.head(1).assign(rank=np.nan),
        comparison=RESULTS.comparison[RESULTS.comparison["encoder"] == ENCODERS[0]],
        similarity=RESULTS.similarity.iloc[:0],
        **{name: getattr(RESULTS, name).iloc[:0] for name in WHERE_ASKED},
    )
    found = [drawing.file for drawing in figure_specs(lone) if not drawing.encoder]
    assert found == ["comparison.png", "variance.png"]


def test_a_picture_that_is_followed_lies_on_every_map(tmp_path: Path) -> None:
    """Its frame has the same colour in each panel, and stands where the map has it."""
    maps = RESULTS.projections[RESULTS.projections["projection"] == "pca"]
    images = RESULTS.images.set_index("image")
    followed = {name: images["thumbnail"][name] for name in images.index[[0, 15]]}
    figure = aligned_figure(maps, dict.fromkeys(images.index, 0), followed, "maps")
    panels = figure.axes[: len(ENCODERS)]
    frames = [[box for box in axes.artists if isinstance(box, AnnotationBbox)] for axes in panels]
    assert [len(boxes) for boxes in frames] == [2, 2, 2]
    colours = [[box.patch.get_edgecolor() for box in boxes] for boxes in frames]
    assert colours[0] == colours[1] == colours[2]
    for axes, boxes in zip(panels, frames, strict=True):
        dots = np.asarray(axes.collections[0].get_offsets())
        assert [tuple(box.xy) for box in boxes] == [tuple(dots[0]), tuple(dots[15])]
        assert axes.get_xlim() == axes.get_ylim()


def test_pictures_to_follow_are_the_medoids_of_the_largest_clusters() -> None:
    members = pd.DataFrame(
        {"image": list("abcdef"), "cluster": [0, 0, 1, 1, 1, -1],
         "medoid_distance": [0.5, 0.0, 0.2, 0.0, 0.1, np.nan]}
    )  # fmt: skip
    assert highlights(members) == ["b", "d"]


def test_drawing_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save(figure_specs(RESULTS)[0].draw(), tmp_path / "figure.png")
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_figures_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save(figure_specs(RESULTS)[3].draw(), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def titles(figure: Figure) -> list[str]:
    return [axes.get_title("left") for axes in figure.axes]


def legend(axes: Axes) -> Legend:
    found = axes.get_legend()
    assert found is not None
    return found


def picture(axes: Axes) -> Shaped[np.ndarray, "height width 3"]:
    return np.asarray(axes.images[0].get_array())


def elbow(encoder: str) -> pd.DataFrame:
    return RESULTS.elbow[RESULTS.elbow["encoder"] == encoder]


def test_the_elbow_says_which_k_was_chosen_and_where_none_is_clear() -> None:
    table = elbow(ENCODERS[1])
    assert [chosen_k(table, name) for name in ("elbow", "silhouette", "gap")] == [4, None, 4]
    assert titles(elbow_figure(table, "a", "red")) == [
        "elbow: k = 4",
        "silhouette: no clear k",
        "gap: k = 4",
    ]
    assert titles(elbow_figure(table[table["k"] <= 4], "a", "red"))[2] == "gap: k = 4 or more"


def test_the_elbow_says_nothing_of_a_k_that_was_not_asked_for() -> None:
    table = elbow(ENCODERS[0])[["k", "inertia", "silhouette"]].assign(gap=np.nan, chosen="")
    figure = elbow_figure(table, "a", "red")
    assert titles(figure) == ["", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["inertia", "silhouette", "gap"]


def test_empty_choices_read_from_csv_are_no_choice() -> None:
    assert chosen_k(elbow(ENCODERS[0]).assign(chosen=np.nan), "elbow") is None


def test_silhouettes_show_every_image_and_the_mean() -> None:
    table = pd.DataFrame({"cluster": [0, 0, 1, 1, -1], "silhouette": [0.5, 0.1, 0.3, -0.1, np.nan]})
    axes = silhouette_figure(table, "title").axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    assert np.concatenate([bar.get_data()[0] for bar in bars]).tolist() == [0.5, 0.1, 0.3, -0.1]
    assert np.asarray(axes.lines[0].get_xdata())[0] == pytest.approx(0.2)
    assert "1 without one" in axes.get_xlabel()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0 (2)", "1 (2)"]


def test_one_cluster_has_no_silhouette_to_draw() -> None:
    table = pd.DataFrame({"cluster": [0, 0], "silhouette": [np.nan, np.nan]})
    assert "two clusters" in silhouette_figure(table, "title").axes[0].texts[0].get_text()


def test_classes_stand_on_the_diagonal_and_noise_last() -> None:
    clusters = pd.Series([1, 1, 1, 0, 0, 2, -1, 0])
    truth = pd.Series(["a", "a", "b", "b", "b", "c", "a", None])
    table = class_table(clusters, truth)
    assert list(table.columns) == ["b", "a", "c"]
    assert list(table.index) == [0, 1, 2, -1]
    assert table.to_numpy().tolist() == [[2, 0, 0], [1, 2, 0], [0, 0, 1], [0, 1, 0]]


@given(st.lists(st.tuples(st.integers(-1, 4), st.sampled_from("abc")), min_size=1))
def test_the_class_table_counts_every_image_once(pairs: list[tuple[int, str]]) -> None:
    clusters, truth = (pd.Series(values) for values in zip(*pairs, strict=True))
    table = class_table(clusters, truth)
    assert table.to_numpy().sum() == len(pairs)
    assert sorted(table.index) == sorted(set(clusters))


@given(st.permutations(range(4)))
def test_a_perfect_grouping_is_all_diagonal_whatever_its_numbers(order: list[int]) -> None:
    truth = pd.Series(np.repeat(list("abcd"), 3))
    clusters = pd.Series(np.repeat(order, 3))
    assert adjusted_rand_score(truth, clusters) == 1
    assert class_table(clusters, truth).to_numpy().tolist() == (3 * np.eye(4)).tolist()


def test_whiskers_run_from_low_to_high() -> None:
    rows = headline_rows(RESULTS)
    lines = [np.asarray(line.get_xdata()) for line in agreement_figure(rows).axes[0].lines][1:]
    mine = rows[rows["clusterer"] == "kmeans"]
    assert np.allclose(np.stack(lines), mine[["ami_low", "ami_high"]])


def test_silhouettes_of_encoders_never_share_a_panel() -> None:
    figure = silhouette_chart(headline_rows(example_results(truth=False)))
    assert len(figure.axes) == len(ENCODERS)
    assert "not comparable" in figure.get_suptitle()


def test_a_missing_number_is_said_to_be_missing() -> None:
    rows = headline_rows(RESULTS).assign(ami=np.nan)
    texts = [text.get_text() for text in agreement_figure(rows).axes[0].texts]
    assert texts == [" no number"] * 3


def points(labels: bool = True) -> pd.DataFrame:
    table = pd.DataFrame({"x": [0.0, 0, 9, 9], "y": [0.0, 1, 8, 9], "cluster": [1, 1, 0, -1]})
    table["thumbnail"] = RESULTS.images["thumbnail"].head(4)
    return table.assign(truth=["b", "b", "a", "a"]) if labels else table


def test_labels_take_the_colour_of_the_cluster_that_holds_them() -> None:
    by_cluster, by_label = map_figure(points(), {}, "title").axes
    colours = {}
    for axes in (by_cluster, by_label):
        for text, handle in zip(legend(axes).get_texts(), legend(axes).legend_handles, strict=True):
            assert isinstance(handle, PathCollection)
            colours[text.get_text()] = mpl.colors.to_hex(np.asarray(handle.get_facecolor())[0])
    assert colours["a"] == colours["cluster 0"]
    assert colours["b"] == colours["cluster 1"]
    assert colours["noise"] == NOISE.lower()


def test_a_map_without_labels_has_one_panel() -> None:
    assert len(map_figure(points(labels=False), {}, "title").axes) == 1


def test_names_that_matplotlib_would_read_as_formulas_are_drawn_as_they_are(tmp_path: Path) -> None:
    table = points().assign(truth=["$x^", "_hidden", "猫", "a\nb"])
    save(map_figure(table, {1: r"$\frac"}, "$title^"), tmp_path / "map.png")
    texts = legend(map_figure(table, {}, "title").axes[1]).get_texts()
    assert {text.get_text().strip() for text in texts} == {"$x^", "_hidden", "猫", "a b"}
    figure = classes_figure(table["cluster"], table["truth"], "$title")
    save(figure, tmp_path / "classes.png")


@given(arrays(float, (9, 2), elements=st.floats(-1e6, 1e6)))
def test_every_picture_has_a_cell_of_its_own(places: Float[np.ndarray, "9 2"]) -> None:
    cells = grid_cells(places, 4)
    assert len(np.unique(cells, axis=0)) == len(places)
    assert cells.min() >= 0 and cells.max() <= 3


def test_pictures_keep_their_places_on_the_map() -> None:
    places = np.array([[0, 0], [0, 5], [5, 0], [5, 5.0]])
    assert grid_cells(places, 6).tolist() == [[0, 5], [0, 0], [5, 5], [5, 0]]


def test_more_pictures_than_cells_are_refused() -> None:
    with pytest.raises(InputError, match="5 points need more cells than 2 x 2"):
        grid_cells(np.zeros((5, 2)), 2)


def test_pictures_on_the_map_have_frames_in_the_colour_of_their_cluster() -> None:
    canvas = picture(picture_map(points(), "title").axes[0])
    drawn = {tuple(pixel) for pixel in canvas.reshape(-1, 3).tolist()}
    for cluster in (0, 1, -1):
        wanted = np.round(255 * np.array(mpl.colors.to_rgb(cluster_colour(cluster))))
        assert tuple(wanted.astype(int).tolist()) in drawn


def test_a_thumbnail_that_cannot_be_read_is_grey() -> None:
    assert read_thumbnail(b"no picture", 4).getpixel((0, 0)) == (0xB8, 0xB8, 0xB8)
    assert read_thumbnail(None, 4).size == (4, 4)


def test_the_contact_sheet_starts_with_the_medoid() -> None:
    table = points().assign(medoid_distance=[0.7, 0.0, 0.0, np.nan])
    figure = contact_sheet(table, {1: "birds"}, "title")
    assert titles(figure) == [
        "cluster 0 · 1 image",
        "cluster 1: birds · 2 images",
        "noise · 1 image",
    ]
    medoid = read_thumbnail(table["thumbnail"][1], 96)
    assert picture(figure.axes[1])[50, 60].tolist() == np.asarray(medoid)[48, 48].tolist()
