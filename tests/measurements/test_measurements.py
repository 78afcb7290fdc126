"""Measurements of synthetic shapes of known size, in pixels and in µm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from drawn_shapes import SIZE, arc, bar, disc, ellipse, page_of
from scipy.ndimage import gaussian_filter
from skimage.measure import label

from custom.ground.growing_table import Table
from custom.instances import blobs
from custom.measurements import (
    Measure,
    branch_lengths,
    centerlines,
    dendrites,
    filaments,
    g_ratios,
    objects,
    region_table,
    summarize,
    tissue,
    vesicles,
    without_crossings,
)

CLASSES = ("background", "myelin", "axon")
MEASURES: dict[str, Measure] = {
    "objects": objects,
    "vesicles": vesicles,
    "dendrites": dendrites,
    "filaments": filaments,
    "tissue": partial(tissue, classes=["background", "tissue"]),
}


def one_object(mask: np.ndarray, pixel_size: tuple[float, float] | None = None) -> dict[str, float]:
    """Return the measurements of a mask of one object."""
    table = objects(page_of(mask, mask.astype(np.uint16), pixel_size))
    return {name: float(values[0]) for name, values in table.items()}


# ----------------------------------------------------------------------------------------------------------- any object


def test_known_table() -> None:
    labels = np.array([[3, 3, 0, 7], [3, 3, 0, 0], [0, 0, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0]])
    image = np.arange(20).reshape(5, 4)
    table = region_table(labels, image, (0.5, 0.5))
    assert table["label"].tolist() == [3, 5, 7]
    assert table["touches_border"].tolist() == [1, 0, 1]
    assert table["area_px2"].tolist() == [4, 1, 1]
    assert table["area_um2"].tolist() == [1, 0.25, 0.25]
    assert table["perimeter_px"].tolist() == [4, 0, 0]
    assert table["perimeter_um"].tolist() == [2, 0, 0]
    assert table["centroid_row_px"].tolist() == [0.5, 3, 0]
    assert table["centroid_column_px"].tolist() == [0.5, 1, 3]
    assert table["centroid_column_um"].tolist() == [0.25, 0.5, 1.5]
    assert table["mean_intensity"].tolist() == [2.5, 13, 3]
    assert table["major_axis_px"][1:].tolist() == table["minor_axis_px"][1:].tolist() == [0, 0]
    assert np.isnan(table["orientation_deg"]).all()


@pytest.mark.parametrize("radius", [6.0, 15.5, 40.0])
def test_a_disc(radius: float) -> None:
    found = one_object(disc(radius, 7, -12), (0.2, 0.2))
    assert found["area_px2"] == pytest.approx(np.pi * radius**2, rel=0.03)
    assert found["perimeter_px"] == pytest.approx(2 * np.pi * radius, rel=0.06)
    assert found["major_axis_px"] == pytest.approx(2 * radius, rel=0.03)
    assert found["minor_axis_px"] == pytest.approx(2 * radius, rel=0.03)
    assert found["eccentricity"] < 0.1
    middle = (SIZE[0] - 1) / 2 + 7, (SIZE[1] - 1) / 2 - 12
    assert (found["centroid_row_px"], found["centroid_column_px"]) == pytest.approx(middle, abs=0.3)
    for name in ("perimeter", "major_axis", "minor_axis", "centroid_row", "centroid_column"):
        assert found[f"{name}_um"] == pytest.approx(0.2 * found[f"{name}_px"])
    assert found["area_um2"] == pytest.approx(0.04 * found["area_px2"])


@pytest.mark.parametrize("angle", [0, 20, 45, 90, 135, 170])
@pytest.mark.parametrize("pixel_size", [(1, 1), (0.5, 1), (1.5, 0.75)])
def test_an_ellipse_in_any_direction_on_any_pixels(angle: float, pixel_size: tuple[float, float]) -> None:
    """Axes, eccentricity and direction are physical ones, also for non-square pixels."""
    found = one_object(ellipse(60, 24, angle, pixel_size), pixel_size)
    assert found["major_axis_um"] == pytest.approx(60, rel=0.02)
    assert found["minor_axis_um"] == pytest.approx(24, rel=0.02)
    assert found["area_um2"] == pytest.approx(np.pi * 60 * 24 / 4, rel=0.02)
    assert found["eccentricity"] == pytest.approx(np.sqrt(1 - (24 / 60) ** 2), abs=0.01)
    assert abs((found["orientation_deg"] - angle + 90) % 180 - 90) < 0.5
    assert 0 <= found["orientation_deg"] < 180
    square = pixel_size[0] == pixel_size[1]
    assert np.isnan(found["perimeter_um"]) != square


def test_nearly_square_pixels_are_square() -> None:
    assert one_object(disc(20), (0.1, 0.10001))["perimeter_um"] == pytest.approx(12.6, abs=0.6)


def test_without_a_pixel_size_micrometers_are_nan() -> None:
    found = one_object(ellipse(50, 20, 30))
    assert {name for name, value in found.items() if np.isnan(value)} == {name for name in found if "_um" in name}
    assert found["orientation_deg"] == pytest.approx(30, abs=0.5)


def test_mean_intensity_of_the_image() -> None:
    labels = label(disc(10, 0, -40) | disc(10, 0, 40))
    image = np.where(labels == 2, 700, 50).astype(np.uint16)
    assert region_table(labels, image)["mean_intensity"].tolist() == [50, 700]
    with pytest.raises(ValueError, match="differ in shape"):
        region_table(labels, image.T)


def test_objects_need_labels() -> None:
    with pytest.raises(ValueError, match="objects need instance labels"):
        objects(page_of(disc(4)))


# ---------------------------------------------------------------------------------------------------------- centerlines


@pytest.mark.parametrize("angle", [0, 10, 22.5, 30, 45, 60, 77, 90])
@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 16])
def test_a_straight_line_in_any_direction(width: float, angle: float) -> None:
    mask = bar(120, width, angle)
    branches = centerlines(mask)
    assert len(branches) == 1
    assert branches[0].free == (True, True)
    assert branch_lengths(branches, mask).sum() == pytest.approx(120, rel=0.02)


@pytest.mark.parametrize("angle", [60, 180, 300])
@pytest.mark.parametrize("width", [2, 5, 9])
def test_a_curved_line(angle: float, width: float) -> None:
    mask = arc(50, width, angle)
    (length,) = branch_lengths(centerlines(mask), mask)
    assert length == pytest.approx(np.radians(angle) * 50, abs=2.1)


def test_a_ring_is_one_branch_without_ends() -> None:
    mask = arc(50, 4, 360)
    (branch,) = centerlines(mask)
    assert branch.free == (False, False)
    assert branch_lengths([branch], mask)[0] == pytest.approx(2 * np.pi * 50, rel=0.01)


@pytest.mark.parametrize("pixel_size", [(0.5, 0.5), (0.5, 1), (1.5, 0.75)])
@pytest.mark.parametrize("angle", [0, 35, 90, 130])
def test_lengths_on_pixels_of_any_size(pixel_size: tuple[float, float], angle: float) -> None:
    mask = bar(60, 6, angle, pixel_size)
    assert branch_lengths(centerlines(mask), mask, pixel_size).sum() == pytest.approx(60, rel=0.03)


@pytest.mark.parametrize("radius", [0.8, 2, 5, 12])
def test_a_dot_is_as_long_as_it_is_wide(radius: float) -> None:
    mask = disc(radius)
    (length,) = branch_lengths(centerlines(mask), mask)
    assert length == pytest.approx(2 * radius, abs=1.5)


def test_spines_are_branches_but_corners_and_bumps_are_not() -> None:
    line = bar(120, 9, 0)
    middle = tuple(side // 2 for side in SIZE)
    bump, spine = line.copy(), line.copy()
    bump[middle[0] - 7 : middle[0], middle[1] : middle[1] + 4] = True
    spine[middle[0] - 16 : middle[0], middle[1] : middle[1] + 3] = True
    assert [len(centerlines(mask)) for mask in (line, bump, spine)] == [1, 1, 3]


@pytest.mark.parametrize(("angle", "between"), [(0, 90), (20, 90), (10, 65)])
@pytest.mark.parametrize("width", [2, 4, 7])
def test_two_lines_that_cross_are_four_branches(angle: float, between: float, width: float) -> None:
    mask = bar(110, width, angle) | bar(110, width, angle + between)
    branches = without_crossings(centerlines(mask), mask)
    assert len(branches) == 4
    assert branch_lengths(branches, mask) == pytest.approx([55] * 4, rel=0.08)


def test_every_component_has_a_branch_of_non_zero_length() -> None:
    rng = np.random.default_rng(0)
    for sigma in (0, 0.7, 2, 4):
        noise = gaussian_filter(rng.normal(size=(60, 70)), sigma)
        mask = noise > np.quantile(noise, 0.7)
        branches = centerlines(mask)
        pieces = label(mask, connectivity=2)
        assert {pieces[tuple(branch.path[0])] for branch in branches} == set(range(1, pieces.max() + 1))
        assert (branch_lengths(branches, mask) > 0).all()


# ---------------------------------------------------------------------------------------------- dendrites and filaments


@pytest.mark.parametrize(("length", "width", "angle"), [(100, 6, 0), (120, 9, 33), (80, 4, 90)])
def test_length_and_width_of_a_dendrite(length: float, width: float, angle: float) -> None:
    table = dendrites(page_of(bar(length, width, angle), pixel_size=(0.1, 0.1)))
    assert table["length_px"] == pytest.approx([length], rel=0.02)
    assert table["mean_width_px"] == pytest.approx([width], abs=1)
    assert table["length_um"] == pytest.approx([0.1 * length], rel=0.02)
    assert table["mean_width_um"] == pytest.approx(0.1 * table["mean_width_px"])
    assert table["branches"].tolist() == [1]


def test_dendrites_are_the_components_of_the_mask() -> None:
    """The length of a fork is the sum of its three branches."""
    rows = np.arange(SIZE[0])[:, None]
    fork = bar(120, 4, 0) | (bar(120, 4, 90) & (rows < 80))
    alone = np.roll(bar(50, 3, 0), 60, axis=0)
    table = dendrites(page_of(fork | alone))
    assert table["branches"].tolist() == [3, 1]
    assert table["length_px"] == pytest.approx([180, 50], rel=0.03)


@pytest.mark.parametrize("measure", [dendrites, filaments])
def test_small_components_are_removed(measure: Callable[..., Table]) -> None:
    mask = bar(60, 3, 0) | np.roll(bar(10, 3, 0), 40, axis=0)
    areas = [measure(page_of(mask), min_area=size)["area_px2"].tolist() for size in (0, 40, 41, 300)]
    assert areas == [[240, 40], [240, 40], [240], []]


def test_segments_of_filaments_and_their_directions() -> None:
    mask = bar(110, 3, 20) | bar(110, 3, 110)
    table = filaments(page_of(mask, pixel_size=(0.05, 0.05)))
    assert sorted(table["orientation_deg"].round(-1).tolist()) == [20, 20, 110, 110]
    assert table["orientation_deg"] == pytest.approx(table["orientation_deg"].round(-1), abs=3)
    assert table["length_um"] == pytest.approx([0.05 * 55] * 4, rel=0.05)
    assert table["mean_width_px"] == pytest.approx([3] * 4, abs=0.5)
    assert table["area_px2"].sum() == mask.sum()


def test_rows_are_in_the_order_of_the_segments() -> None:
    """Each filament has a different length, width and position."""
    drawn = [(20, 40, 2), (60, 90, 4), (100, 140, 6), (140, 60, 9)]
    mask = np.zeros(SIZE, bool)
    for row, length, width in drawn:
        mask[row : row + width, 10 : 10 + length] = True
    table = filaments(page_of(mask))
    by_row = np.argsort(table["centroid_row_px"])
    assert table["length_px"][by_row] == pytest.approx([length for _, length, _ in drawn], rel=0.03)
    assert table["mean_width_px"][by_row] == pytest.approx([width for *_, width in drawn], rel=0.05)
    assert (np.minimum(table["orientation_deg"], 180 - table["orientation_deg"]) < 1).all()


@pytest.mark.parametrize("covered", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("sigma", [0, 0.5, 1, 2, 3])
def test_every_pixel_of_a_mask_belongs_to_a_segment(sigma: float, covered: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(3):
        noise = gaussian_filter(rng.normal(size=(60, 70)), sigma)
        mask = noise > np.quantile(noise, 1 - covered)
        table = filaments(page_of(mask))
        assert len(table["label"]) == len(table["length_px"])
        assert table["area_px2"].sum() == mask.sum()
        assert (table["mean_width_px"] > 0).all()


# --------------------------------------------------------------------------------------------------------------- tissue


def nerve(*fibers: tuple[float, float, float, float]) -> np.ndarray:
    """Return a class map of fibers: row and column from the center, radius of the axon, radius of the fiber."""
    classes = np.zeros(SIZE, np.uint8)
    for row, column, _, outer in fibers:
        classes[disc(outer, row, column)] = 1
    for row, column, inner, _ in fibers:
        classes[disc(inner, row, column)] = 2
    return classes


@pytest.mark.parametrize(("inner", "outer"), [(12, 20), (18, 24), (30, 50)])
def test_diameter_and_g_ratio_of_a_ring(inner: float, outer: float) -> None:
    table = tissue(page_of(nerve((3, -5, inner, outer)), pixel_size=(0.1, 0.1)), CLASSES)
    assert table["class"].tolist() == ["myelin", "axon"]
    assert table["diameter_um"][1] == pytest.approx(0.2 * inner, rel=0.02)
    assert table["g_ratio"][1] == pytest.approx(inner / outer, rel=0.02)
    assert np.isnan(table["g_ratio"][0])


def test_touching_myelin_is_divided() -> None:
    table = tissue(page_of(nerve((0, -40, 18, 26), (0, 12, 18, 26), (0, 65, 10, 24))), CLASSES)
    assert (table["class"] == "axon").sum() == 3
    assert np.sort(table["g_ratio"][table["class"] == "axon"]) == pytest.approx([10 / 24, 18 / 26, 18 / 26], rel=0.03)


def test_an_axon_without_myelin_has_no_g_ratio_and_myelin_without_an_axon_is_ignored() -> None:
    classes = nerve((0, -50, 15, 25), (0, 50, 15, 15))
    classes[disc(10, 40, 0)] = 1
    axons = label(classes == 2)
    ratios = g_ratios(axons, classes == 1, 2)
    assert np.sort(ratios) == pytest.approx([15 / 25, np.nan], rel=0.02, nan_ok=True)


def test_classes_without_axons_and_small_objects() -> None:
    classes = np.zeros((30, 40), np.uint8)
    classes[2:10, 2:10], classes[2:10, 10:14], classes[20, 20] = 1, 2, 1
    names = ["background", "vessel", "cell"]
    table = tissue(page_of(classes), names, min_area=2)
    assert table["label"].tolist() == [1, 2]
    assert table["class"].tolist() == ["vessel", "cell"]
    assert table["area_px2"].tolist() == [64, 32]
    assert table["diameter_px"] == pytest.approx([2 * np.sqrt(64 / np.pi), 2 * np.sqrt(32 / np.pi)])
    assert "g_ratio" not in table
    assert len(tissue(page_of(classes), names)["label"]) == 3


# ------------------------------------------------------------------------------------------------------------- vesicles


def test_radii_of_synthetic_vesicles() -> None:
    drawn = [(-40.0, -60.0, 4.0), (10.0, 30.0, 9.0), (45.0, 70.0, 6.5)]
    mask = np.logical_or.reduce([disc(radius, row, column) for row, column, radius in drawn])
    table = vesicles(page_of(mask, blobs(mask, 0.5, 1), (0.075, 0.3)))
    assert np.sort(table["radius_px"]) == pytest.approx([4, 6.5, 9], rel=0.05)
    assert table["radius_um"] == pytest.approx(0.15 * table["radius_px"])
    assert table["mean_probability"].tolist() == [1, 1, 1]


def test_touching_vesicles_keep_center_and_radius() -> None:
    mask = disc(8) | disc(8, 0, 1.7 * 8)
    table = vesicles(page_of(mask, blobs(mask, 0.5, 1)))
    assert table["radius_px"] == pytest.approx([8, 8], rel=0.05)
    assert np.diff(np.sort(table["centroid_column_px"])) == pytest.approx([1.7 * 8], abs=0.6)


# ------------------------------------------------------------------------------------- empty, tiny pages, and summaries


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_an_empty_table_has_all_columns(measure: Measure) -> None:
    empty, dot = np.zeros((9, 11), np.uint16), np.zeros((9, 11), np.uint16)
    dot[4, 5] = 1
    tables = [measure(page_of(mask, mask)) for mask in (empty, dot)]
    assert list(tables[0]) == list(tables[1])
    assert {len(values) for values in tables[0].values()} == {0}
    assert {len(values) for values in tables[1].values()} == {1}
    assert tables[1]["area_px2"].tolist() == [1]
    assert all(np.isfinite(tables[1][name][0]) for name in tables[1] if name.endswith(("_px", "_px2")))
    assert [summarize(table)["objects"].tolist() for table in tables] == [[0], [1]]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (7, 1)])
def test_tiny_pages_full_of_one_object(measure: Measure, shape: tuple[int, int]) -> None:
    full = np.ones(shape, np.uint16)
    table = measure(page_of(full, full, (0.1, 0.2)))
    assert table["area_px2"].tolist() == [full.size]
    assert table["touches_border"].tolist() == [1]


def test_a_summary() -> None:
    mask = bar(100, 5, 0) | np.roll(bar(50, 5, 0), 40, axis=0)
    table = dendrites(page_of(mask))
    summary = summarize(table)
    assert summary["objects"].tolist() == [2]
    assert summary["total_area_px2"].tolist() == [mask.sum()]
    assert summary["total_length_px"] == pytest.approx([150], rel=0.02)
    assert summary["mean_length_px"] == pytest.approx([75], rel=0.02)
    assert summary["mean_width_px"] == pytest.approx([table["mean_width_px"].mean()])
    assert not {"mean_label", "mean_orientation_deg", "mean_centroid_row_px"} & summary.keys()


def test_a_summary_of_every_class() -> None:
    table = tissue(page_of(nerve((0, -50, 15, 25), (0, 50, 10, 25))), CLASSES)
    summary = summarize(table, ["myelin", "axon", "vessel"])
    assert summary["class"].tolist() == ["myelin", "axon", "vessel"]
    assert summary["objects"].tolist() == [2, 2, 0]
    assert summary["mean_g_ratio"] == pytest.approx([np.nan, 0.5, np.nan], rel=0.02, nan_ok=True)
    assert summary["total_area_px2"][2] == 0
