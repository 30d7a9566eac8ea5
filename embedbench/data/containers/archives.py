"""Archives of images: zip and tar, of which several can be one set."""

from collections.abc import Sequence
from dataclasses import replace

from embedbench.data.containers.members import ArchiveFiles
from embedbench.data.containers.tar_files import files_in_tar
from embedbench.data.containers.webdataset import is_webdataset, read_webdataset
from embedbench.data.containers.zip_files import files_in_zip
from embedbench.data.dataset import Dataset
from embedbench.data.folders.walk import contents_of
from embedbench.data.image_folder import dataset_of_folder, inner_folder
from embedbench.data.tables.form import TableForm
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath

__all__ = ["ARCHIVE_SUFFIXES", "is_archive_name", "read_archives"]

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
_REFUSED = (".7z", ".rar", ".tar.zst", ".gz", ".bz2", ".xz", ".zst", ".iso", ".dmg")
ARCHIVE_SUFFIXES = (".zip", *_TARS)
"""Suffixes of archives that are read, in lower case."""


def is_archive_name(name: str) -> bool:
    """Return whether a file is an archive, by its suffix in any case."""
    return name.lower().endswith((*ARCHIVE_SUFFIXES, *_REFUSED))


def read_archives(
    archives: Sequence[AnyPath], name: AnyPath, images: str | None, form: TableForm
) -> Dataset:
    """Return the images in archives as one set; they are read where they are, nothing is unpacked.

    What their folders and tables mean is as in `embedbench.data.image_folder`; tar archives with a
    `.cls`, `.json` or `.txt` beside the images are WebDataset shards.

    Args:
        archives: the archives.
        name: what they are called together.
        images: the folder in them that holds the images; None for all.
        form: may name the column of labels of WebDataset shards.

    Raises:
        InputError: an archive cannot be read, or there is no image in it.
    """
    found = ArchiveFiles()
    for archive in archives:
        one = _files_in(archive)
        found.files += one.files
        found.remarks += one.remarks
    if images:
        above = f"{inner_folder(images, name)}/"
        found.files = [
            (path[len(above) :], file) for path, file in found.files if path.startswith(above)
        ]
    if all(_is_tar(one.name) for one in archives) and is_webdataset(found.files):
        dataset = read_webdataset(found.files, name, form)
    else:
        dataset = dataset_of_folder(contents_of(found.files), name)
    return replace(dataset, remarks=(*found.remarks, *dataset.remarks))


def _files_in(archive: AnyPath) -> ArchiveFiles:
    if archive.name.lower().endswith(".zip"):
        return files_in_zip(archive)
    if _is_tar(archive.name):
        return files_in_tar(archive)
    raise InputError(
        f"'{archive}' is packed in a way that is not read: unpack it, or pack it as .zip or .tar"
    )


def _is_tar(name: str) -> bool:
    return name.lower().endswith(_TARS)
