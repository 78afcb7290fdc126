"""Markers of finished images."""

from __future__ import annotations

from pathlib import Path

import pytest

from custom.inference._done_markers import DoneMarkers


def begun(folder: Path) -> tuple[DoneMarkers, dict[str, str]]:
    """Return the markers at the start of a run, and its only image, which has been seen."""
    records, item = DoneMarkers(folder, {"weights": "0"}), {"name": "a", "file": str(folder / "a.tif")}
    records.see(item)
    return records, item


@pytest.fixture
def results(tmp_path: Path) -> list[Path]:
    (tmp_path / "a.tif").write_bytes(b"image")
    files = [tmp_path / "a_overlay.png", tmp_path / "a_rois.zip"]
    for file in files:
        file.write_bytes(b"result")
    return files


def test_done_from_one_run_to_the_next(tmp_path: Path, results: list[Path]) -> None:
    records, item = begun(tmp_path)
    assert records.done(item) is None
    assert records.begin(item) == []
    records.finish(item, results)
    assert begun(tmp_path)[0].done(item) == results


def test_an_image_that_changes_while_it_is_predicted_is_not_done(tmp_path: Path, results: list[Path]) -> None:
    records, item = begun(tmp_path)
    (tmp_path / "a.tif").write_bytes(b"another image")
    records.finish(item, results)
    assert begun(tmp_path)[0].done(item) is None


def test_a_run_killed_while_writing_keeps_the_list_of_earlier_results(tmp_path: Path, results: list[Path]) -> None:
    """The next run removes results that it does not write again, such as ROIs that are not requested."""
    records, item = begun(tmp_path)
    records.finish(item, results)
    begun(tmp_path)[0].begin(item)  # killed here
    records, item = begun(tmp_path)
    assert records.done(item) is None
    assert records.begin(item) == results


def test_an_image_that_no_longer_exists(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        begun(tmp_path)
