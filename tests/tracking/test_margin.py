"""Cells in the margin: which are removed, which are kept whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_cells import draw

from custom.errors import InputError
from custom.images import write_image
from custom.tracking import open_labels, sequence_of, without_margin
from custom.tracking.ctc._sequences import check_margin

CELLS = {
    1: (0, 0, 5, 60),  # fills the margin along one side
    2: (0, 20, 6, 4),  # extends one pixel beyond it
    3: (30, 55, 4, 5),  # in the margin on another side
    4: (30, 54, 4, 6),  # extends one column beyond it
    5: (20, 20, 9, 9),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("label", [1, 2, 3, 4, 5])
def test_only_cells_completely_inside_are_removed(label: int, dtype: type) -> None:
    labels = draw({label: CELLS[label]}).astype(dtype)
    found = without_margin(sequence_of([labels]), 5).read(0)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, labels * (label not in (1, 3)))


@pytest.mark.parametrize("margin", [0, 1, 4, 9])
def test_definition(margin: int) -> None:
    rng = np.random.default_rng(margin)
    labels = np.kron(rng.integers(0, 12, (8, 10)), np.ones((3, 4), int)).astype(np.uint16)
    rows, columns = np.indices(labels.shape)
    near = np.minimum.reduce([rows, columns, labels.shape[0] - 1 - rows, labels.shape[1] - 1 - columns]) < margin
    kept = [label for label in np.unique(labels) if not near[labels == label].all()]
    found = without_margin(sequence_of([labels]), margin).read(0)
    np.testing.assert_array_equal(found, np.where(np.isin(labels, kept), labels, 0))


def test_volumes_have_a_margin_along_rows_and_columns() -> None:
    volume = np.stack([draw({1: (2, 2, 6, 6)}), draw({2: (20, 20, 6, 6)}), draw({})])
    found = without_margin(sequence_of([volume]), 10).read(0)
    assert set(np.unique(found)) == {0, 2}


def test_frames_and_files_are_kept(tmp_path: Path) -> None:
    for frame in (4, 5):
        write_image(tmp_path / f"mask{frame:03d}.tif", draw({1: (0, 0, 4, 4)}))
    whole = open_labels(tmp_path)
    part = without_margin(whole, 6)
    assert (part.frames, part.paths) == (whole.frames, whole.paths)
    assert [labels.max() for _, labels in part] == [0, 0]
    assert without_margin(whole, 0) is whole


def test_a_frame_that_is_all_margin() -> None:
    check_margin(29, (60, 80), "t000.tif")
    expected = r"found 60 × 80 pixels, which a margin of 30 covers, expected a larger frame, or a smaller --margin"
    with pytest.raises(InputError, match="t000.tif: " + expected):
        check_margin(30, (60, 80), "t000.tif")
    with pytest.raises(InputError, match="frame 0: " + expected):
        without_margin(sequence_of([draw({}, (60, 80))]), 30).read(0)


@pytest.mark.parametrize("margin", [-1, 2.5, "ten", None, True])
def test_an_invalid_margin(margin: object) -> None:
    with pytest.raises(InputError, match=f"--margin: found {margin}, expected a whole number of pixels from 0 up"):
        check_margin(margin, (60, 80), "t000.tif")  # type: ignore[arg-type]
