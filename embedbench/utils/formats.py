"""Formats of image files: their suffixes, their first bytes, and the extra that reads them."""

from dataclasses import dataclass
from importlib.util import find_spec

__all__ = [
    "FORMATS",
    "HEADER_BYTES",
    "ImageFormat",
    "format_of",
    "format_of_suffix",
    "has_image_suffix",
    "is_other_suffix",
    "suffix_of",
    "without_suffix",
]

HEADER_BYTES = 132
"""Bytes at the start of a file that `format_of` needs."""


@dataclass(frozen=True)
class ImageFormat:
    """A format of image files.

    Attributes:
        name: as people call it.
        suffixes: of its files, in lower case.
        module: what must be installed beside Pillow to read it; "" for nothing.
        extra: the extra of this package that installs it.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str = ""
    extra: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether files of this format can be read here."""
        return self.module != "?" and (not self.module or find_spec(self.module) is not None)


FORMATS = {
    one.name: one
    for one in (
        ImageFormat("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".jif")),
        ImageFormat("PNG", (".png", ".apng")),
        ImageFormat("WebP", (".webp",)),
        ImageFormat("GIF", (".gif",)),
        ImageFormat("BMP", (".bmp", ".dib")),
        ImageFormat("TIFF", (".tif", ".tiff", ".ome.tif", ".btf")),
        ImageFormat("PNM", (".ppm", ".pgm", ".pbm", ".pnm", ".pfm")),
        ImageFormat("JPEG 2000", (".jp2", ".j2k", ".jpf", ".jpx", ".j2c")),
        ImageFormat("AVIF", (".avif", ".avifs")),
        ImageFormat("HEIF", (".heic", ".heif", ".hif"), "pillow_heif", "heif"),
        ImageFormat("JPEG XL", (".jxl",), "pillow_jxl", "jxl"),
        ImageFormat("DICOM", (".dcm", ".dicom"), "pydicom", "dicom"),
        ImageFormat("camera raw", (".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2"), "?"),
        ImageFormat("SVG", (".svg", ".svgz"), "?"),
        ImageFormat("Photoshop", (".psd", ".psb"), "?"),
    )
}
"""Formats by name; the last ones are known, but not read."""

_BY_SUFFIX = {suffix: one for one in FORMATS.values() for suffix in one.suffixes}
_OTHERS = frozenset(
    ".txt .csv .tsv .json .jsonl .ndjson .xml .yaml .yml .toml .md .html .htm .pdf .doc .docx "
    ".xls .xlsx .parquet .npy .npz .pt .pth .safetensors .h5 .pkl .pickle .mat .py .ipynb .log "
    ".ini .cfg .db .sqlite .zip .tar .gz .tgz .bz2 .xz .7z .rar .mov .mp4 .avi .mkv .webm .mp3 "
    ".wav .aae .xmp .thm .lock .tmp .part .bak .exe .dll .so .sh .bat .url .lnk .nfo .md5".split()
)
"""Suffixes of files that are no images; others are opened to see."""


def suffix_of(name: str) -> str:
    """Return the suffix of a file, as pathlib does, in lower case; "" without one."""
    last = name.rstrip("/").rpartition("/")[2]
    dot = last.rfind(".")
    return last[dot:].lower() if 0 < dot < len(last) - 1 else ""


def has_image_suffix(name: str) -> bool:
    """Return whether a name has the suffix of an image."""
    return suffix_of(name) in _BY_SUFFIX


def is_other_suffix(name: str) -> bool:
    """Return whether a name has a suffix of files that are no images."""
    return suffix_of(name) in _OTHERS


def without_suffix(name: str) -> str:
    """Return a name without the suffix of an image; the name itself if it has none."""
    suffix = suffix_of(name)
    return name[: -len(suffix)] if suffix in _BY_SUFFIX else name


def format_of_suffix(name: str) -> ImageFormat | None:
    """Return the format that the suffix of a name says; None if it is not one of an image."""
    return _BY_SUFFIX.get(suffix_of(name))


def format_of(header: bytes) -> ImageFormat | None:
    """Return the format of a file by its first bytes; None if it is no known one.

    Args:
        header: at least `HEADER_BYTES` bytes, or all of a shorter file.
    """
    name = _name_of(header)
    return FORMATS[name] if name else None


def _name_of(header: bytes) -> str | None:
    for start, name in _STARTS:
        if header.startswith(start):
            return name
    if header[:4] == b"RIFF" and header[8:12] == b"WEBP":
        return "WebP"
    if header[4:8] == b"ftyp":
        brands = {header[8:12], *(header[at : at + 4] for at in range(16, 48, 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}:
            return "HEIF"
    if header[128:132] == b"DICM":
        return "DICOM"
    if header[:1] == b"P" and header[1:2] in b"123456fF" and header[2:3].isspace():
        return "PNM"
    return None


_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"8BPS", "Photoshop"),
)
