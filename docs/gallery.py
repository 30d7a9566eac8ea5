"""The gallery: real reports, by comparisons that run when the site is built.

python docs/gallery.py    also takes a picture of each, docs/images/gallery-NAME.webp, with Chromium

Encoders and pictures come with packages, so no network is needed. Vectors are kept beside the
reports: the second time is quick.
"""

import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fill_tutorial import page_picture
from PIL import Image
from sklearn.datasets import load_digits

from embedbench import read_results
from embedbench.data.sample_photos import write_samples

__all__ = ["FOLDER", "REPORTS", "Report", "gallery", "make_reports"]

DOCS = Path(__file__).parent
FOLDER = DOCS.parent / "build" / "gallery"
_DIGITS = 30
"""Of each digit."""


@dataclass(frozen=True)
class Report:
    """A report of the gallery.

    Attributes:
        name: of its file.
        title: what was asked.
        about: what to look at.
        options: of `embedbench run`, after the source.
        source: the folder of images.
    """

    name: str
    title: str
    about: str
    options: str
    source: str = "photographs"

    @property
    def command(self) -> str:
        """The command, but for where it writes."""
        return f"embedbench run {self.source} {self.options}"


REPORTS = (
    Report(
        "photographs",
        "Which encoder groups photographs by what they show?",
        "18 photographs in 8 views each, small parts of it, with labels. Look at Clusters, and at "
        "Why they differ.",
        "-e timm -e timm:tf_efficientnet_lite2 -e conse -e pixels --seeds 5",
    ),
    Report(
        "without-labels",
        "The same, where nobody has labelled them",
        "The verdict rests on clusters kept under small changes and on agreement, and says how "
        "likely each encoder is.",
        "-e timm -e timm:tf_efficientnet_lite2 -e conse -e pixels --seeds 5 --labels none",
    ),
    Report(
        "digits",
        "Is a network from photographs any good on handwritten digits?",
        "300 digits of 8 by 8 pixels. Larger is not better on every kind of picture.",
        "-e timm -e conse -e pixels --seeds 5",
        "digits",
    ),
    Report(
        "robustness",
        "What do noise and blur do to the groups?",
        "Five levels of each, on 60 of the pictures. Look at Robustness.",
        "-e timm -e pixels --seeds 3 --corrupt noise:1..5 --corrupt blur:1..5 --corrupted 60",
    ),
)


def make_reports() -> None:
    """Run the comparisons of the gallery; one that is there already is left as it is.

    Raises:
        subprocess.CalledProcessError: one failed.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_samples(FOLDER / "photographs")
    write_digits(FOLDER / "digits")
    for report in REPORTS:
        words = [sys.executable, "-m", *shlex.split(report.command)]
        where = ["--out", f"{report.name}-run", "--store", "store", "--quiet", "--without-vectors"]
        subprocess.run([*words, *where], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)


def write_digits(folder: Path) -> None:
    """Write scikit-learn's handwritten digits, `DIGIT/NN.png`, 64 pixels wide."""
    digits = load_digits()
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True, exist_ok=True)
        for number, row in enumerate(np.flatnonzero(digits.target == digit)[:_DIGITS]):
            grey = (digits.images[row] * 255 / 16).round().astype(np.uint8)
            picture = Image.fromarray(grey).resize((64, 64), Image.Resampling.NEAREST)
            picture.save(folder / str(digit) / f"{number:02d}.png")


def gallery() -> str:
    """Return a section for each report: its picture, its verdict, the command and the link."""
    sections = []
    for report in REPORTS:
        results = read_results(FOLDER / f"{report.name}-run")
        sections.append(
            f"## {report.title}\n\n"
            f"[![The top of the report](images/gallery-{report.name}.webp)]"
            f"(gallery/{report.name}.html)\n\n"
            f"{report.about}\n\n"
            f"> {results.verdict}\n\n"
            f"```text\n{report.command}\n```\n\n"
            f"[Open the report](gallery/{report.name}.html)"
        )
    return "\n\n".join(sections)


def main() -> None:
    """Make the reports, and a picture of each."""
    make_reports()
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        sys.exit("chromium is not installed: the pictures are as they were")
    for report in REPORTS:
        picture = DOCS / "images" / f"gallery-{report.name}.webp"
        page_picture(FOLDER / f"{report.name}-run", browser, picture)


if __name__ == "__main__":
    main()
