"""ImageJ ROIs and OME-Zarr, read back with independent readers."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import bundle_runs
import imagecodecs
import numpy as np
import ome_zarr_models
import pytest
import tifffile
import zarr
from matplotlib.path import Path as Polygon
from read_roi import read_roi_zip

from custom import inference
from custom.errors import InputError
from custom.ground.files import remove_leftovers
from custom.images import overlay, write_image
from custom.inference import FileResult, OmeZarr, Rois, outlines
from custom.inference.formats._folders import atomic_folder

RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
CLASSES = ["background", "axon", "myelin"]
COLORS = [[0, 0, 0], [220, 50, 47], [38, 139, 210]]


def filled(rings: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels whose middle lies inside an odd number of polygons, (H, W) bool, with an independent method."""
    rows, columns = np.indices(shape)
    middles = np.column_stack([columns.ravel() + 0.5, rows.ravel() + 0.5])
    return np.logical_xor.reduce([Polygon(ring).contains_points(middles) for ring in rings]).reshape(shape)


def pixels_of(roi: dict[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels of an ROI as `read_roi` read it, (H, W) bool."""
    rings = roi["paths"] if roi["type"] == "composite" else [list(zip(roi["x"], roi["y"], strict=True))]
    return filled(rings, shape)


def result(
    folder: Path,
    masks: list[np.ndarray],
    labels: list[np.ndarray] | None = None,
    pixel_size: tuple[float, float] | None = None,
) -> FileResult:
    """Return a result for a written file whose pixels are numbered."""
    images = [np.arange(mask.size, dtype=np.uint16).reshape(mask.shape) + page for page, mask in enumerate(masks)]
    file = folder / "in" / "cell.tif"
    write_image(file, np.stack(images) if len(images) > 1 else images[0])
    return FileResult("cell", file, {}, [m / np.float32(255) for m in masks], masks, labels, pixel_size)


def binary(mask: np.ndarray) -> np.ndarray:
    return mask.astype(np.uint8) * 255


# ------------------------------------------------------------------------------------------------------------- outlines


def test_the_outline_of_a_pixel_runs_around_it_clockwise() -> None:
    mask = np.zeros((3, 4), bool)
    mask[1, 2] = True
    (ring,) = outlines(mask)
    np.testing.assert_array_equal(ring, [[2, 1], [3, 1], [3, 2], [2, 2]])


def test_an_outline_has_corners_only_where_it_turns() -> None:
    (ring,) = outlines(np.ones((2, 5), bool))
    np.testing.assert_array_equal(ring, [[0, 0], [5, 0], [5, 2], [0, 2]])


def test_a_hole_has_an_outline_of_its_own_that_runs_the_other_way() -> None:
    outer, hole = outlines(RING)
    np.testing.assert_array_equal(outer, [[0, 0], [3, 0], [3, 3], [0, 3]])
    np.testing.assert_array_equal(hole, [[1, 1], [1, 2], [2, 2], [2, 1]])


def test_pixels_that_touch_at_a_corner_have_two_outlines() -> None:
    assert [len(ring) for ring in outlines(np.eye(2, dtype=bool))] == [4, 4]


def test_nothing_has_no_outline() -> None:
    assert outlines(np.zeros((3, 3), bool)) == []


@pytest.mark.parametrize("density", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(5))
def test_outlines_hold_exactly_the_pixels_of_a_mask(seed: int, density: float) -> None:
    mask = np.random.default_rng(seed).random((13, 9)) < density
    np.testing.assert_array_equal(filled(outlines(mask), mask.shape), mask)


@pytest.mark.parametrize("seed", range(5))
def test_winding_numbers_are_one_inside_and_zero_outside(seed: int) -> None:
    mask = np.random.default_rng(seed).random((8, 11)) < 0.6
    areas = [_signed_area(ring) for ring in outlines(mask)]
    assert sum(areas) == np.count_nonzero(mask)


def _signed_area(ring: np.ndarray) -> float:
    x, y = ring.T.astype(float)
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


# ----------------------------------------------------------------------------------------------------------------- ROIs


def test_every_instance_is_an_roi_with_its_number_that_holds_its_pixels(tmp_path: Path) -> None:
    labels = np.zeros((9, 12), np.uint16)
    labels[0:3, 0:3] = 1  # at the border
    labels[0:3, 3:5] = 2  # touches it
    labels[4:7, 4:7][RING] = 4  # with a hole
    labels[5, 5] = 5  # one pixel, in the hole
    labels[8, 11] = 7  # one pixel, in the corner
    labels[7, 0] = labels[8, 1] = 9  # two pieces, that touch at a corner
    (file,) = Rois(tmp_path)(result(tmp_path, [binary(labels > 0)], [labels]))
    rois = read_roi_zip(str(file))
    assert list(rois) == ["0001", "0002", "0004", "0005", "0007", "0009"]
    assert [roi["type"] for roi in rois.values()] == ["traced", "traced", "composite", "traced", "traced", "composite"]
    for name, roi in rois.items():
        np.testing.assert_array_equal(pixels_of(roi, labels.shape), labels == int(name))


def test_rois_beyond_the_integer_coordinates(tmp_path: Path) -> None:
    """ImageJ reads integer coordinates from 60,536 on as −5000 and more; the outline is a path, of floats, there."""
    mask = np.zeros((3, 65_560), bool)
    mask[1, 60_535:60_537] = mask[1, 65_550:65_553] = True
    (file,) = Rois(tmp_path)(result(tmp_path, [binary(mask)]))
    rois = read_roi_zip(str(file)).values()
    assert [roi["type"] for roi in rois] == ["composite", "composite"]
    assert np.array_equal(np.sum([pixels_of(roi, mask.shape) for roi in rois], axis=0), mask)


def test_rois_of_a_stack_are_on_their_pages(tmp_path: Path) -> None:
    pages = [np.zeros((4, 6), np.uint16) for _ in range(3)]
    pages[0][1, 1] = 1
    pages[2][0:2, 4] = 1
    pages[2][3, 0:3] = 2
    (file,) = Rois(tmp_path)(result(tmp_path, [binary(page > 0) for page in pages], pages))
    rois = read_roi_zip(str(file))
    assert {name: roi["position"] for name, roi in rois.items()} == {"0001-0001": 1, "0003-0001": 3, "0003-0002": 3}
    np.testing.assert_array_equal(pixels_of(rois["0003-0001"], (4, 6)), pages[2] == 1)


def test_names_are_sorted_as_numbers_are(tmp_path: Path) -> None:
    labels = np.zeros((2, 20002), np.uint16)
    labels[0, ::2] = np.arange(1, 10002)
    (file,) = Rois(tmp_path)(result(tmp_path, [binary(labels > 0)], [labels]))
    names = zipfile.ZipFile(file).namelist()
    assert names == sorted(names)
    assert names[-1] == "10001.roi"
    right = read_roi_zip(str(file))["10001"]
    assert (right["x"], right["y"]) == ([20000, 20001, 20001, 20000], [0, 0, 1, 1])


def test_a_mask_without_instances_has_an_roi_for_each_connected_piece(tmp_path: Path) -> None:
    mask = np.zeros((5, 9), bool)
    mask[0, 0] = mask[1, 1] = True  # connected at a corner
    mask[2:5, 4:7] = True
    mask[0, 8] = True
    (file,) = Rois(tmp_path, min_area=2)(result(tmp_path, [binary(mask)]))
    rois = list(read_roi_zip(str(file)).values())
    assert len(rois) == 2
    mask[0, 8] = False  # too small
    np.testing.assert_array_equal(pixels_of(rois[0], mask.shape) | pixels_of(rois[1], mask.shape), mask)


def test_rois_of_classes_have_their_name_and_color(tmp_path: Path) -> None:
    mask = np.zeros((5, 8), np.uint8)
    mask[0:3, 0:3] = 2
    mask[1, 1] = 1
    mask[4, 6:8] = 1
    (file,) = Rois(tmp_path, classes=CLASSES, colors=COLORS)(result(tmp_path, [mask]))
    rois = read_roi_zip(str(file))
    assert sorted(rois) == ["axon-0002", "axon-0003", "myelin-0001"]
    np.testing.assert_array_equal(pixels_of(rois["myelin-0001"], mask.shape), mask == 2)
    with zipfile.ZipFile(file) as archive:  # alpha, red, green, blue; see RoiDecoder.STROKE_COLOR
        assert archive.read("myelin-0001.roi")[40:44] == bytes([255, 38, 139, 210])


def test_without_objects_the_zip_is_empty(tmp_path: Path) -> None:
    (file,) = Rois(tmp_path)(result(tmp_path, [np.zeros((4, 4), np.uint8)]))
    assert file.is_file()
    assert read_roi_zip(str(file)) == {}


def test_the_same_objects_give_the_same_bytes(tmp_path: Path) -> None:
    found = result(tmp_path, [binary(RING)])
    (first,) = Rois(tmp_path / "a")(found)
    (second,) = Rois(tmp_path / "b")(found)
    assert first.read_bytes() == second.read_bytes()


# ------------------------------------------------------------------------------------------------------------- OME-Zarr


def array(folder: Path) -> np.ndarray:
    """Return an array of one chunk, from its bytes."""
    about = json.loads((folder / "zarr.json").read_text())
    assert about["shape"] == about["chunk_grid"]["configuration"]["chunk_shape"]
    assert [codec["name"] for codec in about["codecs"]] == ["bytes", "zstd"]
    chunks = [file for file in (folder / "c").rglob("*") if file.is_file()]
    if not chunks:  # Zarr stores no chunk of zeros
        return np.zeros(about["shape"], about["data_type"])
    (chunk,) = chunks
    raw = imagecodecs.zstd_decode(chunk.read_bytes())
    return np.frombuffer(raw, np.dtype(about["data_type"]).newbyteorder("<")).reshape(about["shape"])


def opened(folder: Path) -> Any:
    """Return a validated image of OME-Zarr 0.5."""
    found = ome_zarr_models.open_ome_zarr(str(folder), version="0.5")
    assert type(found).__name__ in ("Image", "ImageLabel")
    return found.attributes.ome


def test_an_image_and_its_labels_in_several_resolutions(tmp_path: Path) -> None:
    mask = np.zeros((515, 301), np.uint8)
    mask[100:400, 50:90] = 255
    labels = (mask // 255).astype(np.uint16)
    labels[300:] *= 2
    found = result(tmp_path, [mask], [labels], (0.2, 0.1))
    (folder,) = OmeZarr(tmp_path)(found)
    assert folder == tmp_path / "cell.ome.zarr"
    (multiscale,) = opened(folder).multiscales
    assert [(axis.name, axis.type, axis.unit) for axis in multiscale.axes] == [
        ("y", "space", "micrometer"),
        ("x", "space", "micrometer"),
    ]
    assert [dataset.path for dataset in multiscale.datasets] == ["0", "1", "2"]
    transforms = [[t.model_dump() for t in dataset.coordinateTransformations] for dataset in multiscale.datasets]
    assert [scale["scale"] for scale, _ in transforms] == [[0.2, 0.1], [0.4, 0.2], [0.8, 0.4]]
    np.testing.assert_allclose([t["translation"] for _, t in transforms], [[0, 0], [0.1, 0.05], [0.3, 0.15]])
    np.testing.assert_array_equal(array(folder / "0"), found.stored[0])
    half = array(folder / "1")
    assert half.shape == (258, 151)
    assert half[3, 4] == np.rint(found.stored[0][6:8, 8:10].mean())
    assert half[-1, 4] == np.rint(found.stored[0][-1, 8:10].mean())
    np.testing.assert_array_equal(array(folder / "labels" / "mask" / "0"), mask > 0)
    np.testing.assert_array_equal(array(folder / "labels" / "instances" / "0"), labels)
    np.testing.assert_array_equal(array(folder / "labels" / "instances" / "1"), labels[::2, ::2])
    assert json.loads((folder / "labels" / "zarr.json").read_text())["attributes"]["ome"] == {
        "version": "0.5",
        "labels": ["mask", "instances"],
    }
    label = opened(folder / "labels" / "instances").image_label
    assert label.source.image == "../../"
    assert [color.label_value for color in label.colors] == [0, 1, 2]
    shown = overlay(np.zeros((1, 2)), np.array([[1, 2]]), alpha=1)[0]
    assert [list(color.rgba[:3]) for color in label.colors[1:]] == shown.tolist()  # as in the overlays


def test_pages_are_the_axis_z_and_an_unknown_pixel_size_has_no_unit(tmp_path: Path) -> None:
    pages = [binary(RING), np.zeros((3, 3), np.uint8)]
    found = result(tmp_path, pages)
    (folder,) = OmeZarr(tmp_path)(found)
    (multiscale,) = opened(folder).multiscales
    assert [(axis.name, axis.unit) for axis in multiscale.axes] == [("z", None), ("y", None), ("x", None)]
    assert list(multiscale.datasets[0].coordinateTransformations[0].scale) == [1, 1, 1]
    about = json.loads((folder / "0" / "zarr.json").read_text())
    assert about["dimension_names"] == ["z", "y", "x"]
    assert (folder / "0" / "c" / "1" / "0" / "0").is_file()


def test_classes_have_names_and_colors(tmp_path: Path) -> None:
    mask = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    (folder,) = OmeZarr(tmp_path, CLASSES, COLORS)(result(tmp_path, [mask]))
    label = opened(folder / "labels" / "classes").image_label
    assert [(color.label_value, list(color.rgba)) for color in label.colors] == [
        (0, [0, 0, 0, 0]),
        (1, [220, 50, 47, 255]),
        (2, [38, 139, 210, 255]),
    ]
    found = json.loads((folder / "labels" / "classes" / "zarr.json").read_text())["attributes"]["ome"]["image-label"]
    assert found["properties"] == [{"label-value": number, "class": name} for number, name in enumerate(CLASSES)]
    np.testing.assert_array_equal(array(folder / "labels" / "classes" / "0"), mask)


@pytest.mark.parametrize("dtype", [">i8", "<u8"])
def test_integers_of_64_bits(tmp_path: Path, dtype: str) -> None:
    one = result(tmp_path, [binary(RING)])
    tifffile.imwrite(one.file, RING.astype(dtype) * 2**40, byteorder=dtype[0], photometric="minisblack")
    (folder,) = OmeZarr(tmp_path)(one)
    assert np.array_equal(zarr.open_group(folder, mode="r")["0"][:], RING * 2**40)


def test_an_older_one_is_replaced(tmp_path: Path) -> None:
    OmeZarr(tmp_path)(result(tmp_path, [binary(RING), binary(RING)]))
    (folder,) = OmeZarr(tmp_path)(result(tmp_path, [binary(RING)]))
    assert array(folder / "0").shape == (3, 3)
    assert [path.name for path in tmp_path.iterdir() if path.name != "in"] == ["cell.ome.zarr"]


def test_a_folder_that_could_not_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(FileNotFoundError), atomic_folder(folder) as path:
        (path / "missing" / "new").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (folder / "old").is_file()


def test_leftovers_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".0123456789ab-x.ome.zarr" / "0").mkdir(parents=True)
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------------------- the runs


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom.inference.formats._choice.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"--ome_zarr: found true without the package zarr.*pip install zarr"):
        inference.result_formats(tmp_path, ome_zarr=True)
    assert inference.result_formats(tmp_path) == []


@pytest.mark.parametrize("bundle", bundle_runs.BUNDLES)
def test_every_bundle_writes_both(bundle: str, tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (96, 80), dtype=np.uint8)
    write_image(tmp_path / "a.tif", image, pixel_size=(0.1, 0.1))
    models = bundle_runs.ROOT / "bundles" / bundle / "models"
    options = {"input": str(tmp_path / "a.tif"), "output_dir": str(tmp_path / "out"), "rois": "true", "ome_zarr": True}
    bundle_runs.run("inference", config_file=bundle_runs.config(bundle, "inference"), **options)
    out = tmp_path / "out"
    assert models.is_dir()
    assert opened(out / "a.ome.zarr").multiscales[0].axes[0].unit == "micrometer"
    rois = read_roi_zip(str(out / "a_rois.zip"))
    labels_file = out / "a_labels.tif"
    if labels_file.is_file():
        labels = tifffile.imread(labels_file)
        assert {int(name.split("-")[-1]) for name in rois} == set(np.unique(labels)) - {0}
        np.testing.assert_array_equal(array(out / "a.ome.zarr" / "labels" / "instances" / "0"), labels)
        for name, roi in rois.items():
            np.testing.assert_array_equal(pixels_of(roi, labels.shape), labels == int(name.split("-")[-1]))
    mask = tifffile.imread(out / "a_mask.tif")
    layer = "classes" if bundle == "tem" else "mask"
    expected = mask if bundle == "tem" else mask > 0
    if bundle == "dendrite":  # its masks have the size of the network
        assert mask.shape == (250, 250)
        expected = array(out / "a.ome.zarr" / "labels" / "mask" / "0")
        assert expected.shape == image.shape
        assert set(np.unique(labels[expected == 0])) == {0}
    np.testing.assert_array_equal(array(out / "a.ome.zarr" / "labels" / layer / "0"), expected)
