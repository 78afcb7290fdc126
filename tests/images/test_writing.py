"""Written files can be read by this package, tifffile and Pillow, and are never visible while incomplete."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.color import rgb2lab

from custom.errors import InputError
from custom.ground.files import atomic_path, remove_leftovers
from custom.images import (
    contact_sheet,
    describe,
    evenly_spaced,
    overlay,
    read_image,
    read_labels,
    smallest_label_dtype,
    write_image,
    write_png,
)

COLORS = np.array([[0, 0, 0], [255, 0, 0], [0, 200, 50]], np.uint8)


def marked(dtype: type = np.uint8, shape: tuple[int, ...] = (5, 7)) -> np.ndarray:
    array = np.zeros(shape)
    array[..., 1, 5] = 1
    array[..., 4, 2] = 2
    return array.astype(dtype)


# ---------------------------------------------------------------------------------------------- the whole or nothing


def test_atomic_path_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.nii.gz"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.name.startswith(".")
        assert temporary.name.endswith(".nii.gz")
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert os.listdir(target.parent) == ["a.nii.gz"]


def test_atomic_path_keeps_the_old_file_on_failure(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        fail()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_atomic_path_keeps_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with atomic_path(tmp_path / "a.txt") as temporary:
        temporary.touch()
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    """Files of a process killed while writing are removed, and no others."""
    kept = {"a.txt", ".hidden", ".0123-a.txt", "0123456789ab-a.txt"}
    for name in kept:
        (tmp_path / name).touch()
    writer = atomic_path(tmp_path / "a.txt")
    writer.__enter__().write_text("half")
    assert set(os.listdir(tmp_path)) > kept
    remove_leftovers(tmp_path)
    assert set(os.listdir(tmp_path)) == kept
    remove_leftovers(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/sub: found a folder that cannot be created"):
        write_png(tmp_path / "file" / "sub" / "a.png", np.zeros((2, 2, 3), np.uint8))


# --------------------------------------------------------------------------------------------------------------- TIFF


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.uint32, np.int32, np.float32])
@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7)])
def test_images_come_back(tmp_path: Path, dtype: type, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.tif"
    array = marked(dtype, shape)
    write_image(path, array, pixel_size=(0.2, 0.1))
    np.testing.assert_array_equal(read_image(path), array)
    np.testing.assert_array_equal(read_labels(path), array)
    info = describe(path)
    assert info.shape == shape
    assert info.pixel_size == pytest.approx((0.2, 0.1))
    with tifffile.TiffFile(path) as file:
        assert {page.compression for page in file.pages} == {tifffile.COMPRESSION.ADOBE_DEFLATE}
        assert file.is_imagej == (dtype in (bool, np.uint8, np.uint16, np.float32))
    with Image.open(path) as picture:
        assert picture.n_frames == (1 if len(shape) == 2 else 3)
        np.testing.assert_array_equal(np.asarray(picture), array if len(shape) == 2 else array[0])


@pytest.mark.parametrize(
    ("axes", "shape"), [("CYX", (4, 5, 7)), ("ZCYX", (3, 2, 5, 7)), ("YXS", (5, 7, 3)), ("ZYXS", (2, 5, 7, 3))]
)
def test_axes_are_kept(tmp_path: Path, axes: str, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.tif"
    array = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8 if "S" in axes else np.float32)
    write_image(path, array, axes=axes)
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej
        assert (file.series[0].axes, file.series[0].shape) == (axes, shape)
        np.testing.assert_array_equal(file.asarray(), array)


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7)])
def test_classes_are_colored_and_stay_classes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.tif"
    classes = marked(np.uint8, shape)
    write_image(path, classes, pixel_size=(0.2, 0.1), colors=COLORS)
    np.testing.assert_array_equal(read_labels(path), classes)
    assert describe(path).pixel_size == pytest.approx((0.2, 0.1))
    with Image.open(path) as picture:
        for frame in range(picture.n_frames):
            picture.seek(frame)
            assert picture.mode == "P"
            shown = np.asarray(picture.convert("RGB"))
            np.testing.assert_array_equal(shown, COLORS[marked()])


@pytest.mark.parametrize(
    ("array", "options", "found"),
    [
        (marked(np.float64), {}, "float64"),
        (marked(np.int64), {}, "int64"),
        (marked(), {"axes": "ZYX"}, "axes 'ZYX'"),
        (marked(shape=(2, 2, 5, 7)), {}, "axes ''"),
        (np.zeros((5, 7, 3), np.uint16), {"axes": "YXS"}, "RGB"),
        (marked(np.uint16), {"colors": COLORS}, "class masks"),
    ],
)
def test_what_is_not_written(tmp_path: Path, array: np.ndarray, options: dict, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        write_image(tmp_path / "a.tif", array, **options)
    assert not list(tmp_path.iterdir())


def test_another_suffix_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'\.png'"):
        write_image(tmp_path / "a.png", marked())


@pytest.mark.parametrize(("label", "dtype"), [(0, np.uint16), (65_535, np.uint16), (65_536, np.uint32)])
def test_smallest_label_dtype(label: int, dtype: type) -> None:
    assert smallest_label_dtype(label) == dtype


@pytest.mark.parametrize("label", [-1, 2**32])
def test_no_dtype_for_such_labels(label: int) -> None:
    with pytest.raises(ValueError, match=str(label)):
        smallest_label_dtype(label)


# ------------------------------------------------------------------------------------------------------------ pictures


def block() -> np.ndarray:
    labels = np.zeros((9, 12), np.uint8)
    labels[2:7, 5:11] = 1
    return labels


def test_overlay_has_fill_contour_and_untouched_background() -> None:
    image = np.full((9, 12), 500, np.uint16)
    image[0, 0], image[8, 11] = 0, 1000
    shown = overlay(image, block(), colors=COLORS, alpha=0.5)
    gray = shown[0, 5]
    assert shown.dtype == np.uint8
    assert gray[0] == gray[1] == gray[2]
    np.testing.assert_array_equal(shown[2, 5], [255, 0, 0])
    np.testing.assert_allclose(shown[4, 7], gray * 0.5 + np.array([127.5, 0, 0]), atol=1)
    np.testing.assert_array_equal(shown[1, 5], gray)


def test_overlay_stretches_the_contrast() -> None:
    image = np.linspace(1000, 1100, 108).reshape(9, 12).astype(np.float32)
    shown = overlay(image, np.zeros((9, 12), bool))
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[-1, -1].tolist() == [255, 255, 255]
    assert overlay(np.full((9, 12), 7), np.zeros((9, 12), bool)).max() == 0


def test_instances_have_colors_of_their_own() -> None:
    labels = np.arange(1, 301, dtype=np.uint16).reshape(15, 20)
    shown = overlay(np.zeros((15, 20)), labels, alpha=1)
    lab = rgb2lab(shown.reshape(1, -1, 3).astype(np.uint8))[0]
    for apart in range(1, 31):
        distances = np.linalg.norm(lab[apart:] - lab[:-apart], axis=1)
        assert np.median(distances) > 20, apart
        assert distances.min() > 5, apart
    alone = overlay(np.zeros((1, 2)), np.array([[0, 37]]), alpha=1)
    assert alone[0, 1].tolist() == shown.reshape(-1, 3)[36].tolist()


def test_touching_instances_are_divided_by_a_contour() -> None:
    labels = np.ones((6, 8), np.uint8)
    labels[:, 4:] = 2
    shown = overlay(np.zeros((6, 8)), labels, colors=COLORS, alpha=0)
    assert shown[3, 3].tolist() == [255, 0, 0]
    assert shown[3, 4].tolist() == [0, 200, 50]
    assert shown[3, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("image", "labels", "found"),
    [
        (np.zeros((5, 7)), np.zeros((7, 5), int), "the same shape"),
        (np.zeros((2, 5, 7)), np.zeros((2, 5, 7), int), "the same shape"),
        (np.zeros((5, 7)), np.full((5, 7), 3), "label 3 has no color"),
    ],
)
def test_overlay_refuses(image: np.ndarray, labels: np.ndarray, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        overlay(image, labels, colors=COLORS)


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [0]), (3, [0, 1, 2]), (9, list(range(9))), (33, list(range(0, 33, 4)))]
)
def test_evenly_spaced(count: int, expected: list[int]) -> None:
    assert evenly_spaced(count) == expected


def test_contact_sheet_reads_like_text(tmp_path: Path) -> None:
    pictures = [np.full((4, 6, 3), 10 * number, np.uint8) for number in range(1, 4)]
    pictures.append(np.full((2, 6, 3), 40, np.uint8))
    sheet = contact_sheet(pictures, columns=3, gap=2)
    assert sheet.shape == (10, 22, 3)
    assert [sheet[0, x, 0] for x in (0, 8, 16)] == [10, 20, 30]
    assert sheet[6, 0, 0] == 255  # the smaller one is centered in its field
    assert sheet[7, 0, 0] == 40
    write_png(tmp_path / "sheet.png", sheet)
    with Image.open(tmp_path / "sheet.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), sheet)
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])


def test_overlay_of_real_instances(real_data: Path) -> None:
    image = read_image(real_data / "DIC-C2DH-HeLa" / "01" / "t000.tif")
    labels = read_labels(real_data / "DIC-C2DH-HeLa" / "01_ST" / "SEG" / "man_seg000.tif")
    shown = overlay(image, labels)
    colored = shown.max(axis=-1) != shown.min(axis=-1)
    assert shown.shape == (512, 512, 3)
    assert not colored[labels == 0].any()
    assert colored[labels > 0].mean() > 0.95
