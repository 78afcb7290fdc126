"""Warping error: shifted borders cost nothing, topological errors cost their pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from custom.metrics import label_cells, warping_error
from custom.metrics._warping import _CIRCLE, _simple_points

HEIGHT, WIDTH = 8, 13


def line(*columns: int) -> np.ndarray:
    """Return cells separated by vertical borders in the given columns."""
    cells = np.ones((HEIGHT, WIDTH), bool)
    cells[:, list(columns)] = False
    return cells


def noise(seed: int) -> np.ndarray:
    return ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((48, 40)), 2) < 0.06


def test_simple_points_equal_a_count_of_components() -> None:
    side = ndimage.generate_binary_structure(2, 1)
    for code in range(256):
        cells = np.zeros((3, 3), bool)
        for bit, (row, column) in enumerate(_CIRCLE):
            cells[1 + row, 1 + column] = bool(code >> bit & 1)
        border = ~cells
        border[1, 1] = False
        components, _ = ndimage.label(cells, side)
        adjacent = {component for component in components[side] if component > 0}
        _, border_components = ndimage.label(border, np.ones((3, 3)))
        assert _simple_points()[code] == (len(adjacent) == 1 and border_components == 1), f"neighborhood {code:08b}"


def test_equal_masks_cost_nothing() -> None:
    result = warping_error(line(6), line(6))
    assert (result.error, result.splits, result.mergers, result.others) == (0.0, 0, 0, 0)


@pytest.mark.parametrize(("proposal", "reference"), [((7,), (6,)), ((5,), (6,)), ((5, 6, 7), (6,)), ((5,), (3, 4, 5))])
def test_shifted_and_thicker_borders_cost_nothing(proposal: tuple[int, ...], reference: tuple[int, ...]) -> None:
    for turn in (lambda cells: cells, np.transpose):
        assert warping_error(turn(line(*proposal)), turn(line(*reference))).error == 0.0


def test_a_border_shifted_beyond_its_thickness_cannot_follow() -> None:
    assert warping_error(line(9), line(4)).error > 0


def test_a_merger_costs_the_pixels_of_the_gap() -> None:
    proposal = line(6)
    proposal[3:5, 6] = True
    result = warping_error(proposal, line(6))
    assert result.error == pytest.approx(2 / (HEIGHT * WIDTH))
    assert (result.splits, result.mergers, result.others) == (0, 1, 0)
    np.testing.assert_array_equal(result.differences, proposal != line(6))


def test_a_diagonal_gap_is_one_merger() -> None:
    reference = ~np.eye(10, dtype=bool)
    proposal = reference.copy()
    proposal[[4, 5], [4, 5]] = True
    result = warping_error(proposal, reference)
    assert (result.mergers, result.differences.sum()) == (1, 2)


def test_a_gap_in_a_thick_border_costs_one_line() -> None:
    proposal = line(5, 6, 7)
    proposal[3:5, 5:8] = True
    result = warping_error(proposal, line(5, 6, 7))
    assert result.error == pytest.approx(2 / (HEIGHT * WIDTH))
    assert result.mergers == 1


def test_a_split_costs_the_pixel_that_closes_the_border() -> None:
    result = warping_error(line(6), line())
    assert result.error == pytest.approx(1 / (HEIGHT * WIDTH))
    assert (result.splits, result.mergers, result.others) == (1, 0, 0)


def test_two_mergers_and_a_split_are_counted_separately() -> None:
    proposal = line(2, 6, 10)
    proposal[2, 2] = proposal[5, 6] = True
    result = warping_error(proposal, line(2, 6))
    assert (result.splits, result.mergers, result.others) == (1, 2, 0)
    assert result.error == pytest.approx(3 / (HEIGHT * WIDTH))


def test_holes_and_specks_are_neither() -> None:
    hole, speck = line(), ~line()
    hole[3:5, 3:5] = False
    speck[3:5, 3:5] = True
    for proposal, reference in ((hole, line()), (line(), hole), (speck, ~line()), (~line(), speck)):
        result = warping_error(proposal, reference)
        assert (result.splits, result.mergers, result.others) == (0, 0, 1)
        assert result.error > 0


@pytest.mark.parametrize("seed", range(5))
def test_warping_keeps_the_topology_of_the_reference(seed: int) -> None:
    reference, proposal = noise(seed), noise(seed + 20)
    result = warping_error(proposal, reference)
    warped = proposal ^ result.differences
    assert label_cells(warped).max() == label_cells(reference).max()
    eight = np.ones((3, 3))
    assert (
        ndimage.label(np.pad(~warped, 1, constant_values=True), eight)[1]
        == (ndimage.label(np.pad(~reference, 1, constant_values=True), eight)[1])
    )
    assert result.differences.sum() < np.sum(proposal != reference)


def test_memory_layout_does_not_matter_and_inputs_are_not_modified() -> None:
    reference, proposal = noise(0), noise(20)
    before = reference.copy()
    expected = warping_error(proposal, reference)
    found = warping_error(np.asfortranarray(proposal), np.asfortranarray(reference))
    np.testing.assert_array_equal(found.differences, expected.differences)
    assert (found.splits, found.mergers) == (expected.splits, expected.mergers)
    np.testing.assert_array_equal(reference, before)


def test_invalid_input_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"\(8, 13\).*\(13, 8\)"):
        warping_error(line(), line().T)
    with pytest.raises(ValueError, match=r"\(1, 8, 13\)"):
        warping_error(line()[None], line()[None])
    with pytest.raises(TypeError, match="cells must be a boolean array, not uint8"):
        warping_error(line().astype(np.uint8), line())


def test_an_image_without_pixels_has_no_error() -> None:
    assert math.isnan(warping_error(np.zeros((0, 4), bool), np.zeros((0, 4), bool)).error)
