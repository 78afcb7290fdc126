"""Label images of a movie from all kinds of folders, a stack and arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from custom.errors import InputError
from custom.tracking import find_track_list, open_labels, sequence_of, without_margin


def put(file: Path, value: int, shape: tuple[int, ...] = (4, 6), dtype: type = np.uint16) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(file, np.full(shape, value, dtype), photometric="minisblack")


@pytest.mark.parametrize(
    ("opened", "name"),
    [
        ("01_RES", "01_RES/mask{:03d}.tif"),
        ("01_RES", "01_RES/mask{:04d}.tif"),
        ("01_GT", "01_GT/TRA/man_track{:03d}.tif"),
        ("01_GT/TRA", "01_GT/TRA/man_track{:04d}.tif"),
        ("01_GT/SEG", "01_GT/SEG/man_seg{:03d}.tif"),
        ("01_GT", "01_GT/SEG/man_seg{:03d}.tif"),
        ("01_ST", "01_ST/SEG/man_seg{:03d}.tif"),
        ("masks", "masks/t{:d}_cp_masks_{:02d}.tiff"),
        ("masks", "masks/t{:03d}_cp_masks.tif"),
        ("masks", "masks/t{:03d}.ome.tif"),
        ("masks", "masks/t{:03d}_labels.tif"),
        ("masks", "masks/0.5h_t{:03d}.TIF"),
        ("01_GT", "01_GT/SEG/man_seg{:03d}.TIF"),
    ],
)
def test_every_kind_of_folder(tmp_path: Path, opened: str, name: str) -> None:
    for frame in (7, 12, 9):
        put(tmp_path / name.format(frame, frame), frame)
    sequence = open_labels(tmp_path / opened)
    assert sequence.frames == (7, 9, 12)
    assert len(sequence) == 3
    assert sequence.paths[9] == tmp_path / name.format(9, 9)
    assert [(frame, int(labels[0, 0])) for frame, labels in sequence] == [(7, 7), (9, 9), (12, 12)]
    assert sequence.read(12).shape == (4, 6)
    assert sequence.read(12).dtype == np.uint16


def test_an_output_folder_of_inference(tmp_path: Path) -> None:
    """The instance labels among masks, probabilities and overlays."""
    for kind in ("mask", "labels", "probability", "overlay"):
        put(tmp_path / f"t007_{kind}.tif", 3)
    assert open_labels(tmp_path).paths == {7: tmp_path / "t007_labels.tif"}


def test_upper_and_lower_case_suffixes(tmp_path: Path) -> None:
    for name in ("mask000.tif", "mask001.TIF"):
        put(tmp_path / name, 1)
    assert open_labels(tmp_path).frames == (0, 1)


def test_the_track_list_of_every_kind_of_folder(tmp_path: Path) -> None:
    for name in ("01_GT/TRA/man_track.txt", "02_GT/SEG/notes.txt", "01_RES/res_track.txt", "01_ST/SEG/man_seg000.tif"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert find_track_list(tmp_path / "01_GT") == tmp_path / "01_GT" / "TRA" / "man_track.txt"
    assert find_track_list(tmp_path / "01_GT" / "TRA") == tmp_path / "01_GT" / "TRA" / "man_track.txt"
    assert find_track_list(tmp_path / "01_RES") == tmp_path / "01_RES" / "res_track.txt"
    assert [find_track_list(tmp_path / name) for name in ("02_GT", "01_ST", "01_RES/mask.tif", "no")] == [None] * 4


def test_truth_folders_have_their_own_first(tmp_path: Path) -> None:
    for name in ("01_GT", "01_ST"):
        put(tmp_path / name / "TRA" / "man_track000.tif", 1)
        put(tmp_path / name / "SEG" / "man_seg000.tif", 2)
    assert open_labels(tmp_path / "01_GT").read(0)[0, 0] == 1
    assert open_labels(tmp_path / "01_ST").read(0)[0, 0] == 2


def test_masks_are_chosen_among_other_images(tmp_path: Path) -> None:
    for name in ("t000.tif", "mask000.tif", "overlay001.png.tif", "mask_old000.tif"):
        put(tmp_path / name, 1)
    assert open_labels(tmp_path).paths == {0: tmp_path / "mask000.tif"}


def test_stack_has_a_page_per_frame(tmp_path: Path) -> None:
    pages = np.arange(5, dtype=np.uint16)[:, None, None] * np.ones((1, 4, 6), np.uint16)
    tifffile.imwrite(tmp_path / "masks.tif", pages, photometric="minisblack")
    sequence = open_labels(tmp_path / "masks.tif")
    assert sequence.frames == (0, 1, 2, 3, 4)
    assert set(sequence.paths.values()) == {tmp_path / "masks.tif"}
    np.testing.assert_array_equal(sequence.read(3), pages[3])
    put(tmp_path / "one.tif", 3)
    assert open_labels(tmp_path / "one.tif").frames == (0,)


def test_frames_of_a_volume(tmp_path: Path) -> None:
    for frame in range(2):
        put(tmp_path / f"mask{frame:03d}.tif", frame, shape=(5, 4, 6))
    assert open_labels(tmp_path).read(1).shape == (5, 4, 6)


def test_arrays() -> None:
    first, second = np.array([[0, 1]], np.uint8), np.array([[0, 300]], np.int64)
    sequence = sequence_of([first, second])
    assert sequence.frames == (0, 1)
    assert sequence.paths == {}
    assert sequence.read(0) is first
    assert sequence.read(1).dtype == np.uint16
    np.testing.assert_array_equal(sequence.read(1), second)
    assert [frame for frame, _ in sequence_of({9: first, 4: second})] == [4, 9]
    assert len(sequence_of([])) == 0


def test_arrays_that_are_not_labels() -> None:
    with pytest.raises(ValueError, match="frame 1 are float64"):
        sequence_of([np.zeros((1, 2), np.uint8), np.zeros((1, 2))])
    with pytest.raises(ValueError, match="-2"):
        sequence_of([np.array([[-2, 1]])]).read(0)
    with pytest.raises(ValueError, match="frame 3 is not one of the 1 frames"):
        sequence_of([np.array([[1]])]).read(3)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "found no label images, expected maskNNN.tif"),
        (["cells.tif"], "found no label images"),
        (["man_seg000.tif", "man_seg_001_013.tif"], "found single slices and whole frames, such as man_seg000.tif"),
        (["mask001.tif", "mask0001.tif"], "mask0001.tif and mask001.tif, both for 1"),
    ],
)
def test_folders_without_a_sequence(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        put(tmp_path / name, 1)
    with pytest.raises(InputError, match=message):
        open_labels(tmp_path)


def test_truth_of_single_slices(tmp_path: Path) -> None:
    for name, value in (("man_seg_002_013.tif", 4), ("man_seg_002_003.tif", 5), ("man_seg_010_000.tif", 6)):
        put(tmp_path / name, value)
    sequence = open_labels(tmp_path)
    assert sequence.frames == (2, 10)
    assert sequence.slices == {2: (3, 13), 10: (0,)}
    assert sequence.read(2)[:, 0, 0].tolist() == [5, 4]
    assert without_margin(sequence, 1).slices == sequence.slices


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found nothing, expected a folder of label images"):
        open_labels(tmp_path / "01_RES")
    put(tmp_path / "mask000.tif", 1)
    (tmp_path / "mask001.tif").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"mask001.tif: found a broken"):
        open_labels(tmp_path).read(1)


def test_real_folders(real_data: Path) -> None:
    hela = real_data / "DIC-C2DH-HeLa"
    assert open_labels(hela / "01_GT").frames == tuple(range(84))
    assert open_labels(hela / "01_GT" / "SEG").frames == (2, 5, 21, 31, 33, 34, 39, 54, 67)
    assert open_labels(hela / "01_ST").read(83).shape == (512, 512)
    stack = open_labels(real_data / "isbi2012" / "train-labels.tif")
    assert (len(stack), stack.read(23).dtype) == (24, np.uint8)
