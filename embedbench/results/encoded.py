"""What the encoders made of the images, as a run folder keeps it: arrays as NumPy files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from embedbench.utils.text import safe_names

__all__ = ["Encoded", "VECTORS"]

VECTORS = "vectors"
"""The folder of the files, in a run folder."""

_KINDS = {"images": "", "texts": ".texts", "others": ".others"}
"""What comes after an encoder's name in the name of a file, by field."""

_ORIGIN = "origin.npz"


@dataclass(frozen=True, eq=False)
class Encoded:
    """Vectors of all encoders, by encoder; read from a folder, they stay on disk until used.

    Attributes:
        images: float32 "images dim", row i is row i of the table `images`.
        texts: float32 "texts dim", of texts that were read; not there without any.
        others: float32 "others dim", of changed and mixed-in images; not there without any.
        origin: all else that is needed to compare these encoders with others, as
            `embedbench.comparison.origin` writes it.
    """

    images: Mapping[str, np.ndarray]
    texts: Mapping[str, np.ndarray] = field(default_factory=dict)
    others: Mapping[str, np.ndarray] = field(default_factory=dict)
    origin: bytes = b""

    def write(self, folder: Path) -> None:
        """Write a file for each array into a new folder.

        Raises:
            OSError: they cannot be written.
        """
        folder.mkdir()
        for encoder, name in safe_names(sorted(self.images)).items():
            for kind, ending in _KINDS.items():
                array = getattr(self, kind).get(encoder)
                if array is not None and len(array):
                    np.save(folder / f"{name}{ending}.npy", array, allow_pickle=False)
        (folder / _ORIGIN).write_bytes(self.origin)

    @classmethod
    def read(cls, folder: Path, encoders: Sequence[str], rows: int) -> "Encoded":
        """Return what `write` wrote for these encoders.

        Args:
            folder: with the files.
            encoders: their names.
            rows: the number of images.

        Raises:
            ValueError: a file is missing or damaged; the message names it.
        """
        found: dict[str, dict[str, np.ndarray]] = {kind: {} for kind in _KINDS}
        for encoder, name in safe_names(sorted(encoders)).items():
            for kind, ending in _KINDS.items():
                file = folder / f"{name}{ending}.npy"
                if kind == "images" or file.exists():
                    found[kind][encoder] = _read(file, rows if kind == "images" else None)
        try:
            origin = (folder / _ORIGIN).read_bytes()
        except OSError as error:
            raise ValueError(f"{VECTORS}/{_ORIGIN} is missing") from error
        return cls(**found, origin=origin)


def _read(file: Path, rows: int | None) -> np.ndarray:
    """Return the array in a file, read where it is used.

    Raises:
        ValueError: it is missing, damaged, or has another number of rows.
    """
    name = f"{file.parent.name}/{file.name}"
    try:
        array = np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
    except FileNotFoundError as error:
        raise ValueError(f"{name} is missing") from error
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{name} is damaged") from error
    if array.ndim != 2 or array.dtype != np.float32 or len(array) != (rows or len(array)):
        raise ValueError(f"{name} holds something else than the vectors of these images")
    return array
