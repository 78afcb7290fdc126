"""Label images of a movie, read one at a time: from a folder of any kind, a stack, or arrays."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ...data import pairing
from ...errors import InputError
from ...images import describe, files_in, is_image_file, read_labels, smallest_label_dtype
from ._names import TRACK_LIST

_PREFIXES = ("mask", "man_track", "man_seg")
_SLICE = re.compile(r"man_seg_\d+_\d+\.tiff?")


class LabelSequence:
    """The label images of a movie, of which none is kept in memory.

    Args:
        frames: the frame numbers in ascending order; they need not begin at 0 nor be without gaps.
        paths: frame number → the file of that frame, for messages; empty where there are no files.
        read: function from a frame number to its labels.
    """

    def __init__(self, frames: Sequence[int], paths: Mapping[int, Path], read: Callable[[int], np.ndarray]) -> None:
        self.frames = tuple(frames)
        self.paths = dict(paths)
        self._read = read

    def read(self, frame: int) -> np.ndarray:
        """Return the labels of a frame, (H, W) or (Z, H, W) of an unsigned integer type; 0 is background.

        Raises:
            InputError: the file cannot be read or holds no labels.
            ValueError: there is no such frame.
        """
        if frame not in self.frames:
            raise ValueError(f"frame {frame} is not one of the {len(self)} frames of this sequence")
        return self._read(frame)

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        """Give each frame number with its labels, in order."""
        return ((frame, self.read(frame)) for frame in self.frames)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames)


def open_labels(path: str | os.PathLike[str]) -> LabelSequence:
    """Return the label images in a folder or a stack.

    Args:
        path: a result folder (``maskNNN.tif``); a truth folder ``NN_GT`` (its ``TRA/man_trackNNN.tif``, or its ``SEG``
            where there is no TRA) or ``NN_ST`` (its ``SEG/man_segNNN.tif``); a folder ``TRA`` or ``SEG``; any other
            folder of label images whose names end in a number; or one file, whose pages are the frames 0, 1, … . The
            numbers of the Cell Tracking Challenge's names have three digits or more.

    Raises:
        InputError: there is nothing, no label image, two files with the same number, or single slices of 3-D frames
            (``man_seg_TTT_ZZZ.tif``).
    """
    source = Path(path)
    if source.is_dir():
        files = _files_by_frame(_folder_of_labels(source))
        return LabelSequence(tuple(files), files, lambda frame: read_labels(files[frame]))
    if not source.exists():
        raise InputError.about(source, "nothing", "a folder of label images, or a stack")
    shape = describe(source).shape
    pages = range(shape[0] if len(shape) == 3 else 1)
    return LabelSequence(pages, dict.fromkeys(pages, source), lambda frame: read_labels(source, page=frame))


def find_track_list(path: str | os.PathLike[str]) -> Path | None:
    """Return the file that lists the tracks of what `open_labels` opens: of a result or a truth; None if there is none.

    Args:
        path: as in `open_labels`.
    """
    folder = _folder_of_labels(Path(path))
    return next((folder / name for name in (TRACK_LIST, "man_track.txt") if (folder / name).is_file()), None)


def sequence_of(arrays: Sequence[np.ndarray] | Mapping[int, np.ndarray]) -> LabelSequence:
    """Return label images that are in memory as a sequence without files.

    Args:
        arrays: (H, W) or (Z, H, W) integer each, for the frames 0, 1, …, or by their frame numbers.

    Raises:
        ValueError: an array is not of an integer type, or, when it is read, holds a negative label.
    """
    by_frame = dict(arrays) if isinstance(arrays, Mapping) else dict(enumerate(arrays))
    for frame, array in by_frame.items():
        if array.dtype.kind not in "ui":
            raise ValueError(f"the labels of frame {frame} are {array.dtype}, not integers")
    return LabelSequence(sorted(by_frame), {}, lambda frame: _unsigned(by_frame[frame]))


def _folder_of_labels(folder: Path) -> Path:
    """Return the folder itself, or the one in it that holds the truth."""
    names = ("SEG", "TRA") if folder.name.endswith("_ST") else ("TRA", "SEG")
    return next((folder / name for name in names if (folder / name).is_dir()), folder)


def _files_by_frame(folder: Path) -> dict[int, Path]:
    """Return the label images by frame number: those with a name of the challenge, or else all that end in a number."""
    files = [file for file in files_in(folder) if is_image_file(file)]
    slices = sorted(file.name for file in files if _SLICE.fullmatch(file.name))
    if slices:
        raise InputError.about(folder, f"slices of 3-D frames, such as {slices[0]}", "label images of whole frames")
    for pattern in (*(rf"{prefix}\d{{3,}}\.tiff?" for prefix in _PREFIXES), r".*?\d+(\.\w+|\.nii\.gz)"):
        chosen = [file for file in files if re.fullmatch(pattern, file.name)]
        if chosen:
            return dict(sorted(pairing.index_files(chosen, _frame_of)[0].items()))
    raise InputError.about(folder, "no label images", "maskNNN.tif, or other files whose names end in a number")


def _frame_of(file: Path) -> int:
    match = re.search(r"(\d+)\.", file.name)
    assert match is not None  # chosen by that
    return int(match.group(1))


def _unsigned(labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind == "u":
        return labels
    lowest, highest = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    return labels.astype(smallest_label_dtype(min(lowest, 0) or highest))
