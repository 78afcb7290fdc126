"""Written results are valid in the challenge and never look complete before they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from tracking_results import SOUND, TRACKS, page, sound_result

from custom.errors import InputError
from custom.tracking import ResultWriter, Track, open_labels, read_tracks, validate


@pytest.mark.parametrize(("digits", "first"), [(3, 0), (3, 7), (4, 0), (4, 998)])
def test_writes_a_valid_result(tmp_path: Path, digits: int, first: int) -> None:
    writer = ResultWriter(tmp_path / "new" / "01_RES", digits)
    masks = [page([label for label, frames in SOUND.items() if frame in frames], np.int64) for frame in range(6)]
    for frame, mask in enumerate(masks):
        file = writer.write(frame + first, mask)
        assert file.name == f"mask{frame + first:0{digits}d}.tif"
    tracks = [Track(one.label, one.begin + first, one.end + first, one.parent) for one in TRACKS]
    assert writer.finish(tracks) == tmp_path / "new" / "01_RES" / "res_track.txt"
    assert validate(writer.folder) == []
    assert read_tracks(writer.folder / "res_track.txt") == tracks
    for mask, (_, written) in zip(masks, open_labels(writer.folder), strict=True):
        assert written.dtype == np.uint16
        np.testing.assert_array_equal(written, mask)


@pytest.mark.parametrize("shape", [(3, 20), (4, 3, 20)])
def test_empty_movies_are_valid(tmp_path: Path, shape: tuple[int, ...]) -> None:
    writer = ResultWriter(tmp_path)
    writer.write(0, np.zeros(shape, np.uint8))
    writer.finish([])
    assert validate(tmp_path) == []
    assert open_labels(tmp_path).read(0).shape == shape


def test_masks_are_compressed(tmp_path: Path) -> None:
    file = ResultWriter(tmp_path).write(0, np.zeros((500, 500), np.uint16))
    assert file.stat().st_size < 5000
    with tifffile.TiffFile(file) as tiff:
        assert tiff.pages[0].dtype == np.uint16


def test_replaces_an_older_result(tmp_path: Path) -> None:
    sound_result(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    writer = ResultWriter(tmp_path)
    writer.write(0, page([1]))
    assert not (tmp_path / "res_track.txt").exists()
    writer.finish([Track(1, 0, 0)])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mask000.tif", "notes.txt", "res_track.txt"]
    assert validate(tmp_path) == []


def test_a_result_needs_masks(tmp_path: Path) -> None:
    """An older result is kept in that case."""
    sound_result(tmp_path)
    with pytest.raises(ValueError, match="at least one mask"):
        ResultWriter(tmp_path).finish([])
    assert validate(tmp_path) == []


def test_invalid_masks(tmp_path: Path) -> None:
    writer = ResultWriter(tmp_path)
    with pytest.raises(InputError, match=r"mask000.tif: found the label 65536, expected labels up to 65535"):
        writer.write(0, np.array([[0, 65536]]))
    writer.write(0, np.array([[0, 65535]]))
    with pytest.raises(InputError, match=r"mask001.tif: found 2 × 1 pixels, expected 1 × 2 as in the previous masks"):
        writer.write(1, np.zeros((2, 1), np.uint16))
    with pytest.raises(ValueError, match="int64 from -1 to 1"):
        writer.write(1, np.array([[-1, 1]]))
    with pytest.raises(ValueError, match="float64"):
        writer.write(1, np.zeros((1, 2)))
    for frame in (-1, 1000):
        with pytest.raises(ValueError, match=f"frame {frame}: expected a number from 0 up with at most 3 digits"):
            writer.write(frame, np.zeros((1, 2), np.uint16))
    with pytest.raises(ValueError, match="three digits"):
        ResultWriter(tmp_path, digits=2)
