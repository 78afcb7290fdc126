"""Outlines of objects in files of ImageJ, QuPath and labelme: the pixels inside them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from custom.errors import InputError
from custom.images import Shape, pixels_inside, read_shapes

SQUARE = [[1, 1], [4, 1], [4, 4], [1, 4]]
HOLE = [[2, 2], [3, 2], [3, 3], [2, 3]]
SIZE = (5, 6)

FILLED = np.zeros(SIZE, bool)
FILLED[1:4, 1:4] = True
HOLLOW = FILLED.copy()
HOLLOW[2, 2] = False


def pixels(shape: Shape, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return the pixels of an image that are inside a shape."""
    box, inside = pixels_inside(shape, size, Path("file"))
    whole = np.zeros(size, bool)
    whole[box] = inside
    return whole


def rois(folder: Path, *regions: ImagejRoi) -> Path:
    file = folder / "RoiSet.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for number, region in enumerate(regions):
            archive.writestr(f"{region.name or number}.roi", region.tobytes())
    return file


def polygon(points: list, kind: ROI_TYPE = ROI_TYPE.POLYGON, **keys: Any) -> ImagejRoi:
    region = ImagejRoi.frompoints(np.array(points, np.float32 if isinstance(points[0][0], float) else np.int32))
    region.roitype = kind
    for key, value in keys.items():
        setattr(region, key, value)
    return region


def rectangle(top: int, left: int, bottom: int, right: int, **keys: Any) -> ImagejRoi:
    region = ImagejRoi()
    region.roitype = ROI_TYPE.RECT
    region.top, region.left, region.bottom, region.right = top, left, bottom, right
    for key, value in keys.items():
        setattr(region, key, value)
    return region


def composite(*rings: list) -> ImagejRoi:
    path = [value for ring in rings for n, (x, y) in enumerate(ring) for value in (float(n > 0), x, y)]
    corners = np.concatenate([np.array(ring) for ring in rings])
    region = rectangle(*corners.min(axis=0)[::-1].tolist(), *corners.max(axis=0)[::-1].tolist())
    region.multi_coordinates = np.array([*path, 4], np.float32)
    region.shape_roi_size = len(region.multi_coordinates)
    return region


# -------------------------------------------------------------------------------------------------------------- ImageJ


@pytest.mark.parametrize("kind", [ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED])
def test_polygons_of_imagej(tmp_path: Path, kind: ROI_TYPE) -> None:
    (shape,) = read_shapes(rois(tmp_path, polygon(SQUARE, kind, name="cell-7"))).shapes
    assert (shape.name, shape.page) == ("cell-7", None)
    assert np.array_equal(pixels(shape), FILLED)


def test_a_single_region(tmp_path: Path) -> None:
    (tmp_path / "a.roi").write_bytes(polygon(SQUARE, name="").tobytes())
    (shape,) = read_shapes(tmp_path / "a.roi").shapes
    assert shape.name == "a"
    assert np.array_equal(pixels(shape), FILLED)


def test_subpixel_coordinates(tmp_path: Path) -> None:
    """The center of a pixel decides: 1.4 includes the pixel with its center at 1.5, 1.6 does not."""
    points = [[1.4, 1.6], [3.6, 1.6], [3.6, 3.4], [1.4, 3.4]]
    (shape,) = read_shapes(rois(tmp_path, polygon(points))).shapes
    expected = np.zeros(SIZE, bool)
    expected[2, 1:4] = True
    assert np.array_equal(pixels(shape), expected)


def test_rectangles_and_ovals(tmp_path: Path) -> None:
    square, oval = rectangle(1, 1, 4, 4), rectangle(0, 0, 5, 5, roitype=ROI_TYPE.OVAL)
    first, second = read_shapes(rois(tmp_path, square, oval)).shapes
    assert np.array_equal(pixels(first), FILLED)
    rows, columns = np.mgrid[:5, :6]
    assert np.array_equal(pixels(second), (rows + 0.5 - 2.5) ** 2 + (columns + 0.5 - 2.5) ** 2 <= 2.5**2)


def test_holes_of_composite_regions(tmp_path: Path) -> None:
    (shape,) = read_shapes(rois(tmp_path, composite(SQUARE, HOLE))).shapes
    assert np.array_equal(pixels(shape), HOLLOW)


@pytest.mark.parametrize(
    ("keys", "page"),
    [
        ({}, None),
        ({"position": 3}, 2),
        ({"c_position": 2, "z_position": 4, "t_position": 1}, 3),
        ({"t_position": 2}, 1),
    ],
)
def test_positions_in_stacks(tmp_path: Path, keys: dict[str, int], page: int | None) -> None:
    assert read_shapes(rois(tmp_path, rectangle(1, 1, 4, 4, **keys))).shapes[0].page == page


