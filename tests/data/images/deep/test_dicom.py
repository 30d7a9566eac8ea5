"""Promises of DICOM files: slope, window, inversion, frames, and the reasons of what is refused."""

import io
from typing import Any

import numpy as np
import pytest

from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.deep.dicom import dicom_planes, read_dicom
from embedbench.data.images.deep.raster import Rendering
from embedbench.data.images.deep.reading import AS_STORED, plain_content
from embedbench.errors import ImageError

pydicom = pytest.importorskip("pydicom")

VALUES = np.array([[0, 1000, 2000, 3000, 4000]], "u2")


def written(values: Any = VALUES, **tags: Any) -> bytes:
    from pydicom.dataset import Dataset, FileMetaDataset

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3")
    bits = 8 * values.dtype.itemsize
    data.Rows, data.Columns = values.shape[-2:]
    if values.ndim == 3:
        data.NumberOfFrames = len(values)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = bits, bits, bits - 1
    data.PixelRepresentation = int(values.dtype.kind == "i")
    data.PixelData = values.tobytes() + bytes(values.nbytes % 2)
    for name, value in tags.items():
        setattr(data, name, value)
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def drawn(content: bytes, rendering: Rendering = AS_STORED) -> list[int]:
    found: list[int] = open_pixels(plain_content(content, rendering))[0, :, 0].tolist()
    return found


def test_without_a_window_the_data_set_says_the_limits() -> None:
    raster = read_dicom(written())
    assert raster.limits is None and raster.values[0, :, 0].tolist() == VALUES[0].tolist()
    assert drawn(written(), Rendering(unsigned=(0, 4000))) == [0, 64, 128, 191, 255]
    assert read_dicom(written(BitsStored=12, HighBit=11)).limits == (0, 4095)


def test_slope_and_window_are_applied() -> None:
    window = {
        "WindowCenter": 1000,
        "WindowWidth": 2001,
        "RescaleSlope": 2,
        "RescaleIntercept": -1000,
    }
    # By the standard: ((x - 999.5) / 2000 + 0.5) x 255, of x = 2 v - 1000.
    right = [
        round(min(max(((2 * v - 1000 - 999.5) / 2000 + 0.5), 0), 1) * 255)
        for v in VALUES[0].tolist()
    ]
    assert drawn(written(**window)) == right
    asked = Rendering(floating=(-1000, 7000), told=("float",))
    assert drawn(written(**window), asked) == [0, 64, 128, 191, 255]


def test_monochrome_1_is_inverted() -> None:
    dark = written(PhotometricInterpretation="MONOCHROME1", WindowCenter=2000.5, WindowWidth=4001)
    assert drawn(dark) == [255, 191, 127, 64, 0] or drawn(dark) == [255, 191, 128, 64, 0]


def test_frames_are_planes() -> None:
    content = written(np.stack([VALUES, VALUES + 5, VALUES + 9]))
    assert dicom_planes(content) == 3
    assert read_dicom(content, 3).values[0, 0, 0] == 9
    with pytest.raises(ImageError, match="has 3 planes; there is no plane 4"):
        read_dicom(content, 4)


def test_padding_is_missing() -> None:
    raster = read_dicom(written(PixelPaddingValue=4000))
    assert raster.missing is not None and raster.missing[0, :, 0].tolist() == [False] * 4 + [True]


def test_a_file_without_an_image_is_refused() -> None:
    from pydicom.dataset import Dataset, FileMetaDataset

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3")
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    with pytest.raises(ImageError, match="holds no image"):
        open_pixels(file.getvalue())
