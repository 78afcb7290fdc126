"""TIFF stacks of microscopes: sets of files, claims of headers, pages of long stacks, values of black and white."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import tifffile

from custom.errors import InputError
from custom.images import describe, read_image, read_labels, write_image

STACK = np.random.default_rng(0).integers(0, 255, (3, 16, 17), dtype=np.uint8)


def write_ome_set(folder: Path, files: int, claimed: int) -> list[Path]:
    """Write a multi-file OME-TIFF: every file has one frame and the XML of all."""
    names = [f"x_t{number}.ome.tif" for number in range(files)]
    uuids = [UUID(int=number) for number in range(files)]
    frames = "".join(
        f'<TiffData FirstT="{t}" IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{uuid}</UUID></TiffData>'
        for t, (name, uuid) in enumerate(zip(names, uuids, strict=True))
    )
    for name, uuid, frame in zip(names, uuids, STACK, strict=False):
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{uuid}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" '
            f'SizeX="17" SizeY="16" SizeC="1" SizeZ="1" SizeT="{claimed}">'
            f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{frames}</Pixels></Image></OME>'
        )
        tifffile.imwrite(folder / name, frame, description=xml.encode(), metadata=None)
    return [folder / name for name in names]


def test_a_file_of_a_set_has_its_own_pages(tmp_path: Path) -> None:
    files = write_ome_set(tmp_path, 3, 3)
    assert [describe(file).shape for file in files] == [(16, 17)] * 3
    assert np.array_equal([read_image(file) for file in files], STACK)
    files[0].unlink()
    assert np.array_equal(read_image(files[1]), STACK[1])


def test_claims_are_checked_before_frames_are_listed(tmp_path: Path) -> None:
    (file,) = write_ome_set(tmp_path, 1, 2 * 10**9)
    with pytest.raises(InputError, match="a header that declares 2000000000 × 1 × 1 × 16 × 17 pixels"):
        describe(file)


def test_frames_that_are_missing(tmp_path: Path) -> None:
    (file,) = write_ome_set(tmp_path, 1, 3)
    with pytest.raises(InputError, match=r"2 page\(s\) with missing pixels"):
        describe(file)


def test_several_positions(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.ome.tif", ome=True) as writer:
        writer.write(STACK)
        writer.write(STACK)
    with pytest.raises(InputError, match="found 2 positions or series, expected one"):
        describe(tmp_path / "x.ome.tif")


def test_a_thumbnail_is_not_a_page(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as writer:
        writer.write(STACK[0])
        writer.write(STACK[0, ::4, ::4], subfiletype=1)
    assert np.array_equal(read_image(tmp_path / "x.tif"), STACK[0])


def test_the_size_is_that_of_the_image_not_of_a_thumbnail(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as writer:
        writer.write(STACK[0, ::4, ::4], subfiletype=1, resolution=(25e3, 25e3), resolutionunit="CENTIMETER")
        writer.write(STACK[0], resolution=(1e5, 1e5), resolutionunit="CENTIMETER")
    assert describe(tmp_path / "x.tif").pixel_size == pytest.approx((0.1, 0.1))


def write_micro_manager_set(folder: Path, files: int) -> list[Path]:
    """Write a multi-file stack as Micro-Manager does: two pages in each file, whose index maps complete each other."""
    summary = json.dumps({"MicroManagerVersion": "2", "Frames": 2 * files, "Prefix": "x"}).encode()
    paths = [folder / f"x_MMStack_{number}.ome.tif" for number in range(files)]
    for number, path in enumerate(paths):
        data = bytearray(40) + summary + bytes(-len(summary) % 4)
        offsets = []
        for page in STACK[:2] + number:
            at = len(data)
            offsets.append(at)
            last = len(offsets) == 2
            values = (17, 16, 8, 1, 1, at + 162, 1, 16, page.nbytes, 1, 1, 1)
            codes = (256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 296, 339)
            tags = [struct.pack("<HHII", code, 4, 1, value) for code, value in zip(codes, values, strict=True)]
            data += struct.pack("<H", 13) + b"".join(tags) + struct.pack("<HHII", 51123, 2, len(summary), 40)
            data += struct.pack("<I", 0 if last else at + 162 + page.nbytes) + page.tobytes()
        index_map = b"".join(struct.pack("<5I", 0, 0, 2 * number + i, 0, at) for i, at in enumerate(offsets))
        header = (b"II", 42, offsets[0], 54773648, len(data), 0, 0, 0, 0, 2355492, len(summary))
        data[:40] = struct.pack("<2sHIIIIIIIII", *header)
        path.write_bytes(data + struct.pack("<II", 3453623, 2) + index_map)
    return paths


def test_a_file_of_micro_managers_set_has_its_own_pages(tmp_path: Path) -> None:
    files = write_micro_manager_set(tmp_path, 2)
    with tifffile.TiffFile(files[0]) as tiff:
        assert tiff.series[0].shape == (4, 16, 17)  # of both files
    for number, file in enumerate(files):
        assert np.array_equal(read_image(file), STACK[:2] + number)
        assert np.array_equal(read_image(file, page=1), STACK[1] + number)


@pytest.mark.parametrize(
    "options",
    [{"imagej": True, "metadata": {"axes": "TYX"}}, {"metadata": None}, {"compression": "zlib"}, {"tile": (16, 16)}],
)
def test_a_page_takes_the_memory_of_a_page(tmp_path: Path, options: dict[str, object]) -> None:
    stack = np.random.default_rng(0).integers(0, 4000, (120, 64, 64)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", stack, **({"photometric": "minisblack"} | options))
    describe(tmp_path / "x.tif")
    tracemalloc.start()
    assert np.array_equal(read_image(tmp_path / "x.tif", page=77), stack[77])
    assert tracemalloc.get_traced_memory()[1] < 20 * stack[0].nbytes
    tracemalloc.stop()


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", STACK, photometric="minisblack")
    assert describe(tmp_path / "x.tif").shape == (3, 16, 17)
    tifffile.imwrite(tmp_path / "x.tif", STACK[:2], photometric="minisblack")
    assert np.array_equal(read_image(tmp_path / "x.tif"), STACK[:2])


def test_masks_of_one_bit_in_which_0_is_white(tmp_path: Path) -> None:
    mask = STACK[0] > 200
    tifffile.imwrite(tmp_path / "x.tif", ~mask, photometric="miniswhite")
    assert np.array_equal(read_image(tmp_path / "x.tif"), mask)
    assert np.array_equal(read_labels(tmp_path / "x.tif"), mask)


@pytest.mark.parametrize("bits", [4, 12])
def test_black_is_the_largest_value_of_the_bits(tmp_path: Path, bits: int) -> None:
    stored = (np.arange(16 * 18).reshape(16, 18) % 2**bits).astype(np.uint8 if bits < 8 else np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", stored, photometric="miniswhite", bitspersample=bits)
    assert np.array_equal(read_image(tmp_path / "x.tif"), 2**bits - 1 - stored)


def test_black_and_white_of_signed_integers(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.array([[30000, -30000]], np.int16), photometric="miniswhite")
    assert read_image(tmp_path / "x.tif").tolist() == [[-30001, 29999]]


@pytest.mark.filterwarnings("ignore:builtin type")
def test_dicom_in_which_0_is_white(tmp_path: Path) -> None:
    import itk

    stored = np.arange(16 * 18, dtype=np.uint16).reshape(16, 18)
    itk.imwrite(itk.image_from_array(stored), str(tmp_path / "x.dcm"))
    content = (tmp_path / "x.dcm").read_bytes().replace(b"MONOCHROME2", b"MONOCHROME1")
    bits, highest = b"\x28\0\x01\x01\x02\0\0\0", b"\x28\0\x02\x01\x02\0\0\0"
    content = content.replace(bits + b"\x10", bits + b"\x0c").replace(highest + b"\x0f", highest + b"\x0b")
    (tmp_path / "x.dcm").write_bytes(content)
    assert np.array_equal(read_image(tmp_path / "x.dcm"), 4095 - stored)


@pytest.mark.parametrize("shape", [(5, 7, 1), (5, 1, 7), (5, 1, 1), (1, 7, 1), (7, 1), (1, 7), (1, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_one_pixel_wide(tmp_path: Path, shape: tuple[int, ...], dtype: type) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    write_image(tmp_path / "x.tif", array)
    assert np.array_equal(read_image(tmp_path / "x.tif"), array[0] if shape == (1, 7, 1) else array)


def test_labels_too_large_to_count_with(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.full((4, 4), 2**63, np.uint64), photometric="minisblack")
    with pytest.raises(InputError, match="found the label 9223372036854775808, expected labels below"):
        read_labels(tmp_path / "x.tif")
