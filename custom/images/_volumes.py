"""Readers of NIfTI files, with nibabel, and of NRRD, MetaImage and DICOM files, with ITK.

Both libraries are slow to import, so this happens only in the functions that need them.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ._image import ImageInfo, Stored, check_page, check_plausible, decoding, suffix_of
from ._pixel_size import declared_size, size_in_millimeters

# nibabel only logs the sizes that it replaces; this module reads those in the file.
logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)

ITK_READERS = {".nrrd": "NrrdImageIO", ".mha": "MetaImageIO", ".mhd": "MetaImageIO", ".dcm": "GDCMImageIO"}

# The entry of a MetaImage or NRRD header that names a separate file with the pixels.
_DATA_FILE = re.compile(
    rb"^(?:ElementDataFile|data ?file)\s*[=:]\s*([^\0\n]{1,255}?)\s*$", re.IGNORECASE | re.MULTILINE
)

_ITK_DTYPES = {
    "unsigned_char": "uint8",
    "char": "int8",
    "unsigned_short": "uint16",
    "short": "int16",
    "unsigned_int": "uint32",
    "int": "int32",
    "float": "float32",
    "double": "float64",
}


def describe_nifti(file: Path) -> ImageInfo:
    """Return what the header of a NIfTI file declares."""
    image, shape = _open_nifti(file)
    with decoding(file):
        scaled = (image.dataobj.slope, image.dataobj.inter) != (1.0, 0.0)
        dtype = np.dtype(np.float64) if scaled else image.header.get_data_dtype()
        unit, column, row = _nifti_spacing(file, type(image.header))
    size = None if unit == "mm" and (row, column) == (1, 1) else declared_size(file, (row, column), (unit, unit))
    return ImageInfo(file, shape[::-1], dtype, size)


def _nifti_spacing(file: Path, header_class: Any) -> tuple[str, float, float]:
    """Return the unit and the size (x, y) of a pixel as stored; nibabel replaces 0 by 1, and negative sizes."""
    from nibabel.openers import ImageOpener

    with ImageOpener(file) as stream:
        header = header_class.from_fileobj(stream, check=False)
    code = int(header["xyzt_units"]) % 8
    column, row = map(float, header["pixdim"][1:3])
    return {0: "", 1: "m", 2: "mm", 3: "um"}.get(code, str(code)), column, row


def load_nifti(file: Path, page: int | None) -> Stored:
    """Return the pixels of one slice, or of all slices for None."""
    image, shape = _open_nifti(file)
    check_page(file, page, shape[2])
    with decoding(file):
        if page is None or len(image.shape) == 2:
            array = np.asarray(image.dataobj).reshape(shape)
        else:
            index = (slice(None), slice(None), slice(page, page + 1)) + (0,) * (len(image.shape) - 3)
            array = np.asarray(image.dataobj[index])
    return Stored(array.T[..., np.newaxis])


def _open_nifti(file: Path) -> tuple[Any, tuple[int, ...]]:
    """Return nibabel's image and its shape (x, y, z)."""
    import nibabel

    with decoding(file):
        image: Any = nibabel.load(file)
    shape = tuple(image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in (2, 3):
        raise InputError.about(file, f"an array of shape {image.shape}", "one image or one stack")
    check_plausible(file, shape, image.header.get_data_dtype().itemsize)
    return image, (*shape, 1)[:3]


def describe_itk(file: Path) -> ImageInfo:
    """Return what the header of an NRRD, MetaImage or DICOM file declares."""
    reader, size = _open_itk(file)
    pixel_size = _itk_pixel_size(file, reader.GetSpacing(1), reader.GetSpacing(0))
    return ImageInfo(file, size[::-1], _itk_dtype(file, reader), pixel_size)


def _itk_pixel_size(file: Path, row: float, column: float) -> tuple[float, float] | None:
    """Return (row, column) in µm: in the units of an NRRD header, which ITK does not read, or in mm."""
    if suffix_of(file) != ".nrrd":
        return size_in_millimeters(file, row, column)
    header = _nrrd_header(file)
    spacing = re.search(r"^(?:spacings|space directions): *(.+)$", header, re.MULTILINE)
    if 1.0 in (row, column) and (spacing is None or "nan" in spacing[1].lower()):  # what ITK reads for unknown ones
        return None
    units = _nrrd_units(header)
    return declared_size(file, (row, column), (units[1], units[0])) if units else size_in_millimeters(file, row, column)


def _nrrd_header(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(2**16).partition(b"\n\n")[0].decode("utf-8", "replace")


def _nrrd_units(header: str) -> list[str]:
    """Return the units of the first two spatial axes, x and y; empty if the header names none."""
    for line in re.findall(r"^(?:space )?units: *(.+?)\r?$", header, re.MULTILINE):
        units = [unit for unit in re.findall(r'"([^"]*)"', line) if unit]
        if len(units) > 1:
            return units
    return []


def load_itk(file: Path, page: int | None) -> Stored:
    """Return the pixels of one slice, or of all slices for None."""
    import itk

    reader, size = _open_itk(file)
    dtype = _itk_dtype(file, reader)
    check_page(file, page, size[2])
    with decoding(file):
        array = itk.array_from_image(itk.imread(str(file), imageio=reader))
    array = array.reshape(*size[::-1], -1)
    if array.dtype != dtype:
        raise InputError.about(
            file, f"{dtype} values that ITK reads as {array.dtype}", "a data type that ITK preserves"
        )
    return Stored(array if page is None else array[page : page + 1])


def _open_itk(file: Path) -> tuple[Any, tuple[int, ...]]:
    """Return ITK's reader after it has read the header, and the size (x, y, z)."""
    if suffix_of(file) == ".dcm":
        _check_dicom_header(file)
    if suffix_of(file) == ".nrrd":
        _check_nrrd_spacings(file)
    import itk

    reader = getattr(itk, ITK_READERS[suffix_of(file)]).New()
    reader.SetFileName(str(file))
    with decoding(file):
        reader.ReadImageInformation()
    dimensions = reader.GetNumberOfDimensions()
    size = tuple(int(reader.GetDimensions(i)) for i in range(dimensions))
    if dimensions not in (2, 3):
        raise InputError.about(file, f"an array of {dimensions} dimensions", "one image or one stack")
    with decoding(file):
        itemsize = reader.GetComponentSize() * reader.GetNumberOfComponents()
    check_plausible(file, size, itemsize, _bytes_of_data(file))
    return reader, (*size, 1)[:3]


def _check_nrrd_spacings(file: Path) -> None:
    """Refuse spacings that NRRD forbids and ITK does not read."""
    spacings = re.search(r"^spacings: *(.+?)\r?$", _nrrd_header(file), re.MULTILINE)
    if spacings and re.search(r"(?<!\S)(?!nan)([a-z]\S*|[-+]?(inf\S*|0*\.?0*))(?!\S)", spacings[1], re.IGNORECASE):
        raise InputError.about(file, f"the spacings {spacings[1]}", "numbers other than 0, or NaN where unknown")


def _check_dicom_header(file: Path) -> None:
    """Refuse damaged file meta information, for which ITK would allocate gigabytes; see DICOM PS3.10, section 7.1."""
    with decoding(file), file.open("rb") as stream:
        content = stream.read(2**16)
    place, end = 132, file.stat().st_size
    while content[128:132] == b"DICM" and content[place : place + 2] == b"\2\0":
        kind = content[place + 4 : place + 6]
        long = kind in (b"OB", b"UN", b"UT", b"SQ", b"OW")
        size = content[place + 8 : place + 12] if long else content[place + 6 : place + 8]
        place += (12 if long else 8) + int.from_bytes(size, "little")
        if not kind.isalpha() or place > end:
            raise InputError.about(file, "a damaged DICOM header", "file meta information as DICOM defines it")


def _bytes_of_data(file: Path) -> int:
    """Return the size in bytes of the file with the pixels: the file itself, or the one that its header names."""
    with file.open("rb") as stream:
        named = _DATA_FILE.search(stream.read(2**16))
    data = file.parent / os.fsdecode(named[1]) if named else file
    return (data if data.is_file() else file).stat().st_size


def _itk_dtype(file: Path, reader: Any) -> np.dtype:
    name = reader.GetComponentTypeAsString(reader.GetComponentType())
    pixel = reader.GetPixelTypeAsString(reader.GetPixelType())
    if name not in _ITK_DTYPES or "complex" in pixel:
        raise InputError.about(file, f"{pixel} pixels of type {name}", "one of " + ", ".join(_ITK_DTYPES.values()))
    return np.dtype(_ITK_DTYPES[name])
