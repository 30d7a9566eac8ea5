"""Promises of sorted images: each original is in the folder of its cluster, unchanged."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from embedbench.errors import InputError
from tests.support.example_results import example_results
from tests.support.results_on_disk import results_on_disk


def assignments(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "assignments.csv", keep_default_na=False)


def test_each_image_is_in_the_folder_of_its_cluster(tmp_path: Path) -> None:
    results, out = results_on_disk(tmp_path / "photos"), tmp_path / "out"
    told = results.export("folders", out, encoders=["pixels"])
    assert sorted(one.name for one in out.iterdir() if one.is_dir()) == [
        "00", "01_green_greys", "02_blue_s", "03_yellow_s",
    ]  # fmt: skip
    table = assignments(out)
    assert table["image"].tolist() == results.images["image"].tolist()
    assert table["cluster"].tolist() == results.assignments("pixels")["cluster"].tolist()
    for file, content, cluster in zip(
        table["file"], results.images["thumbnail"], table["cluster"], strict=True
    ):
        assert (out / file).read_bytes() == content and file.startswith(f"{cluster:02d}")
    assert told.written == {"images": 40, "folders": 4} and not told.skipped


def test_noise_has_a_folder_and_each_of_several_encoders_too(tmp_path: Path) -> None:
    results, out = results_on_disk(tmp_path / "photos"), tmp_path / "out"
    results.export("folders", out, clusterer="hdbscan")
    assert sorted(one.name for one in out.iterdir()) == [
        "01_pixels", "02_timm_resnet50_pretrained_false", "03_keras_MobileNetV2_weights_x_h5",
    ]  # fmt: skip
    assert len(list((out / "01_pixels" / "noise").iterdir())) == 4


def test_links_lead_to_the_originals(tmp_path: Path) -> None:
    results, out = results_on_disk(tmp_path / "photos"), tmp_path / "out"
    results.export("folders", out, encoders=["pixels"], link=True)
    table = assignments(out)
    for image, file in zip(table["image"], table["file"], strict=True):
        assert (out / file).is_symlink()
        assert (out / file).resolve() == (tmp_path / "photos" / image).resolve()


def test_images_that_are_gone_or_changed_are_left_out_and_told(tmp_path: Path) -> None:
    results, out = results_on_disk(tmp_path / "photos"), tmp_path / "out"
    first, second, third = results.images["image"][:3]
    (tmp_path / "photos" / first).unlink()
    (tmp_path / "photos" / second).write_bytes(b"other")
    told = results.export("folders", out, encoders=["pixels"])
    assert told.skipped == {first: "the picture is gone", second: "was changed since the run"}
    table = assignments(out).set_index("image")
    assert table["skipped"][first] == "the picture is gone" and table["file"][first] == ""
    assert table["skipped"][third] == ""
    assert len([file for file in out.rglob("*.jpg")]) == 38


def test_images_of_an_archive_are_copied_and_cannot_be_linked(tmp_path: Path) -> None:
    results = results_on_disk(tmp_path / "photos")
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "photos")
    results = replace(results, run=results.run | {"sources": [archive]})
    results.export("folders", tmp_path / "out", encoders=["pixels"])
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 40
    told = results.export("folders", tmp_path / "links", encoders=["pixels"], link=True)
    assert set(told.skipped.values()) == {
        "is a part of another file, so there is nothing to link to"
    }


def test_images_at_addresses_are_left_out_and_told(tmp_path: Path) -> None:
    results = example_results()
    names = results.images["image"].tolist()
    urls = [f"http://example.invalid/{row}.jpg" for row in range(len(names))]
    table = tmp_path / "images.csv"
    pd.DataFrame({"url": urls}).to_csv(table, index=False)
    from embedbench.data.loading import read_dataset

    images = results.images.assign(image=list(read_dataset(str(table)).names))
    renamed = dict(zip(names, images["image"], strict=True))
    silhouettes = results.silhouettes.assign(image=results.silhouettes["image"].map(renamed))
    run = results.run | {"sources": [str(table)]}
    results = replace(results, images=images, silhouettes=silhouettes, run=run)
    told = results.export("folders", tmp_path / "out", encoders=["pixels"])
    assert set(told.skipped.values()) == {"is at an address: no original is on this disk"}
    assert len(told.skipped) == 40


def test_a_folder_that_holds_something_is_kept(tmp_path: Path) -> None:
    results, out = results_on_disk(tmp_path / "photos"), tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="it is there already"):
        results.export("folders", out)
    assert [one.name for one in out.iterdir()] == ["mine.txt"]


def test_pictures_that_were_objects_have_no_originals(tmp_path: Path) -> None:
    results = replace(example_results(), run=example_results().run | {"sources": []})
    with pytest.raises(InputError, match="its pictures were Python objects"):
        results.export("folders", tmp_path / "out")
    assert not (tmp_path / "out").exists()
