"""Which inputs of an inference are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from custom.inference import DoneMarkers


def begun(folder: Path) -> tuple[DoneMarkers, dict[str, str]]:
    """Return the records of a run that begins, and its only input, which it has seen."""
    records, item = DoneMarkers(folder, {"weights": "0"}), {"name": "a", "file": str(folder / "a.tif")}
    records.see(item)
    return records, item


@pytest.fixture
def results(tmp_path: Path) -> list[Path]:
    (tmp_path / "a.tif").write_bytes(b"image")
    files = [tmp_path / "a_mask.tif", tmp_path / "a_rois.zip"]
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


def test_a_run_that_is_killed_while_it_writes_does_not_forget_what_was_there(
    tmp_path: Path, results: list[Path]
) -> None:
    """The next run removes what it does not write anew, such as ROIs that nobody asked for."""
    records, item = begun(tmp_path)
    records.finish(item, results)
    begun(tmp_path)[0].begin(item)  # and no more
    records, item = begun(tmp_path)
    assert records.done(item) is None
    assert records.begin(item) == results


def test_an_image_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        begun(tmp_path)
