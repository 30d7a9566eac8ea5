"""Read a user's table of images as a dataset."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from embedbench.data.dataset import Dataset
from embedbench.data.folders.walk import read_folder
from embedbench.data.images.sources import RemoteImage
from embedbench.data.tables.columns import image_column, named_column, texts
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.locations import in_order, place_of, with_extensions
from embedbench.data.tables.reading import UserTable, read_table
from embedbench.data.tables.truth import with_truth
from embedbench.data.tables.urls import names_of_urls
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, is_remote_path, parse_path
from embedbench.utils.formats import has_image_suffix
from embedbench.utils.matching import match_names
from embedbench.utils.text import pluralise, shorten, shown

__all__ = ["read_image_table"]

_TRIED = 200
"""Values of a column that are looked up as files, to see whether it names images."""


def read_image_table(file: AnyPath, form: TableForm, given: UserTable | None = None) -> Dataset:
    """Return the images that a table names, with its other columns, in the order of the names.

    Args:
        file: the table.
        form: its columns, and where the files are.
        given: its content where it was not read from the file; None to read the file.

    Raises:
        InputError: the table cannot be read, has no column of images, a row without an image, or
            two labels for one image.
    """
    table, root = given or read_table(file), _root_of(file, form)
    path_column, url_column = _columns_of_images(table, root, form)
    taken = {column for column in (path_column, url_column) if column}
    cells, label_remarks = with_truth(table, form, taken)
    remarks = list(table.remarks)
    if path_column and path_column != "path":
        cells = cells.drop(columns="path", errors="ignore").rename(columns={path_column: "path"})
        remarks.append(f"images: column '{path_column}' of '{file.name}'")
    if url_column and url_column != "url":
        cells = cells.drop(columns="url", errors="ignore").rename(columns={url_column: "url"})
    if not url_column and "" in (paths := texts(cells, "path")):
        raise InputError(f"'{file}' has no path in row {paths.index('') + 1}")
    cells = in_order(cells)
    if "path" in cells:
        cells = in_order(cells.assign(path=_as_found(root, texts(cells, "path"), remarks)))
    cells = _without_repeated(file, cells, remarks)
    paths, urls = (texts(cells, column) for column in ("path", "url"))
    urls = [path if _is_url(path) else url for path, url in zip(paths, urls, strict=True)]
    paths = ["" if _is_url(path) else path for path in paths]
    named = iter(names_of_urls([u for p, u in zip(paths, urls, strict=True) if not p], paths))
    names = tuple(shown(path or next(named)) for path in paths)
    sources = tuple(
        place_of(file, root, path) if path else RemoteImage(url.strip())
        for path, url in zip(paths, urls, strict=True)
    )
    columns = cells.drop(columns="path", errors="ignore")
    return Dataset(names, sources, columns, str(file), tuple(remarks), tuple(label_remarks))


def _columns_of_images(
    table: UserTable, root: AnyPath, form: TableForm
) -> tuple[str | None, str | None]:
    """Return the columns of file names and of URLs; None where there is none."""

    def share_named(names: Sequence[str]) -> float:
        tried = names[:_TRIED]
        named = [name for name in tried if _is_url(name) or _looks_like_file(root, name)]
        return len(named) / max(1, len(tried))

    columns = list(map(str, table.cells.columns))
    url = next((column for column in columns if column.lower() in ("url", "image_url")), None)
    if form.path:
        return named_column(table, form.path), url
    if "path" in columns or url:
        return ("path" if "path" in columns else None), url
    path = image_column(table, form, share_named)
    if path is None:
        raise InputError(
            f"'{table.file}' must have a column of images, such as `path` or `url`; it has "
            f"{', '.join(columns)}: give the column of file names with --path-column"
        )
    return path, None


def _looks_like_file(root: AnyPath, name: str) -> bool:
    if has_image_suffix(name):
        return True
    try:
        return isinstance(root, Path) and (root / name.replace("\\", "/")).is_file()
    except (OSError, ValueError):
        return False


def _without_repeated(file: AnyPath, cells: pd.DataFrame, remarks: list[str]) -> pd.DataFrame:
    """Return the rows without those that repeat a path with the same label."""
    if "path" not in cells:
        return cells
    paths = pd.Series(texts(cells, "path"))
    repeated = (paths.duplicated() & (paths != "")).to_numpy()
    if not repeated.any():
        return cells
    if "truth" in cells:
        labels = cells["truth"].groupby(paths.to_numpy())
        counts = labels.nunique().drop("", errors="ignore")
        if (counts > 1).any():
            name = str(counts.index[counts > 1][0])
            raise InputError(
                f"'{file}' has two labels for '{name}'; images of several classes cannot be scored"
            )
        own = (paths == "").to_numpy()
        cells = cells.assign(truth=cells["truth"].where(own, labels.transform("first")))
    remarks.append(
        f"{pluralise(int(repeated.sum()), 'row')} of '{file.name}' repeat an image of another row"
    )
    return cells[~repeated].reset_index(drop=True)


def _as_found(root: AnyPath, paths: list[str], remarks: list[str]) -> list[str]:
    """Return the paths of the files that are meant, with forward slashes; URLs as they are."""
    files = ["" if _is_url(path) else _name_of(path) for path in paths]
    files = _found_below(root, with_extensions(files, root), remarks)
    return [file or path for file, path in zip(files, paths, strict=True)]


def _found_below(root: AnyPath, paths: list[str], remarks: list[str]) -> list[str]:
    """Replace paths of files that do not exist by those of files below the root that they end as.

    A table may come from another machine, or another folder.
    """
    if not isinstance(root, Path):
        return paths
    missing = [
        path for path in paths if path and not is_remote_path(path) and not _exists(root, path)
    ]
    if not missing:
        return paths
    try:
        images = list(read_folder(root).images)
    except OSError:
        return paths
    rows = match_names(missing, images, str(root.absolute())).rows
    if not rows:
        return paths
    known = set(paths)
    found = {path: images[row] for path, row in rows.items() if images[row] not in known}
    if found:
        path, image = next(iter(found.items()))
        remarks.append(
            f"{pluralise(len(found), 'path')} of another folder were found in '{root}' by the end "
            f"of the path, such as '{shorten(path)}': '{shorten(image)}'"
        )
    return [found.get(path, path) for path in paths]


def _exists(root: Path, path: str) -> bool:
    try:
        return (root / path).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _is_url(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def _name_of(path: str) -> str:
    if not path or is_remote_path(path):
        return path
    return PurePosixPath(path.replace("\\", "/")).as_posix()


def _root_of(file: AnyPath, form: TableForm) -> AnyPath:
    """Return where the files are that a table names."""
    root = file.parent if form.root is None else parse_path(form.root)
    if isinstance(root, Path) and form.root is not None and not root.is_dir():
        raise InputError(f"there is no folder '{root}'")
    return root
