"""The benchmarks' ruler by hand; their goals; the arithmetic of the page on scale."""

import ast
import io
from collections import Counter
from pathlib import Path

import fill_scale
import numpy as np
import onnx
import onnxruntime
import pytest
from blocks import fill
from PIL import Image

import drawn_sets
from bench import topics
from labelled_sets import write
from measure import at_least, at_most, interleaved, ratio, table, told
from photographs import commented
from tests.support.paths import ROOT
from verdict_bank import spread
from verdict_networks import cut_short, take_colours
from verdict_sets import Bank, Views

BENCHMARKS = ROOT / "benchmarks"


def test_a_ratio_is_the_median_of_the_repetitions_own_ratios() -> None:
    assert ratio([2.0, 9.0, 8.0], [1.0, 3.0, 2.0]) == (3.0, 2.0, 4.0)


def test_repetitions_that_lack_a_partner_are_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_a_target_is_held_by_the_median_and_its_edge() -> None:
    assert at_least("speed", 2.0, (2.0, 1.0, 3.0)).met
    assert not at_least("speed", 2.0, (1.99, 1.0, 3.0)).met
    assert at_most("delay", 0.25, (0.25, 0.1, 0.9)).met
    assert not at_most("delay", 0.25, (0.26, 0.1, 0.9)).met


def test_ways_are_run_in_turn_and_back() -> None:
    called: list[str] = []
    ways = {name: lambda name=name: called.append(name) for name in "ab"}
    seconds = interleaved(ways, 3)
    assert called == ["a", "b", "b", "a", "a", "b"]
    assert {name: len(taken) for name, taken in seconds.items()} == {"a": 3, "b": 3}


def test_the_table_says_what_was_missed_and_nothing_where_there_is_no_target() -> None:
    rows = [at_least("speed", 2, (1.5, 1.0, 3.0), note="8 images"), told("size", (4.0, 4.0, 4.0))]
    assert table(rows).splitlines()[2:] == [
        "| speed (8 images) | 2 or more | 1.5 times | 1 to 3 | **no** |",
        "| size |  | 4 times | 4 to 4 |  |",
    ]


def constants(topic: str) -> set[float]:
    """Return the numbers that stand in a benchmark's source."""
    tree = ast.parse((BENCHMARKS / f"{topic}.py").read_text(encoding="utf-8"))
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {float(value) for value in values if isinstance(value, (int, float))}


