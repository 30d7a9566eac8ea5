"""A whole run on images that are not here yet: fetched, compared, what fails listed, kept."""

from pathlib import Path

import pandas as pd
import pytest

from embedbench import cli, compare
from embedbench.results.reading import read_results
from tests.support.image_server import ImageServer, jpeg
from tests.support.openimages_folder import IDS, make

pytestmark = pytest.mark.usefixtures("one_core")


def test_open_images_are_fetched_compared_and_not_fetched_again(
    server: ImageServer, tmp_path: Path
) -> None:
    folder = make(tmp_path / "oi")
    for row, name in enumerate(IDS[:11]):
        server.put(f"/validation/{name}.jpg", jpeg(row))
    spec = f"open-images:{folder},base={server.url}"
    small = {"k": 2, "seeds": 2, "clusterers": ["kmeans"], "copies": 0, "projections": ["pca"]}
    found = compare(spec, ["pixels"], allow_local=True, **small)  # type: ignore[arg-type]
    assert len(found.images) == 11
    assert set(found.images["truth"]) == {"Cat", "Dog"}
    assert found.failures[["what", "name", "stage", "error"]].to_numpy().tolist() == [
        ["image", f"{IDS[11]}.jpg", "download", "404 Not Found"]
    ]
    assert found.run["sources"] == [spec]
    again = compare(spec, ["pixels"], offline=True, **small)  # type: ignore[arg-type]
    assert again.comparison.equals(found.comparison)


def test_a_list_of_urls_goes_through_the_command_line(
    server: ImageServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = [server.put(f"/{row}.jpg", jpeg(row)) for row in range(6)]
    urls += ["file:///etc/passwd", f"{server.url}/missing.jpg"]
    pd.DataFrame({"url": urls}).to_csv(tmp_path / "urls.csv", index=False)
    words = ["run", tmp_path / "urls.csv", "-e", "pixels", "--k", 2, "--seeds", 2, "--copies", 0]
    words += ["--clusterer", "kmeans", "--projection", "pca", "--quiet", "--out", tmp_path / "run"]
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    assert stop.value.code == 2
    assert "--allow-local" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in [*words, "--allow-local"]])
    assert stop.value.code == 3
    results = read_results(tmp_path / "run")
    assert len(results.images) == 6
    assert len(results.failures) == 2
    assert results.failures["stage"].eq("download").all()
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "404 Not Found" in page
