"""Reading of known images in every format, and refusal of invalid files."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from custom.errors import InputError
from custom.images import JPEG_NOISE, SUFFIXES, describe, is_image_file, read_image, read_labels

Write = Callable[[Path, np.ndarray], None]


def marked(dtype: type = np.uint8, shape: tuple[int, ...] = (5, 7)) -> np.ndarray:
    """Return an image that changes with any flip, rotation or transposition; the mark is at [1, 5]."""
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    array[..., 1, 5] = 100
    return array


def stack(dtype: type = np.uint8) -> np.ndarray:
    return marked(dtype, (3, 5, 7))


def noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def tiff(**options: object) -> Write:
    return lambda path, array: tifffile.imwrite(path, array, **{"photometric": "minisblack", **options})


def pillow(mode: str | None = None) -> Write:
    return lambda path, array: Image.fromarray(array).convert(mode or Image.fromarray(array).mode).save(path)


def nifti(path: Path, array: np.ndarray) -> None:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(array.T, np.diag([-1, -1, 1, 1])), path)


def itk_file(path: Path, array: np.ndarray) -> None:
    import itk

    itk.imwrite(itk.image_from_array(array), str(path))


def pages_that_differ(path: Path, array: np.ndarray) -> None:
    """Write pages with different compression, which tifffile treats as separate images."""
    with tifffile.TiffWriter(path) as writer:
        for number, page in enumerate(array):
            writer.write(page, compression="zlib" if number % 2 else None, metadata=None, photometric="minisblack")


def save_npy(path: Path, array: np.ndarray) -> None:
    np.save(path, array)


# ------------------------------------------------------------------------------------------------------ known images

ROUND_TRIPS = [
    pytest.param("a.tif", tiff(), marked(), id="tiff"),
    pytest.param("A.TIF", tiff(), marked(), id="tiff-upper-case"),
    pytest.param("a.tiff", tiff(compression="lzw"), marked(np.uint16), id="tiff-lzw"),
    pytest.param("a.tif", tiff(compression="zstd"), marked(np.uint16), id="tiff-zstd"),
    pytest.param("a.tif", tiff(compression="lzma"), marked(np.float32), id="tiff-lzma-float"),
    pytest.param("a.tif", tiff(tile=(16, 16), compression="zlib"), marked(np.uint16, (40, 50)), id="tiff-tiled"),
    pytest.param("a.tif", tiff(bigtiff=True), stack(), id="bigtiff"),
    pytest.param("a.btf", tiff(bigtiff=True), marked(), id="btf"),
    pytest.param("a.tif", tiff(byteorder=">"), marked(np.uint16), id="tiff-big-endian"),
    pytest.param("a.tif", tiff(), marked(np.float16), id="tiff-float16"),
    pytest.param("a.tif", tiff(), marked(np.int16), id="tiff-signed"),
    pytest.param("a.tif", tiff(), stack(np.uint16), id="tiff-stack"),
    pytest.param("a.tif", pages_that_differ, stack(), id="tiff-stack-of-differing-storage"),
    pytest.param("a.tif", tiff(volumetric=True, tile=(1, 16, 16)), stack(), id="tiff-volume"),
    pytest.param("a.ome.tif", tiff(ome=True, metadata={"axes": "ZYX"}), stack(np.uint16), id="ome-z"),
    pytest.param("a.ome.tif", tiff(ome=True, metadata={"axes": "TYX"}), stack(np.uint16), id="ome-t"),
    pytest.param("a.tif", tiff(imagej=True, metadata={"axes": "ZYX"}), stack(np.uint16), id="imagej-z"),
    pytest.param("a.tif", tiff(imagej=True, metadata={"axes": "TYX"}), stack(np.float32), id="imagej-t"),
    pytest.param("a.png", pillow(), marked(), id="png"),
    pytest.param("a.png", pillow(), marked(np.uint16) * 300, id="png-16"),
    pytest.param("a.bmp", pillow(), marked(), id="bmp"),
    pytest.param("a.bmp", pillow("RGB"), marked(), id="bmp-rgb"),
    pytest.param("a.npy", save_npy, marked(np.float64), id="npy"),
    pytest.param("a.npy", save_npy, marked(np.dtype(">u2")), id="npy-big-endian"),
    pytest.param("a.npy", save_npy, np.asfortranarray(stack()), id="npy-fortran"),
    pytest.param("a.nii", nifti, marked(np.uint16), id="nifti"),
    pytest.param("a.nii", nifti, stack(np.float32), id="nifti-stack"),
    pytest.param("a.nii.gz", nifti, stack(), id="nifti-gz"),
    pytest.param("a.nrrd", itk_file, marked(np.uint16), id="nrrd"),
    pytest.param("a.nrrd", itk_file, stack(np.float32), id="nrrd-stack"),
    pytest.param("a.mha", itk_file, marked(np.int16), id="mha"),
    pytest.param("a.mha", itk_file, stack(np.uint32), id="mha-stack"),
    pytest.param("a.mhd", itk_file, stack(), id="mhd-raw"),
    pytest.param("a.dcm", itk_file, marked(np.uint16), id="dicom"),
    pytest.param("a.dcm", itk_file, stack(np.uint16), id="dicom-frames"),
]


@pytest.mark.parametrize(("name", "write", "array"), ROUND_TRIPS)
def test_reads_what_was_written(tmp_path: Path, name: str, write: Write, array: np.ndarray) -> None:
    path = tmp_path / name
    write(path, array)
    image = read_image(path)
    np.testing.assert_array_equal(image, array)
    assert image.dtype == array.dtype.newbyteorder("=")
    assert image.flags.c_contiguous
    assert image.flags.writeable
    info = describe(path)
    assert (info.path, info.shape, info.dtype) == (path, image.shape, image.dtype)


@pytest.mark.parametrize(("name", "write", "array"), ROUND_TRIPS)
def test_reads_one_page(tmp_path: Path, name: str, write: Write, array: np.ndarray) -> None:
    write(tmp_path / name, array)
    pages = array if array.ndim == 3 else array[np.newaxis]
    last = len(pages) - 1
    np.testing.assert_array_equal(read_image(tmp_path / name, page=last), pages[last])
    for page in (-1, len(pages)):
        with pytest.raises(InputError, match=f"no page {page}"):
            read_image(tmp_path / name, page=page)


def test_one_page_leaves_the_others_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise((3, 64, 64)), compression="zlib", photometric="minisblack")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[0]
    with path.open("rb+") as stream:
        stream.seek(offset)
        stream.write(bytes(50))
    assert read_image(path, page=2).shape == (64, 64)
    with pytest.raises(InputError, match="broken"):
        read_image(path, page=0)


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.tif", tiff()), ("a.png", pillow()), ("a.npy", save_npy)],
)
def test_bool_and_one_bit_become_0_and_1(tmp_path: Path, name: str, write: Write) -> None:
    mask = marked() > 20
    write(tmp_path / name, mask)
    for read in (read_image, read_labels):
        array = read(tmp_path / name)
        assert array.dtype == np.uint8
        np.testing.assert_array_equal(array, mask)
    assert describe(tmp_path / name).dtype == np.uint8


def test_a_stack_of_one_is_an_image(tmp_path: Path) -> None:
    for name, write in (("a.npy", save_npy), ("a.tif", tiff()), ("a.nii", nifti), ("a.mha", itk_file)):
        write(tmp_path / name, marked()[np.newaxis])
        assert read_image(tmp_path / name).shape == describe(tmp_path / name).shape == (5, 7)


@pytest.mark.parametrize("bits", [2, 4])
def test_gray_png_of_few_bits_keeps_its_values(tmp_path: Path, bits: int) -> None:
    """Pillow alone gives 0, 85, 170 and 255 for 2 bits."""
    path = tmp_path / "a.png"
    values = bytes([0b00_01_10_11]) if bits == 2 else bytes([0x01, 0x23])
    header = struct.pack(">IIBBBBB", 4, 1, bits, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + values)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    np.testing.assert_array_equal(read_labels(path), [[0, 1, 2, 3]])


def test_jpeg_is_close_to_what_was_written(tmp_path: Path) -> None:
    array = np.zeros((40, 56), np.uint8)
    array[8:16, 40:48] = 200
    for mode in ("L", "RGB"):
        Image.fromarray(array).convert(mode).save(tmp_path / "a.jpg", quality=95)
        image = read_image(tmp_path / "a.jpg")
        assert image.dtype == np.uint8
        np.testing.assert_allclose(image.astype(int), array.astype(int), atol=10)


def test_white_is_zero_is_shown_bright_and_labeled_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, marked(), photometric="miniswhite")
    np.testing.assert_array_equal(read_image(path), 255 - marked())
    np.testing.assert_array_equal(read_labels(path), marked())


def test_suffixes_tell_image_files(tmp_path: Path) -> None:
    for name in ("a.TIF", "b.nii.gz", "c.txt", ".d.tif"):
        (tmp_path / name).touch()
    assert [is_image_file(tmp_path / name) for name in ("a.TIF", "b.nii.gz", "c.txt", ".d.tif", "e.tif")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert {".tif", ".png", ".npy", ".nii.gz", ".nrrd", ".dcm"} <= set(SUFFIXES)


# ------------------------------------------------------------------------------------------------- color and palettes


def rgb(difference: int, dtype: type = np.uint8) -> np.ndarray:
    """Return a gray RGB image in which the red of one pixel is higher by ``difference``."""
    array = np.repeat(marked(dtype)[..., np.newaxis], 3, axis=-1)
    array[1, 5, 0] += difference
    return array


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy"])
@pytest.mark.parametrize(("difference", "expected"), [(0, 100), (19, 106), (JPEG_NOISE, 108)])
def test_nearly_equal_channels_become_their_mean(tmp_path: Path, name: str, difference: int, expected: int) -> None:
    path = tmp_path / name
    {"a.png": pillow(), "a.tif": tiff(photometric="rgb"), "a.npy": save_npy}[name](path, rgb(difference))
    image = read_image(path)
    assert (image.shape, image.dtype) == ((5, 7), np.uint8)
    assert image[1, 5] == expected
    assert describe(path).shape == (5, 7)


def test_color_needs_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(rgb(JPEG_NOISE + 1)).save(path)
    with pytest.raises(InputError, match=r"differ by up to 25, .*`--channels luminance`"):
        read_image(path)
    assert read_image(path, channels="luminance")[1, 5] == round(100 + 0.299 * 25)


def test_color_png_of_16_bits_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), rgb(0, np.uint16) * 300)
    image = read_image(path)
    np.testing.assert_array_equal(image, marked(np.uint16) * 300)
    assert image.dtype == describe(path).dtype == np.uint16


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_color_stack(tmp_path: Path, planar: str) -> None:
    path = tmp_path / "a.tif"
    array = np.repeat(stack()[..., np.newaxis], 3, axis=-1)
    if planar == "separate":
        array = np.moveaxis(array, -1, 1)
    tifffile.imwrite(path, array, photometric="rgb", planarconfig=planar)
    np.testing.assert_array_equal(read_image(path), stack())
    np.testing.assert_array_equal(read_image(path, page=2), stack()[2])


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_dropped_only_when_constant(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    picture = Image.fromarray(marked()).convert(mode)
    picture.save(path)
    np.testing.assert_array_equal(read_image(path), marked())
    np.testing.assert_array_equal(read_labels(path), marked())
    picture.putpixel((5, 1), (100,) * (len(mode) - 1) + (0,))
    picture.save(path)
    with pytest.raises(InputError, match="varies"):
        read_image(path)


def test_palette_gives_gray_for_images_and_indices_for_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    indices = (marked() % 3).astype(np.uint8)
    picture = Image.fromarray(indices, mode="P")
    picture.putpalette([0, 0, 0, 90, 90, 90, 200, 200, 200])
    picture.save(path)
    np.testing.assert_array_equal(read_image(path), np.array([0, 90, 200])[indices])
    np.testing.assert_array_equal(read_labels(path), indices)


def test_tiff_palette(tmp_path: Path) -> None:
    """A monotonic look-up table encodes intensities; a palette of class colors encodes colors."""
    path = tmp_path / "a.tif"
    ramp = np.arange(256, dtype=np.uint16) * 257
    green = np.stack([ramp * 0, ramp, ramp * 0])
    tifffile.imwrite(path, marked(), photometric="palette", colormap=green)
    np.testing.assert_array_equal(read_image(path), marked())
    two_colors = np.stack([ramp[::-1], ramp, ramp * 0])
    tifffile.imwrite(path, marked(), photometric="palette", colormap=two_colors)
    np.testing.assert_array_equal(read_labels(path), marked())
    with pytest.raises(InputError, match="color"):
        read_image(path)


# ------------------------------------------------------------------------------------------------------------- labels


def test_labels_are_unsigned(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for dtype, top, expected in (
        (np.uint16, 3, np.uint16),
        (np.int64, 300, np.uint16),
        (np.float32, 3, np.uint8),
        (np.int32, 70_000, np.uint32),
    ):
        np.save(path, np.array([[0, 1, top], [0, 0, 0]], dtype))
        labels = read_labels(path)
        assert labels.dtype == expected
        assert labels[0, 2] == top


# --------------------------------------------------------------------------------------------------------- pixel sizes


def sized_itk(path: Path) -> None:
    import itk

    image = itk.image_from_array(marked(np.uint16))
    image.SetSpacing([0.1e-3, 0.2e-3])
    itk.imwrite(image, str(path))


def sized_nifti(unit: str, zooms: tuple[float, float, float]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import nibabel

        image = nibabel.Nifti1Image(stack().T, np.diag([*zooms, 1]))
        image.header.set_xyzt_units(unit)
        nibabel.save(image, path)

    return write


def sized_tiff(**options: object) -> Callable[[Path], None]:
    return lambda path: tiff(**options)(path, stack())


def sized_png(dpi: float | None) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(marked()).save(path, **({"dpi": (dpi, dpi)} if dpi else {}))


OME = {"axes": "ZYX", "PhysicalSizeY": 200, "PhysicalSizeYUnit": "nm", "PhysicalSizeX": 0.1}
IMAGEJ = {"imagej": True, "resolution": (10, 5)}
ROW_COLUMN = (0.2, 0.1)


@pytest.mark.parametrize(
    ("name", "write", "expected"),
    [
        ("a.tif", sized_tiff(**IMAGEJ, metadata={"axes": "ZYX", "unit": "um"}), ROW_COLUMN),
        ("a.tif", sized_tiff(**IMAGEJ, metadata={"axes": "ZYX", "unit": "micron"}), ROW_COLUMN),
        ("a.tif", sized_tiff(**IMAGEJ, metadata={"axes": "ZYX", "unit": "\\u00B5m"}), ROW_COLUMN),
        ("a.tif", sized_tiff(**IMAGEJ, metadata={"axes": "ZYX", "unit": "pixel"}), None),
        ("a.tif", sized_tiff(**IMAGEJ, metadata={"axes": "ZYX"}), None),
        ("a.tif", sized_tiff(resolution=(1e5, 5e4), resolutionunit="CENTIMETER"), ROW_COLUMN),
        ("a.tif", sized_tiff(resolution=(254_000, 127_000), resolutionunit="INCH"), ROW_COLUMN),
        ("a.tif", sized_tiff(resolution=(72, 72), resolutionunit="INCH"), None),
        ("a.tif", sized_tiff(resolution=(10, 5), resolutionunit="NONE"), None),
        ("a.ome.tif", sized_tiff(ome=True, metadata=OME), ROW_COLUMN),
        ("a.ome.tif", sized_tiff(ome=True, metadata={"axes": "ZYX"}), None),
        ("a.nii", sized_nifti("mm", (0.1e-3, 0.2e-3, 1)), ROW_COLUMN),
        ("a.nii", sized_nifti("micron", (0.1, 0.2, 1)), ROW_COLUMN),
        ("a.nii", sized_nifti("micron", (1, 1, 1)), (1.0, 1.0)),
        ("a.nii", sized_nifti("mm", (1, 1, 1)), None),
        ("a.nii", sized_nifti("unknown", (0.1, 0.2, 1)), None),
        ("a.nrrd", sized_itk, ROW_COLUMN),
        ("a.mha", sized_itk, ROW_COLUMN),
        ("a.dcm", sized_itk, ROW_COLUMN),
        ("a.mha", lambda path: itk_file(path, marked()), None),
        ("a.png", sized_png(72), None),
        ("a.png", sized_png(None), None),
        ("a.png", sized_png(127_000), (0.2, 0.2)),
        ("a.npy", lambda path: np.save(path, marked()), None),
    ],
)
def test_pixel_size_only_where_declared(
    tmp_path: Path, name: str, write: Callable[[Path], None], expected: tuple[float, float] | None
) -> None:
    write(tmp_path / name)
    size = describe(tmp_path / name).pixel_size
    assert size == (None if expected is None else pytest.approx(expected, rel=1e-5))


# -------------------------------------------------------------------------------------------------------------- errors


def wrong_pixels(value: float) -> Callable[[Path], None]:
    return lambda path: np.save(path, np.array([[0, value], [0, 0]]))


def array_file(array: np.ndarray) -> Callable[[Path], None]:
    return lambda path: np.save(path, array)


def pages_of_two_shapes(path: Path) -> None:
    with tifffile.TiffWriter(path) as writer:
        writer.write(marked(), photometric="minisblack")
        writer.write(marked(shape=(9, 8)), photometric="minisblack")


def unwritten_strips(path: Path) -> None:
    """Write an image without one of its tiles, which tifffile fills with zeros."""
    tiles = iter([noise((16, 16)), None])
    tifffile.imwrite(path, tiles, shape=(16, 32), dtype=np.uint8, tile=(16, 16), compression="zlib")


def turned_jpeg(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(marked()).save(path, exif=exif)


def deep_array(path: Path) -> None:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 7, 3, 2), np.uint8), np.eye(4)), path)


def animation(path: Path) -> None:
    first, second = Image.fromarray(marked()), Image.fromarray(255 - marked())
    first.save(path, save_all=True, append_images=[second])


def object_array(path: Path) -> None:
    np.save(path, np.array([[{}]], dtype=object), allow_pickle=True)


def archive(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, marked())


@pytest.mark.parametrize(
    ("name", "write", "found"),
    [
        ("missing.tif", lambda path: None, "no such file"),
        ("folder.tif", lambda path: path.mkdir(), "a folder"),
        ("zero.png", lambda path: path.touch(), "0 bytes"),
        ("notes.txt", lambda path: path.write_text("hello"), "suffix '.txt', expected one of .tif, .tiff"),
        ("text.tif", lambda path: path.write_text("hello"), "not a TIFF file"),
        ("text.nii.gz", lambda path: path.write_bytes(gzip.compress(b"hello")), "broken"),
        ("jpeg.png", lambda path: Image.fromarray(marked()).save(path, format="JPEG"), "broken"),
        ("archive.npy", archive, "broken"),
        ("nan.npy", wrong_pixels(np.nan), "1 NaN or infinite"),
        ("inf.npy", wrong_pixels(np.inf), "1 NaN or infinite"),
        ("empty.npy", array_file(np.zeros((0, 5))), "empty image"),
        ("complex.npy", array_file(np.zeros((5, 7), complex)), "complex128"),
        ("object.npy", object_array, "[Oo]bject"),
        ("line.npy", array_file(np.zeros(5)), r"shape \(5,\)"),
        ("five.npy", array_file(np.zeros((2, 3, 5, 6, 7))), "shape"),
        ("two.npy", array_file(noise((5, 7, 2))), "varies"),
        ("five.tif", lambda path: tiff(planarconfig="contig")(path, noise((8, 9, 5))), "5 channels"),
        ("c.ome.tif", lambda path: tiff(ome=True, metadata={"axes": "CYX"})(path, stack()), "3 channels"),
        ("c.tif", lambda path: tiff(imagej=True, metadata={"axes": "CYX"})(path, stack()), "3 channels"),
        ("tz.tif", lambda path: tiff(imagej=True, metadata={"axes": "TZYX"})(path, noise((2, 3, 5, 7))), "axes TZYX"),
        ("cmyk.tif", lambda path: tifffile.imwrite(path, noise((5, 7, 4)), photometric="separated"), "SEPARATED"),
        ("cmyk.jpg", lambda path: Image.fromarray(noise((5, 7, 4)), mode="CMYK").save(path), "CMYK"),
        ("shapes.tif", pages_of_two_shapes, r"different shapes, \(5, 7\) and \(9, 8\)"),
        ("hole.tif", unwritten_strips, "missing pixels"),
        ("turned.jpg", turned_jpeg, "orientation tag 6"),
        ("turned.tif", lambda path: tiff(extratags=[(274, "H", 1, 8, True)])(path, marked()), "orientation tag 8"),
        ("animation.png", animation, "animation of 2 frames"),
        ("deep.nii", deep_array, r"shape \(5, 7, 3, 2\)"),
    ],
)
def test_each_fault_is_one_sentence(tmp_path: Path, name: str, write: Callable[[Path], object], found: str) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(InputError, match=found) as caught:
        read_image(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: found ")
    assert ", expected " in message
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.array([[0, 0.5]]), "1 pixels with fractional values"),
        (np.array([[0, -1]]), "negative label -1"),
        (rgb(19), "differ by up to 19"),
    ],
)
def test_labels_that_are_none(tmp_path: Path, array: np.ndarray, found: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match=found):
        read_labels(tmp_path / "a.npy")


TRUNCATED = [
    ("a.tif", tiff()),
    ("a.tif", tiff(imagej=True, metadata={"axes": "ZYX"})),
    *[("a.tif", tiff(compression=c, rowsperstrip=16)) for c in ("zlib", "lzw", "zstd", "lzma", "packbits", "jpeg")],
    ("a.tif", pages_that_differ),
    ("a.npy", save_npy),
    ("a.nii", nifti),
    ("a.nii.gz", nifti),
    ("a.nrrd", itk_file),
    ("a.mha", itk_file),
    ("a.dcm", itk_file),
]


@pytest.mark.parametrize(("name", "write"), [*TRUNCATED, *[(f"a.{s}", None) for s in ("png", "jpg", "bmp")]])
def test_a_truncated_file_is_never_zeros(tmp_path: Path, name: str, write: Write | None) -> None:
    path = tmp_path / name
    if write is None:
        Image.fromarray(noise((50, 60))).save(path)
    else:
        write(path, noise((3, 50, 60)))
    whole = path.read_bytes()
    for part in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(InputError):
            read_image(path)


def test_a_missing_raw_file(tmp_path: Path) -> None:
    itk_file(tmp_path / "a.mhd", marked())
    (tmp_path / "a.raw").unlink()
    with pytest.raises(InputError, match=r"a\.mhd"):
        read_image(tmp_path / "a.mhd")


def test_a_truncated_deep_png(tmp_path: Path) -> None:
    whole = imagecodecs.png_encode(np.repeat(noise((20, 30, 1)), 3, axis=-1).astype(np.uint16) * 257)
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="broken"):
        read_image(tmp_path / "a.png")


def test_nothing_but_the_error_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """For a stack without its last pages, tifffile would log a message."""
    path = tmp_path / "a.tif"
    tiff(compression="zlib")(path, noise((4, 64, 64)))
    path.write_bytes(path.read_bytes()[:-6000])
    with pytest.raises(InputError):
        read_image(path)
    assert capfd.readouterr() == ("", "")


# ----------------------------------------------------------------------------------------------------------- real data


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "pixel_size"),
    [
        ("isbi2012/train-volume.tif", (24, 512, 512), np.uint8, None),
        ("DIC-C2DH-HeLa/01/t000.tif", (512, 512), np.uint8, (0.19, 0.19)),
        ("synseg/cytoskeleton/real_unlabelled/actin.tif", (1220, 1220), np.uint16, (0.0425, 0.0425)),
        ("synseg/cytoskeleton/img/0.jpg", (1024, 1024), np.uint8, None),
        ("axondeepseg_sem/sub-rat2/micr/sub-rat2_sample-data5_SEM.png", (954, 1280), np.uint8, None),
        ("tem_nerve/test_data_tiff/raw_14.tiff", (1163, 1427), np.uint8, None),
    ],
)
def test_real_images(
    real_data: Path, name: str, shape: tuple[int, ...], dtype: type, pixel_size: tuple[float, float] | None
) -> None:
    info, image = describe(real_data / name), read_image(real_data / name)
    assert info.shape == image.shape == shape
    assert info.dtype == image.dtype == dtype
    assert info.pixel_size == (None if pixel_size is None else pytest.approx(pixel_size, rel=1e-2))


def test_real_labels_with_an_alpha_channel(real_data: Path) -> None:
    folder = real_data / "axondeepseg_sem" / "derivatives" / "labels" / "sub-rat5" / "micr"
    labels = read_labels(folder / "sub-rat5_sample-data14_SEM_seg-axonmyelin-manual.png")
    assert labels.shape == (1801, 1901)
    assert {0, 255} < set(np.unique(labels).tolist())
