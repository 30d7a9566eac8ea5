"""Notebooks as pages of the site, with what they showed when they were last run."""

import re
from pathlib import Path
from typing import Any

import nbconvert

__all__ = ["write_notebook_page"]

_EXPORTER: Any = nbconvert.MarkdownExporter
_LINK = re.compile(r'<a href="(?:my-run|file:)[^>]*>(.*?)</a>')


def write_notebook_page(source: Path, folder: Path) -> None:
    """Write the page of a notebook and its pictures into a folder.

    Links to files that lay beside the notebook when it ran are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {"output_files_dir": f"{source.stem}-files", "unique_key": source.stem}
    text, resources = _EXPORTER().from_filename(str(source), resources=names)
    for name, content in resources["outputs"].items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    note = f"[This page as a notebook]({source.name})"
    head, _, rest = _LINK.sub(r"\1", text).partition("\n\n")
    (folder / f"{source.stem}.md").write_text(f"{head}\n\n{note}\n\n{rest}", encoding="utf-8")
