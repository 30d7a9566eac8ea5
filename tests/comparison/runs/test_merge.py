"""Promises of merged runs: they equal the run of all encoders, and say what differs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import Birch

from embedbench import merge, read_results
from embedbench.encoder import Encoder
from embedbench.errors import InputError
from embedbench.results.results import Results
from tests.support.golden_run import Colours

MakeEncoder = Callable[..., Encoder]

pytestmark = pytest.mark.usefixtures("one_core")

TIMED = {"SHA256SUMS", "report.html", "run.json", "timings.csv"}
"""Files that hold times, or the command."""


def files(folder: Path) -> dict[str, bytes]:
    found = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*")}
    return {name: file.read_bytes() for name, file in found.items() if file.is_file()}


LABELLED: dict[str, Any] = {"k": "2..4"}
UNLABELLED: dict[str, Any] = {
    "labels": "none",
    "k": "2..4",
    "copies": 6,
    "corrupt": ["noise:3", "vector-noise:2"],
    "corrupted": 5,
    "mix": "digits:0.2",
    "pairs": True,
    "spaces": ["l2", "pca:2"],
}
DOMAINS: dict[str, Any] = {"domain": "folder", "labels": "none", "clusterers": ["kmeans"]}


@pytest.mark.parametrize("options", [LABELLED, UNLABELLED, DOMAINS])
def test_merged_runs_equal_the_run_of_all_encoders(
    run: Callable[..., Path], tmp_path: Path, options: dict[str, Any]
) -> None:
    one, other = run("one", 1, 2, **options), run("other", 3, 4, **options)
    whole = files(run("whole", 1, 2, 3, 4, **options))
    merged = merge([one, other], out=tmp_path / "merged", store=tmp_path / "store")
    found = files(tmp_path / "merged")
    assert found.keys() == whole.keys()
    assert {name for name in found if found[name] != whole[name]} <= TIMED
    assert merged.run["remarks"] == read_results(tmp_path / "whole").run["remarks"]
    again = merge([merged, read_results(one)], store=tmp_path / "store")
    pd.testing.assert_frame_equal(again.comparison, merged.comparison)


def test_a_run_is_judged_by_labels_that_come_later_as_if_it_had_had_them(
    run: Callable[..., Path], tmp_path: Path, colour_encoder: MakeEncoder
) -> None:
    given: dict[str, Any] = {"copies": 5, "purposes": ["clustering", "search"]}
    labelled = read_results(run("labelled", 1, 2, **given))
    labels = tmp_path / "labels.csv"
    table = labelled.images[["image", "truth"]].rename(columns={"truth": "label"})
    table.to_csv(labels, index=False)
    bare = run("bare", 1, 2, **given, labels="none")
    found = merge([bare], labels=str(labels), store=tmp_path / "store")
    for name in ("comparison", "purposes", "label_free", "search"):
        one, other = getattr(found, name), getattr(labelled, name)
        pd.testing.assert_frame_equal(one, other, check_dtype=False)
    assert found.verdicts == labelled.verdicts
    assert found.run["labels"] == str(labels)
    assert not merge([labelled], labels="none", store=tmp_path / "store").has_truth


def test_labels_that_no_encoder_read_are_not_judged_as_words(
    run: Callable[..., Path], tmp_path: Path
) -> None:
    words: dict[str, Any] = {"names": ["red", "green", "blue"], "encoders": {"words": Colours()}}
    one = read_results(run("one", **words))
    labels = tmp_path / "labels.csv"
    others = one.images["truth"].replace({"red": "crimson"})
    pd.DataFrame({"path": one.images["image"], "label": others}).to_csv(labels, index=False)
    found = merge([one, run("other", 2)], labels=str(labels))
    assert "the labels are others than the encoders read" in str(found.verdict)
    pd.testing.assert_frame_equal(found.zero_shot, one.zero_shot)


def test_texts_are_read_by_the_run_that_has_an_encoder_for_them(
    run: Callable[..., Path], tmp_path: Path, colour_encoder: MakeEncoder
) -> None:
    words: dict[str, Any] = {"names": ["red", "green", "blue"], "encoders": {"words": Colours()}}
    both = {"side 2": colour_encoder(side=2), "words": Colours()}
    one, other = run("one", 2), run("other", **words)
    whole = files(run("whole", **words | {"encoders": both}))
    merge([one, other], out=tmp_path / "merged", store=tmp_path / "store")
    found = files(tmp_path / "merged")
    assert {name for name in whole if found[name] != whole[name]} <= TIMED
    assert "words.csv" in found and "zero_shot.csv" in found


def test_an_encoder_in_both_runs_takes_part_once_and_others_of_its_name_get_another(
    run: Callable[..., Path], colour_encoder: MakeEncoder
) -> None:
    one = run("one", 1, 2)
    names = {"side 1": colour_encoder(side=1), "side 2": colour_encoder(side=5)}
    merged = merge([one, run("other", encoders=names)])
    assert set(merged.comparison["encoder"]) == {"side 1", "side 2", "side 2 (other)"}
    assert merged.vectors("side 2 (other)").shape == (36, 75)  # 5 x 5 pixels of 3 colours
    told = "\n".join(merged.run["remarks"])
    assert "side 1 is in one and in other: its vectors of one are taken" in told
    assert "it is called 'side 2 (other)'" in told


def test_an_encoder_that_failed_in_one_run_takes_part_with_the_vectors_of_the_other(
    run: Callable[..., Path], colour_encoder: MakeEncoder
) -> None:
    class Broken(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            raise RuntimeError("no luck")

    one = read_results(run("one", encoders={"a": colour_encoder(), "b": Broken()}))
    assert one.encoders.set_index("encoder").loc["b", "status"] == "failed"
    merged = merge([one, run("other", encoders={"b": colour_encoder(side=3)})])
    assert set(merged.encoders["status"]) == {"ok"} and len(merged.encoders) == 2


def _without_vectors(folder: Path) -> str | Path | Results:
    return replace(read_results(folder), encoded=None)


def _damaged(folder: Path) -> str | Path | Results:
    (folder / "vectors" / "origin.npz").write_bytes(b"PK")
    return folder


def _half(folder: Path) -> str | Path | Results:
    (folder / "vectors" / "01_side_1.npy").unlink()
    return folder


def _other_names(folder: Path) -> str | Path | Results:
    results = read_results(folder)
    return replace(results, images=results.images.assign(hash="0"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_without_vectors, "holds no vectors"),
        (_damaged, "vectors/origin.npz is damaged"),
        (_half, "vectors/01_side_1.npy is missing"),
        (_other_names, "no image in common"),
    ],
)
def test_what_cannot_be_merged_is_refused_in_one_line(
    run: Callable[..., Path], change: Callable[[Path], Any], told: str
) -> None:
    one = run("one", 1)
    other = run("other", 1)
    with pytest.raises(InputError, match=told) as refused:
        merge([one, change(other)])
    assert "\n" not in str(refused.value)


def test_a_clusterer_of_another_package_cannot_be_run_again(run: Callable[..., Path]) -> None:
    one = run("one", 1, clusterers=["kmeans", Birch(n_clusters=3)])
    with pytest.raises(InputError, match="birch"):
        merge([one, run("other", 2)])


@pytest.mark.parametrize("runs", [[], ["run"], "run"])
def test_a_merge_needs_two_runs(runs: Any) -> None:
    with pytest.raises(InputError, match="two runs or more, or one with other labels"):
        merge(runs)


def test_a_merge_never_replaces_what_it_is_made_of(run: Callable[..., Path]) -> None:
    one, other = run("one", 1), run("other", 2)
    before = files(one)
    with pytest.raises(InputError, match="is one of the runs, which it would replace"):
        merge([one, other], out=one)
    assert files(one) == before
    with pytest.raises(InputError, match="is given twice"):
        merge([one, f"{one}/"])


def test_runs_of_one_name_are_told_apart_by_their_folders(
    run: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    run("a/run", 1), run("b/run", 2, k="4")
    monkeypatch.chdir(tmp_path)
    remarks = merge(["a/run", "b/run"]).run["remarks"]
    assert "`k` is 3 in a/run and 4 in b/run: that of a/run counts" in remarks
