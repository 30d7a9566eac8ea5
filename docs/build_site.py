"""Lay out the pages of the documentation in build/docs, from where zensical builds the site.

python docs/build_site.py [FOLDER]

Pages, pictures and notebooks of docs/ are copied, the generated parts are put in, and SECURITY.md
and CHANGELOG.md become pages of the site. `make docs` runs this, then zensical.
"""

import re
import shutil
import sys
from pathlib import Path

import gallery
from generated import expand
from notebook_pages import write_notebook_page

__all__ = ["lay_out"]

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PAGES_OF_THE_ROOT = {"SECURITY.md": "project/security.md", "CHANGELOG.md": "project/changelog.md"}
COPIED = (".webp", ".css", ".ipynb")


def lay_out(folder: Path) -> None:
    """Write all pages of the site into a folder; what was there is replaced."""
    if folder.exists():
        shutil.rmtree(folder)
    for source in sorted(DOCS.rglob("*")):
        target = folder / source.relative_to(DOCS)
        if source.suffix == ".md":
            _write(target, expand(source.read_text(encoding="utf-8")))
        elif source.suffix in COPIED:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        if source.suffix == ".ipynb":
            write_notebook_page(source, target.parent)
    (folder / "gallery").mkdir()
    for report in gallery.REPORTS:
        page = gallery.FOLDER / f"{report.name}-run" / "report.html"
        shutil.copyfile(page, folder / "gallery" / f"{report.name}.html")
    for name, place in PAGES_OF_THE_ROOT.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        text = re.sub(r"^## \[(.+?)\]", r"## \1", text, flags=re.MULTILINE)
        _write(folder / place, text.replace("](docs/", "](../"))


def _write(page: Path, text: str) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    gallery.make_reports()
    lay_out(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs")