def test_regions_without_an_area_are_counted(tmp_path: Path) -> None:
    regions = [polygon([[1, 1], [2, 2], [3, 3]], kind) for kind in (ROI_TYPE.POINT, ROI_TYPE.POINT, ROI_TYPE.POLYLINE)]
    text = rectangle(1, 1, 4, 4, subtype=ROI_SUBTYPE.TEXT)
    found = read_shapes(rois(tmp_path, *regions, text, polygon(SQUARE)))
    assert found.skipped == Counter({"point": 2, "line": 1, "text": 1})
    assert len(found.shapes) == 1


def test_no_regions(tmp_path: Path) -> None:
    assert read_shapes(rois(tmp_path)).shapes == []


def test_regions_that_cannot_be_drawn(tmp_path: Path) -> None:
    curved = composite(SQUARE)
    curved.multi_coordinates = np.array([0, 1, 1, 2, 4, 1, 4, 4, 4], np.float32)
    curved.shape_roi_size = 9
    for region, message in [
        (rectangle(1, 1, 4, 4, rounded_rect_arc_size=3), "rounded corners"),
        (polygon(SQUARE, options=ROI_OPTIONS.SPLINE_FIT), "with a spline"),
        (curved, "PathIterator command 2 not supported, expected outlines of straight lines"),
    ]:
        with pytest.raises(InputError, match=message):
            read_shapes(rois(tmp_path, region))


def test_damaged_files(tmp_path: Path) -> None:
    for name, content in {"a.zip": b"PK", "b.roi": b"Iout", "c.json": b"{", "d.geojson": b'{"type": "x"}'}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"{name}: found"):
            read_shapes(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("a.tif", "")
    with pytest.raises(InputError, match=r"a\.tif in it, expected a zip file of ImageJ's ROI Manager"):
        read_shapes(tmp_path / "e.zip")
    with pytest.raises(InputError, match="no such file"):
        read_shapes(tmp_path / "none.zip")


# -------------------------------------------------------------------------------------------------------------- QuPath


def feature(geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    """Return a feature as QuPath 0.5 exports it."""
    return {
        "type": "Feature",
        "id": "9f",
        "geometry": geometry,
        "properties": {"objectType": "annotation", **properties},
    }


def closed(ring: list) -> list:
    return [*ring, ring[0]]


def geojson(folder: Path, *features: Any, collection: bool = True) -> Path:
    content = {"type": "FeatureCollection", "features": features} if collection else list(features)
    (folder / "a.geojson").write_text(json.dumps(content))
    return folder / "a.geojson"


@pytest.mark.parametrize("collection", [True, False])
def test_polygons_of_qupath(tmp_path: Path, collection: bool) -> None:
    hollow = {"type": "Polygon", "coordinates": [closed(SQUARE), closed(HOLE)]}
    several = {
        "type": "MultiPolygon",
        "coordinates": [[closed(SQUARE), closed(HOLE)], [closed([[5, 0], [6, 0], [6, 1], [5, 1]])]],
        "plane": {"c": -1, "z": 2, "t": 0},
    }
    features = [
        feature(hollow, classification={"name": "Tumor", "color": [200, 0, 0]}),
        feature(several, classification={"names": ["Tumor", "Positive"]}),
        feature(hollow),
    ]
    first, second, third = read_shapes(geojson(tmp_path, *features, collection=collection)).shapes
    assert [shape.kind for shape in (first, second, third)] == ["Tumor", "Tumor: Positive", None]
    assert [shape.page for shape in (first, second, third)] == [0, 2, 0]
    assert np.array_equal(pixels(first), HOLLOW)
    both = HOLLOW.copy()
    both[0, 5] = True
    assert np.array_equal(pixels(second), both)


def test_parts_that_overlap_are_one_object(tmp_path: Path) -> None:
    twice = {"type": "MultiPolygon", "coordinates": [[closed(SQUARE)], [closed(SQUARE)]]}
    (shape,) = read_shapes(geojson(tmp_path, feature(twice))).shapes
    assert np.array_equal(pixels(shape), FILLED)


def test_features_without_an_area_are_counted(tmp_path: Path) -> None:
    geometries = [{"type": "Point", "coordinates": [1, 1]}, {"type": "MultiPoint", "coordinates": []}, None]
    line = {"type": "LineString", "coordinates": [[1, 1], [2, 2]]}
    found = read_shapes(geojson(tmp_path, *map(feature, [*geometries, line])))
    assert found.shapes == []
    assert found.skipped == Counter({"point": 2, "line": 1, "empty feature": 1})


def test_features_must_be_a_list(tmp_path: Path) -> None:
    file = tmp_path / "a.geojson"
    file.write_text('{"type": "FeatureCollection", "features": 5}')
    with pytest.raises(InputError, match=r"a\.geojson: found the features 5, expected a list of features"):
        read_shapes(file)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon"},
        {"type": "Circle", "coordinates": [1, 1]},
        {"type": "Polygon", "coordinates": [[[1, 1], [2, 2]]]},
        {"type": "Polygon", "coordinates": [[[1, 1], [2, "x"], [3, 3]]]},
        {"type": "Polygon", "coordinates": [[[1, 1], [2, 1e300], [3, 3]]]},
        {"type": "Polygon", "coordinates": [closed(SQUARE)], "plane": {"z": 1, "t": 1}},
        [],
    ],
)
def test_invalid_features(tmp_path: Path, geometry: Any) -> None:
    with pytest.raises(InputError, match=r"a\.geojson: found the invalid feature 2 .* expected a Polygon or MultiPol"):
        read_shapes(geojson(tmp_path, feature(None), feature(geometry)))


