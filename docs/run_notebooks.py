"""Run the notebooks of the documentation and keep what they show.

python docs/run_notebooks.py [FOLDER]

Each runs in a new folder, and is written with its outputs into docs/notebooks, or into FOLDER.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

__all__ = ["NOTEBOOKS", "run_notebook"]

NOTEBOOKS = Path(__file__).parent / "notebooks"
_FORMAT: Any = nbformat  # it has no types
_SECONDS = 900
"""That a cell may take."""


def run_notebook(file: Path) -> nbformat.NotebookNode:
    """Return a notebook with its outputs, run in a new folder.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook: nbformat.NotebookNode = _FORMAT.read(file, nbformat.NO_CONVERT)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=_SECONDS,
            record_timing=False,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        ).execute()
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    return notebook


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOKS
    for source in sorted(NOTEBOOKS.glob("*.ipynb")):
        _FORMAT.write(run_notebook(source), target / source.name)
