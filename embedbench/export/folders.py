"""The original images in a folder for each cluster."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from embedbench.errors import ImageError
from embedbench.export.columns import clusters_of, encoder_names
from embedbench.export.file_names import file_names
from embedbench.export.outcome import Exported, Request
from embedbench.export.places import new_folder
from embedbench.io.safe_csv import write_csv
from embedbench.report.viewing.originals import Originals
from embedbench.results.results import Results
from embedbench.utils.messages import one_line
from embedbench.utils.text import safe_name

__all__ = ["write_folders"]

_NOISE = "noise"


def write_folders(results: Results, request: Request) -> Exported:
    """Put a copy of each image, or a link to it, into the folder of its cluster.

    With one encoder, these folders are in the folder named; with several, in one for each.
    Beside them lies `assignments.csv`. Images that are gone, were changed, or are at an address
    are left out, and it says why.

    Raises:
        InputError: no source is there any more, or the folder cannot be written.
    """
    originals = Originals(results)
    images = results.images["image"].astype(str).tolist()
    files = file_names(images)
    names = encoder_names(results) if len(request.encoders) > 1 else {}
    sorted_images = [
        _sorted(clusters_of(results, encoder, request.clusterer), names.get(encoder, ""))
        for encoder in request.encoders
    ]
    skipped: dict[str, str] = {}
    with new_folder(request.out) as folder:
        for one in sorted_images:
            for place in set(one.folders):
                (folder / one.within / place).mkdir(parents=True, exist_ok=True)
        for row, image in enumerate(images):
            try:
                original = originals.unchanged(row)
            except ImageError as error:
                skipped[image] = one_line(str(error))
                continue
            path = originals.path(row) if request.link else None
            if request.link and path is None:
                skipped[image] = "is a part of another file, so there is nothing to link to"
                continue
            for one in sorted_images:
                _put(path or original, folder / one.within / one.folders[row] / files[row],
                     request.link)  # fmt: skip
        for one in sorted_images:
            table = one.table(images, files, skipped)
            write_csv(table, folder / one.within / "assignments.csv")
    written = {
        "images": len(images) - len(skipped),
        "folders": sum(len(set(one.folders)) for one in sorted_images),
    }
    return Exported("folders", str(request.out), written, skipped)


@dataclass(frozen=True, eq=False)
class _Sorted:
    """The clusters of one encoder.

    Attributes:
        within: the folder of the encoder; empty if it is the only one.
        clusters: a row an image, as `clusters_of` returns them.
        folders: the folder of each image, below `within`.
    """

    within: Path
    clusters: pd.DataFrame
    folders: list[str]

    def table(self, images: list[str], files: list[str], skipped: dict[str, str]) -> pd.DataFrame:
        """Return what assignments.csv says: cluster, file and why there is none."""
        paths = [
            "" if image in skipped else f"{folder}/{file}"
            for image, folder, file in zip(images, self.folders, files, strict=True)
        ]
        reasons = [skipped.get(image, "") for image in images]
        table = self.clusters.assign(image=images, file=paths, skipped=reasons)
        return table[["image", "cluster", "name", "label", "silhouette", "file", "skipped"]]


def _sorted(clusters: pd.DataFrame, within: str) -> _Sorted:
    numbers = clusters["cluster"].fillna(-1).astype(int).tolist()
    digits = max(2, len(str(max(numbers))))
    named = dict(zip(numbers, clusters["name"], strict=True))
    places = {
        number: safe_name(number, name if isinstance(name, str) else "", digits)
        for number, name in named.items()
    } | {-1: _NOISE}
    return _Sorted(Path(within), clusters, [places[number] for number in numbers])


def _put(original: Path | bytes, place: Path, is_linked: bool) -> None:
    if isinstance(original, bytes):
        place.write_bytes(original)
    elif is_linked:
        place.symlink_to(os.path.abspath(original))
    else:
        shutil.copyfile(original, place)
        shutil.copystat(original, place)
