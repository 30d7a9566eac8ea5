"""Fill the tutorial's table, and its pictures, from a run folder of `embedbench demo`.

python docs/fill_tutorial.py DEMO_RUN_FOLDER

The picture of the page is taken with Chromium, if it is installed; without it the old one stays.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from blocks import fill
from PIL import Image
from tabulate import tabulate

from embedbench.results.reading import read_results
from embedbench.results.results import Results
from embedbench.results.short_table import short_table

DOCS = Path(__file__).parent
PAGE = DOCS / "tutorial.md"
IMAGES = DOCS / "images"
WINDOW = (1100, 945)
"""Width and height of the picture of the page, in pixels of the browser."""


def demo_table(results: Results) -> str:
    """Return the table of a run as it prints it."""
    table = short_table(results)
    rows = table.to_numpy().tolist()
    return f"```text\n{tabulate(rows, list(table.columns), disable_numparse=True)}\n```"


def clusters_picture(run: Path) -> None:
    """Write the first encoder's map of pictures, small enough for a page."""
    (source,) = read_results(run).figures(run / "figures", ["01_*/*tsne_pictures"])
    with Image.open(source) as picture:
        picture.thumbnail((1000, 1100))
        picture.save(IMAGES / "demo-clusters.webp", quality=80)


def page_picture(run: Path, browser: str, target: Path) -> None:
    """Write a picture of the top of the report of a run folder."""
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "report.png"
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={folder}/profile", f"--window-size={WINDOW[0]},{WINDOW[1]}",
                f"--screenshot={shot}", (run / "report.html").absolute().as_uri(),
            ],
            check=True,
        )  # fmt: skip
        with Image.open(shot) as picture:
            picture.convert("RGB").save(target, quality=75, method=6)


def main() -> None:
    """Write the tutorial with its block filled, and the pictures."""
    run = Path(sys.argv[1])
    table = demo_table(read_results(run))
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), "demo table", table), encoding="utf-8")
    clusters_picture(run)
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser:
        page_picture(run, browser, IMAGES / "report.webp")
    else:
        print("chromium is not installed: docs/images/report.webp is as it was", file=sys.stderr)


if __name__ == "__main__":
    main()
