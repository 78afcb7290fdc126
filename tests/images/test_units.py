"""Pixel sizes: one table of units for all formats, and sizes that are none."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile

from custom.errors import InputError
from custom.images import describe

IMAGE = np.zeros((8, 9), np.uint8)
OME = (
    '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="9" SizeY="8" SizeC="1" '
    'SizeZ="1" SizeT="1" PhysicalSizeX="{0}" PhysicalSizeXUnit="{2}" PhysicalSizeY="{1}" PhysicalSizeYUnit="{3}">'
    '<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>'
)
NRRD = "NRRD0004\ntype: uint8\ndimension: 2\nsizes: 9 8\n{}encoding: raw\n\n"


def write_ome(file: Path, x: str, y: str, x_unit: str, y_unit: str) -> Path:
    tifffile.imwrite(file, IMAGE, description=OME.format(x, y, x_unit, y_unit).encode(), metadata=None)
    return file


def write_imagej(file: Path, size: float, **metadata: str) -> Path:
    tifffile.imwrite(file, IMAGE, imagej=True, resolution=(1 / size, 1 / size), metadata=metadata)
    return file


def write_nrrd(file: Path, header: str) -> Path:
    file.write_bytes(NRRD.format(header).encode() + IMAGE.tobytes())
    return file


def size_of(file: Path) -> tuple[float, float] | None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*pixel size")
        return describe(file).pixel_size


@pytest.mark.parametrize(
    ("length", "unit", "micrometers"),
    [
        ("2", "pm", 2e-6),
        ("2", "Å", 2e-4),
        ("2", "\N{ANGSTROM SIGN}", 2e-4),
        ("2", "nm", 2e-3),
        ("2", "µm", 2),
        ("2", "\N{GREEK SMALL LETTER MU}m", 2),
        ("0.002", "mm", 2),
        ("2e-4", "cm", 2),
        ("2e-6", "m", 2),
        ("1e-4", "in", 2.54),
        ("1", "A\u030angström", 1e-4),
        ("0.0072", "pt", 2.54),
    ],
)
def test_units_of_ome(tmp_path: Path, length: str, unit: str, micrometers: float) -> None:
    file = write_ome(tmp_path / "a.ome.tif", length, "3", unit, "nm")
    assert size_of(file) == pytest.approx((0.003, micrometers))


@pytest.mark.parametrize(
    ("metadata", "size"),
    [
        ({"unit": "um"}, (0.5, 0.5)),
        ({"unit": r"\u00B5m"}, (0.5, 0.5)),
        ({"unit": "microns"}, (0.5, 0.5)),
        ({"unit": r"\u00C5"}, (5e-5, 5e-5)),
        ({"unit": "angstroms"}, (5e-5, 5e-5)),
        ({"unit": "nm", "yunit": "um"}, (0.5, 5e-4)),
        ({"unit": "pixel"}, None),
        ({"unit": "inch"}, None),  # half an inch: a printer's
    ],
)
def test_units_of_imagej(tmp_path: Path, metadata: dict[str, str], size: tuple[float, float] | None) -> None:
    file = write_imagej(tmp_path / "a.tif", 0.5, **metadata)
    assert size_of(file) == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ('space dimension: 2\nspace directions: (0.2,0) (0,0.3)\nspace units: "microns" "microns"\n', (0.3, 0.2)),
        ('space dimension: 2\nspace directions: (0.2,0) (0,0.3)\nspace units: "nm" "um"\n', (0.3, 0.0002)),
        ('spacings: 0.2 0.3\nunits: "um" "um"\n', (0.3, 0.2)),
        ("spacings: 0.002 0.003\n", (3, 2)),  # mm
    ],
)
def test_units_of_nrrd(tmp_path: Path, header: str, size: tuple[float, float]) -> None:
    assert size_of(write_nrrd(tmp_path / "a.nrrd", header)) == pytest.approx(size)


@pytest.mark.parametrize("length", ["0", "0.0", "-1", "NaN", "INF", "", "wide"])
def test_lengths_that_are_none(tmp_path: Path, length: str) -> None:
    assert size_of(write_ome(tmp_path / "a.ome.tif", length, length, "µm", "µm")) is None
    assert size_of(write_ome(tmp_path / "b.ome.tif", "1", length, "µm", "µm")) is None


def test_a_resolution_without_denominator(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, IMAGE, resolution=(1e5, 1e5), resolutionunit="CENTIMETER")
    assert size_of(file) == pytest.approx((0.1, 0.1))
    with tifffile.TiffFile(file, mode="r+b") as tiff:
        tiff.pages[0].tags["XResolution"].overwrite((7, 0))
    assert size_of(file) is None


def write_nifti(file: Path, size: float, unit: int) -> Path:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(IMAGE.T, None), file)
    content = bytearray(file.read_bytes())
    content[80:88], content[123] = struct.pack("<2f", size, size), unit
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf")])
def test_nifti_of_no_size(tmp_path: Path, size: float) -> None:
    """Also 0 and −1, which nibabel reads as 1."""
    assert size_of(write_nifti(tmp_path / "a.nii", size, 3)) is None


def test_nifti_of_an_unknown_unit(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="the unit of the pixel size, '7', is not known"):
        assert describe(write_nifti(tmp_path / "a.nii", 0.5, 7)).pixel_size is None
    assert size_of(write_nifti(tmp_path / "a.nii", 0.5, 3)) == (0.5, 0.5)


@pytest.mark.parametrize("field", ["spacings: NaN NaN\n", "", "spacings: -1 -1\n", "spacings: 0.2 NaN\n"])
def test_nrrd_of_no_size(tmp_path: Path, field: str) -> None:
    assert size_of(write_nrrd(tmp_path / "a.nrrd", field + 'units: "um" "um"\n')) is None


@pytest.mark.parametrize("spacings", ["0 0", "0.2 0.0", "inf 1", "wide 1"])
def test_nrrd_that_itk_does_not_read(tmp_path: Path, spacings: str) -> None:
    with pytest.raises(InputError, match=f"found the spacings {spacings}, expected numbers other than 0, or NaN"):
        describe(write_nrrd(tmp_path / "a.nrrd", f"spacings: {spacings}\n"))


@pytest.mark.parametrize("spacing", ["0 0", "-1 -1", "NaN NaN", "inf inf", "wide wide", "0.0002 0"])
def test_metaimage_of_no_size(tmp_path: Path, spacing: str) -> None:
    header = f"ObjectType = Image\nNDims = 2\nBinaryData = True\nElementSpacing = {spacing}\nDimSize = 9 8\n"
    content = f"{header}ElementType = MET_UCHAR\nElementDataFile = LOCAL\n".encode() + IMAGE.tobytes()
    (tmp_path / "a.mha").write_bytes(content)
    assert size_of(tmp_path / "a.mha") is None


def test_an_unknown_unit_is_named(tmp_path: Path) -> None:
    file = write_ome(tmp_path / "a.ome.tif", "1", "1", "furlong", "µm")
    with pytest.warns(UserWarning, match=r"a\.ome\.tif: the unit of the pixel size, 'furlong', is not known"):
        assert describe(file).pixel_size is None


def test_sizes_that_no_microscope_has_are_mentioned(tmp_path: Path) -> None:
    """Believed if the file names the unit, not if its format prescribes mm."""
    named = write_nrrd(tmp_path / "a.nrrd", 'spacings: 0.19 0.19\nunits: "mm" "mm"\n')
    with pytest.warns(UserWarning, match="190 × 190 µm, which no microscope has, is used"):
        assert describe(named).pixel_size == pytest.approx((190, 190))
    file = tmp_path / "a.mha"
    header = "ObjectType = Image\nNDims = 2\nBinaryData = True\nElementSpacing = 0.65 0.65\nDimSize = 9 8\n"
    file.write_bytes(f"{header}ElementType = MET_UCHAR\nElementDataFile = LOCAL\n".encode() + IMAGE.tobytes())
    with pytest.warns(UserWarning, match="650 × 650 µm, which no microscope has, is not used"):
        assert describe(file).pixel_size is None


def test_a_size_finer_than_any_microscope(tmp_path: Path) -> None:
    file = write_ome(tmp_path / "a.ome.tif", "6.5e-8", "6.5e-8", "µm", "µm")  # m, taken for µm
    with pytest.warns(UserWarning, match="6.5e-08 × 6.5e-08 µm, which no microscope has, is used"):
        assert describe(file).pixel_size == pytest.approx((6.5e-8, 6.5e-8))


def test_calibration_of_electron_microscopes(tmp_path: Path) -> None:
    """FEI and Zeiss store it in tags of their own, in m and nm, next to a resolution for printers."""
    fei = "[Scan]\r\nPixelWidth=2.5e-9\r\nPixelHeight=5e-9\r\n"
    ions = fei.replace("[Scan]", "[IScan]")
    tags = {
        "fei": (34682, fei),
        "ions": (34682, ions),
        "zeiss": (34118, "\r\n0\r\n\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 4.5 nm\r\n"),
    }
    for name, (tag, text) in tags.items():
        options = {"resolution": (72, 72), "extratags": [(tag, "s", 0, text, True)]}
        tifffile.imwrite(tmp_path / f"{name}.tif", IMAGE, metadata=None, **options)
    assert size_of(tmp_path / "fei.tif") == pytest.approx((0.005, 0.0025))
    assert size_of(tmp_path / "ions.tif") == pytest.approx((0.005, 0.0025))
    assert size_of(tmp_path / "zeiss.tif") == pytest.approx((0.0045, 0.0045))


def write_metamorph(file: Path, calibrated: int) -> None:
    """Write a TIFF with MetaMorph's tags UIC1 and UIC2, whose values are offsets in the file."""
    image = IMAGE.tobytes()
    fractions = 8 + len(image)
    uic1 = fractions + 28
    values = struct.pack("<5I4s4x", 2, 10, 1, 10, 3, b"um\0")  # 2 / 10 and 1 / 10 µm
    values += struct.pack("<8I", 3, calibrated, 4, fractions + 8, 5, fractions, 6, fractions + 16)
    values += struct.pack("<6I", 1, 1, 2451545, 0, 2451545, 0)
    tags = [(256, 3, 1, 9), (257, 3, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    tags += [(277, 3, 1, 1), (278, 3, 1, 8), (279, 4, 1, len(image)), (33628, 4, 4, uic1), (33629, 5, 1, uic1 + 32)]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    file.write_bytes(struct.pack("<2sHI", b"II", 42, 8 + len(image + values)) + image + values + directory)


def test_calibration_of_metamorph(tmp_path: Path) -> None:
    write_metamorph(tmp_path / "stack.tif", 1)
    write_metamorph(tmp_path / "none.tif", 0)
    settings = (
        "".join(
            f'<prop id="spatial-calibration-{name}" type="{kind}" value="{value}"/>'
            for name, kind, value in (("state", "bool", "on"), ("x", "float", "0.1"), ("y", "float", "0.2"))
        )
        + '<prop id="spatial-calibration-units" type="string" value="um"/>'
    )
    text = f"<MetaData><PlaneInfo>{settings}</PlaneInfo></MetaData>"
    tifffile.imwrite(tmp_path / "series.tif", IMAGE, description=text, software="MetaSeries", metadata=None)
    assert size_of(tmp_path / "stack.tif") == pytest.approx((0.2, 0.1))
    assert size_of(tmp_path / "none.tif") is None
    assert size_of(tmp_path / "series.tif") == pytest.approx((0.2, 0.1))