# ------------------------------------------------------------------------------------------------------------- labelme


def labelme(folder: Path, *shapes: dict[str, Any], **keys: Any) -> Path:
    """Write a file as labelme 5 does."""
    usual = {"group_id": None, "description": "", "flags": {}, "mask": None, "label": "cell", "shape_type": "polygon"}
    content = {
        **{"version": "5.5.0", "flags": {}, "shapes": [usual | shape for shape in shapes], "imagePath": "a.png"},
        **{"imageData": None, "imageHeight": SIZE[0], "imageWidth": SIZE[1]},
        **keys,
    }
    (folder / "a.json").write_text(json.dumps(content))
    return folder / "a.json"


def test_shapes_of_labelme(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(HOLLOW[1:4, 1:4]).save(buffer, "PNG")
    mask = base64.b64encode(buffer.getvalue()).decode()
    file = labelme(
        tmp_path,
        {"points": SQUARE},
        {"points": [[4.0, 4.0], [1.0, 1.0]], "shape_type": "rectangle", "label": "axon"},
        {"points": [[2.5, 2.5], [2.5, 4.5]], "shape_type": "circle"},
        {"points": [[1, 1], [3, 3]], "shape_type": "mask", "mask": mask},
        {"points": [[1, 1]], "shape_type": "point"},
        {"points": [[1, 1], [2, 2]], "shape_type": "linestrip"},
    )
    found = read_shapes(file)
    assert [shape.kind for shape in found.shapes] == ["cell", "axon", "cell", "cell"]
    assert found.size == SIZE
    assert found.skipped == Counter({"point": 1, "line": 1})
    drawn = [pixels(shape) for shape in found.shapes]
    assert np.array_equal(drawn[0], FILLED)
    assert np.array_equal(drawn[1], FILLED)
    rows, columns = np.mgrid[:5, :6]
    assert np.array_equal(drawn[2], np.hypot(rows - 2, columns - 2) <= 2.001)
    assert np.array_equal(drawn[3], HOLLOW)


def test_shapes_of_a_group_are_one_object(tmp_path: Path) -> None:
    other = [[5, 0], [6, 0], [6, 1], [5, 1]]
    file = labelme(
        tmp_path,
        {"points": SQUARE, "group_id": 3},
        {"points": other, "group_id": 3},
        {"points": other, "group_id": 3, "label": "axon"},
    )
    both = FILLED.copy()
    both[0, 5] = True
    first, second = read_shapes(file).shapes
    assert np.array_equal(pixels(first), both)
    assert pixels(second).sum() == 1


@pytest.mark.parametrize(
    "shape",
    [{"points": [[1, 1]]}, {"points": SQUARE, "shape_type": "star"}, {"points": SQUARE, "shape_type": "circle"}, {}],
)
def test_invalid_shapes(tmp_path: Path, shape: dict) -> None:
    with pytest.raises(
        InputError, match=r"a\.json: found the invalid shape 1 .* expected a polygon, rectangle, circle"
    ):
        read_shapes(labelme(tmp_path, shape))


def test_other_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"PixelSize": [1, 1]}')
    with pytest.raises(InputError, match="JSON of another kind, expected annotations of labelme, or GeoJSON"):
        read_shapes(tmp_path / "a.json")


# -------------------------------------------------------------------------------------------------------- in the image


def test_what_is_beyond_the_image_is_cut_off(tmp_path: Path) -> None:
    (shape,) = read_shapes(rois(tmp_path, rectangle(-3, 4, 2, 90))).shapes
    expected = np.zeros(SIZE, bool)
    expected[:2, 4:] = True
    assert np.array_equal(pixels(shape), expected)
    with pytest.raises(InputError, match=r"the object '0' outside the image, expected outlines within 5 × 4 pixels"):
        pixels(shape, (5, 4))


def test_pages_and_sizes(tmp_path: Path) -> None:
    found = read_shapes(rois(tmp_path, rectangle(1, 1, 4, 4, position=2), rectangle(1, 1, 4, 4, position=1)))
    assert [shape.page for shape in found.on_page(1, (2, 5, 6))] == [1]
    with pytest.raises(InputError, match="the object '0' on page 2, expected at most page 1"):
        found.on_page(0, SIZE)
    with pytest.raises(InputError, match="the object '0' without a page, expected one of the 2 pages"):
        read_shapes(rois(tmp_path, rectangle(1, 1, 4, 4))).on_page(0, (2, 5, 6))
    with pytest.raises(InputError, match="an image of 5 × 6 pixels, expected 6 × 6 as in its image"):
        read_shapes(labelme(tmp_path, {"points": SQUARE})).on_page(0, (6, 6))
