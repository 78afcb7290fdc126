"""Label images of a movie, read one at a time from a folder, a stack or arrays; removal of objects in the margin."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from ...data import pairing
from ...errors import InputError
from ...images import describe, files_in, is_image_file, read_labels, smallest_label_dtype
from ._format import TRACK_LIST, Track, read_tracks

_PREFIXES = ("mask", "man_track", "man_seg")
_SLICE = re.compile(r"man_seg_(\d+)_(\d+)\.tiff?", re.IGNORECASE)
_KINDS = (*(rf"{prefix}\d{{3,}}\.tiff?" for prefix in _PREFIXES), r".*_labels\.\w+", r".*_cp_masks\.\w+", r".*")
"""Names of label images; a folder with several kinds, such as an output folder of inference, is read as the first."""


class LabelSequence:
    """The label images of a movie; none is kept in memory.

    Args:
        frames: frame numbers in ascending order; they may begin at any number and have gaps.
        paths: frame number → file of that frame, for messages; empty if there are no files.
        read: function from a frame number to its labels.
        slices: frame number → the slices of a volume (Z, H, W) that its labels (N, H, W) show, of a truth that
            annotates single slices; empty if labels show whole frames.
    """

    def __init__(
        self,
        frames: Sequence[int],
        paths: Mapping[int, Path],
        read: Callable[[int], np.ndarray],
        slices: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        self.frames = tuple(frames)
        self.paths = dict(paths)
        self._read = read
        self.slices = dict(slices or {})

    def read(self, frame: int) -> np.ndarray:
        """Return the labels of a frame, (H, W) or (Z, H, W) of an unsigned integer type; 0 is background.

        Raises:
            InputError: the file cannot be read or does not contain labels.
            ValueError: there is no such frame.
        """
        if frame not in self.frames:
            raise ValueError(f"frame {frame} is not one of the {len(self)} frames of this sequence")
        return self._read(frame)

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each frame number with its labels, in order."""
        return ((frame, self.read(frame)) for frame in self.frames)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames)

    def name_of(self, frame: int) -> str:
        """Return the name of a mask in messages: its file, if it has one."""
        return str(self.paths.get(frame, f"frame {frame}"))

    def check_complete(self) -> None:
        """Raise InputError unless there is a mask for every frame from the first to the last."""
        for frame, after in pairwise(self.frames):
            if after != frame + 1:
                found, expected = f"frame {after} after frame {frame}", "a mask for every frame"
                raise InputError.about(self.name_of(after), found, expected)


def open_labels(path: str | os.PathLike[str]) -> LabelSequence:
    """Return the label images in a folder or a stack.

    Args:
        path: a result folder (``maskNNN.tif``); a truth folder ``NN_GT`` (its ``TRA/man_trackNNN.tif``, or its ``SEG``
            if there is no TRA) or ``NN_ST`` (its ``SEG/man_segNNN.tif``); a folder ``TRA`` or ``SEG``; any other
            folder of label images, by the last number in their names (of an output folder of inference, the files
            ``x_labels.tif``); or one file with a page per frame, numbered from 0.
            Frame numbers in the names of the Cell Tracking Challenge have three digits or more. Truth of single slices
            of volumes (``man_seg_TTT_ZZZ.tif``) has the labels (N, H, W) of the annotated slices of a frame.

    Raises:
        InputError: the path does not exist, has no label image, or two files with the same number.
    """
    source = Path(path)
    if source.is_dir():
        folder = _folder_of_labels(source)
        slices = _slices_by_frame(folder)
        if slices:
            return _sequence_of_slices(slices)
        files = _files_by_frame(folder)
        return LabelSequence(tuple(files), files, lambda frame: read_labels(files[frame]))
    if not source.exists():
        raise InputError.about(source, "nothing", "a folder of label images, or a stack")
    shape = describe(source).shape
    pages = range(shape[0] if len(shape) == 3 else 1)
    return LabelSequence(pages, dict.fromkeys(pages, source), lambda frame: read_labels(source, page=frame))


def find_track_list(path: str | os.PathLike[str]) -> Path | None:
    """Return the track list that belongs to the label images that `open_labels` opens; None if there is none.

    Args:
        path: as in `open_labels`.
    """
    folder = _folder_of_labels(Path(path))
    return next((folder / name for name in (TRACK_LIST, "man_track.txt") if (folder / name).is_file()), None)


def open_truth(folder: Path) -> tuple[LabelSequence | None, list[Track], LabelSequence | None]:
    """Open a truth folder of the Cell Tracking Challenge.

    Args:
        folder: ``NN_GT`` with ``TRA``, ``SEG`` or both, or ``NN_ST``.

    Returns:
        The markers (TRA), their tracks, and the segmentation (SEG). Without TRA the markers are None and there are no
        tracks; without SEG the segmentation is None.

    Raises:
        InputError: the folder has neither, or something in it cannot be read.
    """
    markers, segmentation = folder / "TRA", folder / "SEG"
    if not markers.is_dir() and not segmentation.is_dir():
        raise InputError.about(folder, "neither TRA nor SEG", "a truth folder, such as 01_GT")
    return (
        open_labels(markers) if markers.is_dir() else None,
        read_tracks(markers / "man_track.txt") if markers.is_dir() else [],
        open_labels(segmentation) if segmentation.is_dir() else None,
    )


