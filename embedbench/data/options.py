"""Options of reading a source: where its images and labels are, and which of them are used."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedbench.data.depth.drawing import Drawing, read_drawing
from embedbench.data.tables.form import TableForm
from embedbench.utils.options import option

__all__ = ["SourceOptions"]


@dataclass(frozen=True)
class SourceOptions:
    """How a source of images is read.

    Attributes:
        labels: known classes: a table; a column of the source; `folder` for all folders of an
            image, `parent` for its last one; `none` for no labels; None for those that are found.
        label_column: column of labels, of the table of labels if there is one, else of the tables
            of images; None for the usual names.
        path_column: column of file names of these tables; None for the usual names.
        root: folder or address of the files that a table names; None for that of the table.
        keep_na: whether texts such as `NA` and `None` are classes; else they are missing labels.
        images: sub-folder that holds the images; None for all.
        crop: `boxes` for an image for each box that a COCO JSON file names; None for whole images.
        where: conditions such as `split=test`; values of one column are alternatives.
        limit: size of a seeded sample of the images; None for all.
        allow_local: whether images may be downloaded from this machine and its network.
        follow_links: whether links that lead out of a folder of images are followed; else they
            are listed as failures.
        bands: bands to draw of images with several, such as `4,3,2`; None for the first three.
        depth: bits of deep images; None for those that the data set uses.
        value_range: values of deep images that are drawn black and white, such as `0..3000`; None
            for those that the data set needs.
        plane: plane of stacks, from 1; None for the first.
    """

    labels: str | None = option(
        None,
        "--labels",
        metavar="TABLE|COLUMN|none",
        help="Known classes: a table, a column of SOURCE, all folders of an image or the last "
        "one, or none.  [default: what SOURCE has]",
        is_file=True,
    )
    label_column: str | None = option(
        None,
        "--label-column",
        metavar="NAME",
        help="Column of a table that holds the labels.  [default: a usual name]",
    )
    path_column: str | None = option(
        None,
        "--path-column",
        metavar="NAME",
        help="Column of a table that holds the file names.  [default: a usual name]",
    )
    root: str | Path | None = option(
        None,
        "--root",
        metavar="DIR",
        help="Folder of the files that a table names.  [default: that of the table]",
        is_file=True,
    )
    keep_na: bool = option(
        False, "--keep-na", kind=bool, help="Take labels such as NA and None for classes."
    )
    images: str | None = option(
        None, "--images", metavar="SUBFOLDER", help="Sub-folder of SOURCE that holds the images."
    )
    crop: str | None = option(
        None,
        "--crop",
        metavar="boxes",
        help="Compare each box of a COCO JSON file as an image of its own.",
    )
    where: Sequence[str] = option(
        (),
        "--where",
        kind=list,
        metavar="COLUMN=VALUE",
        help="Use only images with this value, such as split=test; may be repeated.",
    )
    limit: int | None = option(
        None, "--limit", kind=int, metavar="N", help="Use a seeded sample of N images."
    )
    allow_local: bool = option(
        False,
        "--allow-local",
        kind=bool,
        help="Allow downloads from this machine and its network.",
    )
    follow_links: bool = option(
        False,
        "--follow-links",
        kind=bool,
        help="Follow links that lead out of a folder of images.",
    )

    bands: str | None = option(
        None,
        "--bands",
        metavar="R,G,B",
        help="Bands to draw of TIFF images, such as 4,3,2.  [default: the first three]",
    )
    depth: int | None = option(
        None,
        "--depth",
        kind=int,
        metavar="BITS",
        help="Bits of images deeper than 8 bits.  [default: those that the images use]",
    )
    value_range: str | None = option(
        None,
        "--range",
        metavar="LOW..HIGH",
        help="Values of deep images that are drawn black and white.  [default: by the images]",
    )
    plane: int | None = option(
        None,
        "--plane",
        kind=int,
        metavar="N",
        help="Plane of stacks and of files with several pages.  [default: the first]",
    )

    @property
    def form(self) -> TableForm:
        """The form of tables."""
        return TableForm(self.path_column, self.label_column, self.root, self.keep_na)

    @property
    def drawing(self) -> Drawing:
        """How deep images are drawn; InputError if an option cannot be."""
        return read_drawing(self.bands, self.depth, self.value_range, self.plane)
