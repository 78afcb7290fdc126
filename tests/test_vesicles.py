"""Vesicles one by one, checked on drawn discs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from custom.errors import InputError
from custom.instances import blobs
from custom.vesicles import vesicle_table, write_vesicle_table

SIZE = (120, 150)
Disc = tuple[float, float, float]


def discs(*which: Disc, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return a mask of discs: row, column, radius in pixels."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    mask = np.zeros(size, bool)
    for row, column, radius in which:
        mask |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return mask


def pair(radius: float, other: float, overlap: float, angle: float) -> np.ndarray:
    """Return a mask of two discs that overlap by a part of the radius of the second."""
    distance = radius + (1 - overlap) * other
    return discs((60, 70, radius), (60 + distance * np.sin(angle), 70 + distance * np.cos(angle), other))


def field(seed: int, radii: tuple[float, float]) -> list[Disc]:
    """Return discs on a jittered grid, none touching another."""
    rng = np.random.default_rng(seed)
    places = [(row, column) for row in range(20, 110, 30) for column in range(20, 140, 30)]
    return [(row + rng.uniform(-1, 1), column + rng.uniform(-1, 1), rng.uniform(*radii)) for row, column in places]


# -------------------------------------------------------------------------------------------------------------- parting


@pytest.mark.parametrize("radius", [1, 1.5, 2, 2.5, 3, 4, 6, 9, 13])
def test_a_disc_is_one(radius: float) -> None:
    rng = np.random.default_rng(0)
    for row, column in rng.uniform(40, 60, size=(10, 2)):
        mask = discs((row, column, radius))
        labels = blobs(mask, 0.5, 1)
        assert np.array_equal(labels, mask)


@pytest.mark.parametrize("radius", [4, 5, 6, 8, 10, 13])
def test_discs_that_overlap_by_30_percent_are_two(radius: float) -> None:
    for angle in np.linspace(0, 2 * np.pi, 17):
        mask = pair(radius, radius, 0.3, angle)
        labels = blobs(mask, 0.5, 1)
        assert labels.max() == 2
        assert np.array_equal(labels > 0, mask)
        areas = np.bincount(labels.ravel())[1:]
        assert areas.min() > 0.7 * areas.max()


def test_a_smaller_neighbor_is_parted_too() -> None:
    for angle in np.linspace(0, 2 * np.pi, 17):
        assert blobs(pair(10, 5, 0.3, angle), 0.5, 1).max() == 2


def test_discs_that_overlap_nearly_whole_are_one() -> None:
    assert blobs(pair(10, 10, 1.6, 0.3), 0.5, 1).max() == 1


def test_neck_says_how_much_is_parted() -> None:
    mask = pair(8, 8, 0.5, 0.7)
    assert [blobs(mask, 0.5, 1, neck=neck).max() for neck in (0.1, 0.5, 0.9)] == [1, 1, 2]
    for neck in (0, 1.1):
        with pytest.raises(ValueError, match="neck"):
            blobs(mask, 0.5, 1, neck=neck)


def test_threshold_is_reached() -> None:
    probability = np.array([[0.2, 0.5, 0.7, 0.49, 0.9]], np.float32)
    assert blobs(probability, 0.5, 1).tolist() == [[0, 1, 1, 0, 2]]


def test_small_objects_are_left_out_and_the_others_numbered_from_1() -> None:
    mask = discs((10, 10, 1), (30, 30, 5), (60, 60, 1), (90, 90, 5))
    assert np.unique(blobs(mask, 0.5, 1)).tolist() == [0, 1, 2, 3, 4]
    labels = blobs(mask, 0.5, 6)  # the small ones have 5 pixels
    assert np.unique(labels).tolist() == [0, 1, 2]
    assert labels[30, 30] == 1
    assert labels[90, 90] == 2


@pytest.mark.parametrize("filled", [False, True])
def test_nothing_and_everything(filled: bool) -> None:
    labels = blobs(np.full((7, 9), filled), 0.5, 1)
    assert labels.dtype == np.uint16
    assert (labels == int(filled)).all()


def test_turned_image_same_count() -> None:
    mask = discs(*field(0, (2, 13)))
    counts = {blobs(turned, 0.5, 1).max() for turned in (mask, mask.T, mask[::-1], mask[:, ::-1])}
    assert counts == {12}


# ---------------------------------------------------------------------------------------------------------------- table


@pytest.mark.parametrize("seed", range(3))
def test_centers_and_radii_of_drawn_discs(seed: int) -> None:
    drawn = field(seed, (3, 12))
    mask = discs(*drawn)
    rows = vesicle_table(blobs(mask, 0.5, 1), mask.astype(float))
    assert len(rows) == len(drawn)
    for row, column, radius in drawn:
        nearest = min(rows, key=lambda found: np.hypot(found["row"] - row, found["column"] - column))
        assert np.hypot(nearest["row"] - row, nearest["column"] - column) < 0.5
        assert nearest["radius_px"] == pytest.approx(radius, rel=0.05)
        assert nearest["mean_probability"] == 1


def test_touching_discs_keep_center_and_radius() -> None:
    mask = pair(8, 8, 0.3, 0.0)
    first, second = sorted(vesicle_table(blobs(mask, 0.5, 1), mask), key=lambda row: row["column"])
    for found, column in ((first, 70), (second, 70 + 1.7 * 8)):
        assert found["row"] == pytest.approx(60, abs=0.5)
        assert found["column"] == pytest.approx(column, abs=0.5)
        assert found["radius_px"] == pytest.approx(8, rel=0.05)


def test_known_table() -> None:
    labels = np.array([[1, 1, 0, 2], [1, 1, 0, 0]], np.uint16)
    probability = np.array([[0.9, 0.9, 0.1, 0.6], [0.7, 0.5, 0.0, 0.3]])
    first, second = vesicle_table(labels, probability, pixel_size=(0.1, 0.4))
    assert list(first) == [
        *("label", "row", "column", "radius_px", "area_px", "mean_probability"),
        *("row_um", "column_um", "radius_um"),
    ]
    assert (first["label"], first["row"], first["column"], first["area_px"]) == (1, 0.5, 0.5, 4)
    assert first["radius_px"] == pytest.approx(np.sqrt(4 / np.pi))
    assert first["mean_probability"] == pytest.approx(0.75)
    assert (first["row_um"], first["column_um"]) == pytest.approx((0.05, 0.2))
    assert first["radius_um"] == pytest.approx(np.sqrt(4 * 0.1 * 0.4 / np.pi))
    assert (second["label"], second["row"], second["column"], second["area_px"]) == (2, 0, 3, 1)
    assert list(vesicle_table(labels, probability)[0])[-1] == "mean_probability"


def test_empty_table() -> None:
    assert vesicle_table(np.zeros((4, 5), np.uint16), np.zeros((4, 5))) == []


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5\).*\(5, 4\)"):
        vesicle_table(np.zeros((4, 5), np.uint16), np.zeros((5, 4)))


# ------------------------------------------------------------------------------------------------------------------ CSV


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_csv_of_a_stack(tmp_path: Path) -> None:
    masks = [discs((30, 40, 5), (80, 90, 7)), np.zeros(SIZE, bool), discs((60, 70, 9))]
    file = tmp_path / "new" / "a_objects.csv"
    write_vesicle_table(file, [blobs(mask, 0.5, 1) for mask in masks], masks, pixel_size=(0.075, 0.075))
    rows = read(file)
    assert [(row["page"], row["label"]) for row in rows] == [("0", "1"), ("0", "2"), ("2", "1")]
    assert (rows[1]["row"], rows[1]["column"]) == ("80.0000", "90.0000")
    assert float(rows[2]["radius_um"]) == pytest.approx(9 * 0.075, rel=0.05)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(("size", "columns"), [(None, 7), ((0.1, 0.1), 10)])
def test_csv_without_vesicles_has_a_header(size: tuple[float, float] | None, columns: int, tmp_path: Path) -> None:
    write_vesicle_table(tmp_path / "a.csv", [np.zeros((4, 5), np.uint16)], [np.zeros((4, 5))], size)
    (header,) = (tmp_path / "a.csv").read_text().splitlines()
    assert len(header.split(",")) == columns


def test_csv_is_whole_or_not_at_all(tmp_path: Path) -> None:
    good, bad = np.zeros((4, 5), np.uint16), np.zeros((5, 4))
    with pytest.raises(ValueError, match="differ in shape"):
        write_vesicle_table(tmp_path / "a.csv", [good, good], [np.zeros((4, 5)), bad])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be created"):
        write_vesicle_table(tmp_path / "file" / "a.csv", [good], [np.zeros((4, 5))])