def sequence_of(arrays: Sequence[np.ndarray] | Mapping[int, np.ndarray]) -> LabelSequence:
    """Return label images that are in memory as a sequence.

    Args:
        arrays: integer (H, W) or (Z, H, W) arrays, for the frames 0, 1, … or by frame number.

    Raises:
        ValueError: an array is not of an integer type, or contains a negative label (when it is read).

    Examples:
        >>> sequence = sequence_of([np.zeros((2, 3), np.uint8), np.ones((2, 3), np.uint8)])
        >>> len(sequence), int(sequence.read(1).sum())
        (2, 6)
    """
    by_frame = dict(arrays) if isinstance(arrays, Mapping) else dict(enumerate(arrays))
    for frame, array in by_frame.items():
        if array.dtype.kind not in "ui":
            raise ValueError(f"the labels of frame {frame} are {array.dtype}, not integers")
    return LabelSequence(sorted(by_frame), {}, lambda frame: _unsigned(by_frame[frame]))


def without_margin(sequence: LabelSequence, margin: int) -> LabelSequence:
    """Return the same movie without the objects that are completely inside the margin, frame by frame.

    Data sets of the Cell Tracking Challenge have such a margin around the field of interest, 50 pixels in
    DIC-C2DH-HeLa; their truth does not contain cells that are completely inside it.

    Args:
        sequence: labels (H, W) or (Z, H, W).
        margin: width along rows and columns, in pixels; 0 keeps all objects.

    Raises:
        InputError: as `check_margin`, when a frame is read.

    Examples:
        >>> labels = np.array([[1, 1, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0]])
        >>> without_margin(sequence_of([labels]), 1).read(0).tolist()
        [[0, 0, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0]]
    """

    def read(frame: int) -> np.ndarray:
        labels = sequence.read(frame)
        check_margin(margin, labels.shape, sequence.name_of(frame))
        inner = labels[..., margin : labels.shape[-2] - margin, margin : labels.shape[-1] - margin]
        return np.where(np.isin(labels, np.unique(inner)), labels, 0)

    return LabelSequence(sequence.frames, sequence.paths, read, sequence.slices) if margin else sequence


def check_margin(margin: int, shape: tuple[int, ...], where: str) -> None:
    """Raise InputError unless the margin is an integer from 0 up and smaller than half a frame.

    Args:
        margin: in pixels.
        shape: shape of the frame, (H, W) or (Z, H, W).
        where: name of the frame in the message.
    """
    if type(margin) is not int or margin < 0:
        raise InputError(f"--margin: found {margin}, expected a whole number of pixels from 0 up.")
    if min(shape[-2:]) <= 2 * margin:
        found = f"{shape[-2]} × {shape[-1]} pixels, which a margin of {margin} covers"
        raise InputError.about(where, found, "a larger frame, or a smaller --margin")


def _folder_of_labels(folder: Path) -> Path:
    """Return the folder itself, or its subfolder with the truth."""
    names = ("SEG", "TRA") if folder.name.endswith("_ST") else ("TRA", "SEG")
    return next((folder / name for name in names if (folder / name).is_dir()), folder)


def _files_by_frame(folder: Path) -> dict[int, Path]:
    """Return the label images of the first kind that a folder contains, by the last number in their names."""
    files = [file for file in files_in(folder) if is_image_file(file)]
    for kind in _KINDS:
        chosen = [file for file in files if re.fullmatch(kind, file.name, re.IGNORECASE)]
        by_number, _ = pairing.index_files(chosen, pairing.number_of)
        if by_number:
            return dict(sorted(by_number.items()))
    raise InputError.about(folder, "no label images", "maskNNN.tif, or other files with a number in their names")


def _slices_by_frame(folder: Path) -> dict[int, dict[int, Path]]:
    """Return frame → slice → file, of truth that annotates single slices of volumes (``man_seg_TTT_ZZZ.tif``)."""
    found: dict[int, dict[int, Path]] = {}
    files = files_in(folder)
    for file in files:
        match = _SLICE.fullmatch(file.name)
        if match is not None:
            found.setdefault(int(match[1]), {})[int(match[2])] = file
    whole = [file.name for file in files if re.fullmatch(_KINDS[2], file.name, re.IGNORECASE)]
    if found and whole:
        raise InputError.about(folder, f"single slices and whole frames, such as {whole[0]}", "one of both")
    return {frame: dict(sorted(slices.items())) for frame, slices in sorted(found.items())}


def _sequence_of_slices(files: Mapping[int, Mapping[int, Path]]) -> LabelSequence:
    def read(frame: int) -> np.ndarray:
        return np.stack([read_labels(file) for file in files[frame].values()])

    paths = {frame: next(iter(slices.values())) for frame, slices in files.items()}
    return LabelSequence(tuple(files), paths, read, {frame: tuple(slices) for frame, slices in files.items()})


def _unsigned(labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind == "u":
        return labels
    lowest, highest = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    return labels.astype(smallest_label_dtype(min(lowest, 0) or highest))