@pytest.mark.parametrize("topic", topics())
def test_every_topic_has_rows_for_a_short_and_a_long_form(topic: str) -> None:
    tree = ast.parse((BENCHMARKS / f"{topic}.py").read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    (rows,) = [node for node in found if node.name == "rows"]
    assert [argument.arg for argument in rows.args.args] == ["short"]
    assert rows.returns is not None  # all at once, or each as it comes
    assert ast.unparse(rows.returns) in ("list[Row]", "Iterator[Row]")


@pytest.mark.parametrize(
    ("topic", "goals"),
    [
        ("answer_time", {5.0, 20.0, 1.3, 4.0, 10.0, 3.0, 1.5, 2.0, 1.2, 1.0, 0.9, 0.8}),
        ("encoding", {0.93, 0.75, 2.0, 5.5, 0.9}),
        ("peers", {3.5, 1.35}),
        ("decoding", {2.3, 1.0}),
        ("start_up", {0.25}),
        ("second_run", {10.0, 0.0, 600.0}),
        ("memory", {1000.0, 10000.0}),
        ("clustering", {10.0, 20.0, 1e-5, 4.0, 1.001, 18.0, 5000.0}),
        ("growth", {8.0, 50_000.0}),
    ],
)
def test_no_goal_was_lost_or_moved(topic: str, goals: set[float]) -> None:
    assert goals <= constants(topic)


def test_a_commented_jpeg_has_other_bytes_and_the_same_pixels() -> None:
    content = io.BytesIO()
    Image.linear_gradient("L").save(content, "JPEG")
    changed = commented(content.getvalue(), "number 7")
    assert changed != content.getvalue()
    with Image.open(content) as before, Image.open(io.BytesIO(changed)) as after:
        assert after.info["comment"] == b"number 7"
        assert after.tobytes() == before.tobytes()


RATES = {
    "images": [3_600_000],
    "machine": {"cores": 10, "hours": 4.0, "runs": 2},
    "encoders": [{"name": "made", "dim": 9, "float32": 10.0, "bfloat16": 25.0}],
    "gpu": {"name": "one GPU"},
    "bookkeeping": {
        "file": 1000, "key_in_memory": 100, "stored_key": 36, "thumbnail_row": 500, "label": 3,
        "rows_written": 1000, "rows_read": 60_000, "decoded": 200,
    },
    "steps": [{"name": "step", "images": 36_000, "seconds": 0.36, "exponent": 2.0}],
}  # fmt: skip


def test_encoding_at_scale_by_hand() -> None:
    # 3.6 million at 10 a second are 100 hours; 10 cores give 40 in 4 hours.
    assert "| made, float32 | 10 | 100 | 3 |" in fill_scale.encode(RATES)
    assert "| made, bfloat16 | 25 | 40 | 1 |" in fill_scale.encode(RATES)
    assert "| made | not measured |  |  |  |" in fill_scale.encode_on_gpu(RATES)
    measured = RATES | {"gpu": {"name": "one GPU", "made": 500.0}}
    assert "| made | 500 | 3 | 2.0 | 1 |" in fill_scale.encode_on_gpu(measured)


def test_keeping_and_clustering_at_scale_by_hand() -> None:
    kept = fill_scale.keep(RATES)
    assert "| the images themselves, read once | 3.6 GB |" in kept
    assert "| vectors of made | 259 MB |" in kept  # 9 x 4 + 36 bytes
    assert "| partitions.parquet, 2 labellings | 21.6 MB |" in kept
    assert "| looking through 512 dimensions, one process | 1.0 minutes |" in kept
    # A hundred times the images, ten thousand times 0.36 s.
    assert "| step | 0.36 s for 36,000 | 2 | 1.0 hours |" in fill_scale.cluster(RATES)


@pytest.mark.parametrize("name", fill_scale.BLOCKS)
def test_the_page_on_scale_is_what_the_rates_give(name: str) -> None:
    page = fill_scale.PAGE.read_text(encoding="utf-8")
    block = fill_scale.BLOCKS[name](fill_scale.read_rates())
    assert fill(page, name, block) == page, "run: python docs/fill_scale.py"


def test_a_labelled_set_has_no_plain_or_repeated_image_and_nothing_of_an_earlier_run(
    tmp_path: Path,
) -> None:
    steep, gentle = Image.linear_gradient("L"), Image.linear_gradient("L").rotate(90)
    one, other, plain = (
        image.convert("RGB") for image in (steep, gentle, Image.new("L", (9, 9), 7))
    )
    write(tmp_path / "made", iter([("old", one)]), 5)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    found: list[tuple[str, Path | Image.Image]] = [
        *(("a", image) for image in (one, plain, broken, other)),
        *(("b", image) for image in (one, other)),
    ]
    assert write(tmp_path / "made", iter(found), 5) == {"a": 2, "b": 0}
    assert write(tmp_path / "made", iter([("a", one), ("a", other)]), 1) == {"a": 1}
    files = [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.png")]
    assert sorted(files) == ["broken.png", "made/a/000.png"]


def test_drawn_shapes_are_the_same_pictures_under_two_labels() -> None:
    by_shape, by_colour = list(drawn_sets.shapes(False)), list(drawn_sets.shapes(True))
    assert [image for _, image in by_shape] == [image for _, image in by_colour]
    pairs = Counter((one, other) for (one, _), (other, _) in zip(by_shape, by_colour, strict=True))
    assert set(pairs.values()) == {4}
    assert len(pairs) == 36


def test_images_are_drawn_of_all_classes_alike_and_in_order() -> None:
    truth = np.repeat([0, 1, 2], [20, 3, 10])
    chosen = spread(truth, 13)
    assert np.bincount(truth[chosen]).tolist() == [5, 3, 5]
    assert (np.diff(chosen) > 0).all()
    assert len(spread(truth, 100)) == 33


def test_copies_follow_the_images_that_are_drawn() -> None:
    """Image 7 is the vector (7, 7); its copies are (70, 7) and (71, 7)."""
    images, rows = np.repeat(np.arange(9.0)[:, None], 2, axis=1), np.array([2, 3, 7, 8])
    copies = np.stack([np.stack([10.0 * rows + change, rows], axis=1) for change in (0, 1)])
    drawn = Bank({"made": Views(images, copies)}, rows, np.arange(9)).take(np.array([1, 3, 7]))
    assert drawn.truth.tolist() == [1, 3, 7]
    assert drawn.rows.tolist() == [1, 2]
    assert drawn.views["made"].copies.tolist() == [[[30, 3], [70, 7]], [[31, 3], [71, 7]]]
    assert drawn.views["made"].images[drawn.rows].tolist() == [[3, 3], [7, 7]]


def test_worse_copies_are_worse_in_the_known_order() -> None:
    """A worse copy is less like its original; PCA to 4 keeps less of the variance than to 16."""
    random = np.random.default_rng(0)
    lite0 = Views(random.normal(size=(40, 64)), random.normal(size=(5, 20, 64)))
    found = Bank({"lite0": lite0}, np.arange(20), np.zeros(40)).with_degraded().views
    unit = lite0.images / np.linalg.norm(lite0.images, axis=1, keepdims=True)
    names = [name for name in found if name.startswith("noised")]
    errors = [np.linalg.norm(found[name].images - unit) for name in names]
    assert len(names) == 3
    assert errors == sorted(errors)
    assert found["PCA 16"].images.var(axis=0).sum() > found["PCA 4"].images.var(axis=0).sum()
    assert {name: views.copies.shape[-1] for name, views in found.items()} == {
        "lite0": 64, **dict.fromkeys(names, 64), "PCA 16": 16, "PCA 4": 4,
    }  # fmt: skip


def test_a_network_that_is_cut_short_gives_the_inner_tensor_of_a_coloured_image() -> None:
    """Of pure red, 0.299 is the grey (ITU-R 601), of which the inner tensor is the negative."""
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    grey, out = (helper.make_tensor_value_info(name, number, [1, 1, 2, "w"]) for name in "xy")
    nodes = [helper.make_node("Neg", ["x"], ["inner"]), helper.make_node("Abs", ["inner"], ["y"])]
    graph = helper.make_graph(nodes, "made", [grey], [out])
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    cut_short(network.graph, "inner")
    take_colours(network.graph)
    red = np.zeros((1, 3, 2, 3), np.float32)
    red[:, 0] = 1
    session = onnxruntime.InferenceSession(network.SerializeToString())
    (found,) = session.run(None, {session.get_inputs()[0].name: red})
    assert [node.op_type for node in network.graph.node] == ["Conv", "Neg"]
    np.testing.assert_allclose(found, np.full((1, 1, 2, 3), -0.299), rtol=1e-6)
