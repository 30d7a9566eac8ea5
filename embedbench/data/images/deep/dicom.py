"""Images in DICOM files, as their own slope and window draw them."""

import io
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float, Num

from embedbench.data.images.deep.raster import Limits, Raster, check_size
from embedbench.errors import ImageError

__all__ = ["dicom_planes", "read_dicom"]

_INVERTED, _GREY, _PALETTE = "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"


def read_dicom(content: bytes, plane: int = 1) -> Raster:
    """Return the pixels of a DICOM file.

    Slope and intercept are applied. The window of the file, if it has one, states its limits.

    Args:
        content: bytes of the file.
        plane: number of the frame, from 1.

    Raises:
        ImageError: the package that reads them is missing, or there is no such frame or no image.
        Exception: nearly any other, if the file is broken.
    """
    data = _read(content)
    if "PixelData" not in data:
        raise ImageError("the DICOM file holds no image")
    from pydicom.pixels.utils import pixel_array

    planes = dicom_planes(content)
    if plane > planes > 1:
        raise ImageError(f"has {planes} planes; there is no plane {plane}")
    check_size(int(data.Rows), int(data.Columns))
    pixels = pixel_array(data, index=plane - 1 if planes > 1 else 0)
    kind = str(data.PhotometricInterpretation)
    if kind not in (_GREY, _INVERTED):
        return _coloured(data, pixels, kind)
    values = _rescaled(data, pixels)
    limits: Limits | None = None
    if "VOILUTSequence" in data:
        values, limits = _by_table(data, pixels)
    elif "WindowCenter" in data and "WindowWidth" in data:
        values, limits = _windowed(data, values)
    elif values.dtype.kind == "u":
        bits = int(data.BitsStored)
        limits = None if bits == 16 else (0, 2**bits - 1)
    return Raster(
        values[..., None],
        missing=_padded(data, pixels)[..., None],
        limits=limits,
        inverted=kind == _INVERTED,
    )


def dicom_planes(content: bytes) -> int:
    """Return the number of frames of a DICOM file."""
    return max(1, int(_read(content).get("NumberOfFrames") or 1))


def _read(content: bytes) -> Any:
    if find_spec("pydicom") is None:
        raise ImageError("DICOM needs pip install 'image-embedbench[dicom]'")
    from pydicom import dcmread

    return dcmread(io.BytesIO(content))


def _coloured(data: Any, pixels: Num[np.ndarray, "..."], kind: str) -> Raster:
    from pydicom.pixels.processing import apply_color_lut

    if kind == _PALETTE:
        pixels = apply_color_lut(pixels, data)
        bits = int(data.RedPaletteColorLookupTableDescriptor[2])
        return Raster(pixels[..., :3], limits=(0, 2**bits - 1))
    if pixels.ndim != 3:
        raise ImageError(f"DICOM pixels of the kind {kind} cannot be read")
    return Raster(pixels[..., :3], limits=(0, 2 ** int(data.BitsStored) - 1))


def _rescaled(data: Any, pixels: Num[np.ndarray, "..."]) -> Num[np.ndarray, "..."]:
    """Return the values that the pixels stand for; the pixels themselves if they are the same."""
    from pydicom.pixels.processing import apply_modality_lut

    slope, intercept = data.get("RescaleSlope", 1), data.get("RescaleIntercept", 0)
    if "ModalityLUTSequence" not in data and (float(slope), float(intercept)) == (1, 0):
        return pixels
    return np.asarray(apply_modality_lut(pixels, data))


def _first(value: Any) -> float:
    """Return a number, or the first of several."""
    return float(value if isinstance(value, int | float | str) else value[0])


def _windowed(
    data: Any, values: Num[np.ndarray, "height width"]
) -> tuple[Num[np.ndarray, "height width"], Limits]:
    """Return the values and the limits of the first window, as the standard defines them."""
    centre, width = _first(data.WindowCenter), _first(data.WindowWidth)
    function = str(data.get("VOILUTFunction") or "LINEAR")
    if function == "SIGMOID":
        drawn: Float[np.ndarray, "height width"] = 1 / (1 + np.exp(-4 * (values - centre) / width))
        return drawn, (0, 1)
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
    return values.astype(np.float64), (centre - width / 2, centre + width / 2)


def _by_table(
    data: Any, pixels: Num[np.ndarray, "height width"]
) -> tuple[Num[np.ndarray, "height width"], Limits]:
    """Return what the table of the file makes of the values, and its limits."""
    from pydicom.pixels.processing import apply_voi

    drawn = np.asarray(apply_voi(_rescaled(data, pixels), data))
    bits = int(data.VOILUTSequence[0].LUTDescriptor[2])
    return drawn.astype(np.float64), (0, 2**bits - 1)


def _padded(data: Any, pixels: Num[np.ndarray, "height width"]) -> Any:
    """Return which pixels only fill the picture, by the file's padding value."""
    padding = data.get("PixelPaddingValue")
    if padding is None:
        return np.zeros(pixels.shape, dtype=bool)
    return pixels == int(padding)
