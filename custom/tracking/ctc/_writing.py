"""Writer of results in the format of the Cell Tracking Challenge, mask by mask."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...images import write_image
from ._format import LARGEST_LABEL, TRACK_LIST, Track, digits_of_mask, mask_name, write_tracks


class ResultWriter:
    """Writes ``maskNNN.tif`` (compressed uint16) one by one, and finally ``res_track.txt``.

    A folder without ``res_track.txt`` is an incomplete result. The track list of an earlier result in the same folder
    is therefore deleted before the first mask is written; masks of its other frames are deleted by `finish`.

    Args:
        folder: the result folder, usually ``NN_RES``; it is created.
        digits: digits of the frame numbers in all file names: 3 in the challenge, 4 for movies of 1000 frames or more.

    Raises:
        ValueError: fewer than three digits.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     writer = ResultWriter(folder)
        ...     mask = writer.write(0, np.array([[0, 1], [0, 1]]))
        ...     tracks = writer.finish([Track(1, 0, 0)])
        ...     print(mask.name, tracks.name)
        mask000.tif res_track.txt
    """

    def __init__(self, folder: str | os.PathLike[str], digits: int = 3) -> None:
        if digits < 3:
            raise ValueError(f"frame numbers have three digits or more, not {digits}")
        self.folder = Path(folder)
        self.digits = digits
        self._written: set[str] = set()
        self._shape: tuple[int, ...] | None = None

    def write(self, frame: int, labels: np.ndarray) -> Path:
        """Write the mask of a frame.

        Args:
            frame: frame number, from 0 up.
            labels: track labels, integer (H, W) or (Z, H, W), the same shape for all frames; 0 is background.

        Returns:
            The file.

        Raises:
            InputError: a label is above 65,535, the shape differs from that of the previous masks, or the folder
                cannot be created.
            ValueError: the frame number is negative or has more digits than `digits`, or a label is negative.
        """
        file = self.folder / mask_name(frame, self.digits)
        if not 0 <= frame < 10**self.digits:
            raise ValueError(f"frame {frame}: expected a number from 0 up with at most {self.digits} digits")
        self._check(file, labels)
        if not self._written:
            (self.folder / TRACK_LIST).unlink(missing_ok=True)
        write_image(file, labels.astype(np.uint16))
        self._written.add(file.name)
        return file

    def finish(self, tracks: Iterable[Track]) -> Path:
        """Write the track list and return its path.

        Args:
            tracks: the tracks of all masks that were written.

        Raises:
            ValueError: no mask was written.
        """
        if not self._written:
            raise ValueError("a result needs at least one mask")
        write_tracks(self.folder / TRACK_LIST, tracks)
        for file in self.folder.iterdir():
            if digits_of_mask(file) is not None and file.name not in self._written:
                file.unlink()
        return self.folder / TRACK_LIST

    def _check(self, file: Path, labels: np.ndarray) -> None:
        lowest, highest = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
        if labels.dtype.kind not in "ui" or lowest < 0:
            raise ValueError(
                f"{file.name}: found {labels.dtype} from {lowest} to {highest}, expected integers from 0 up"
            )
        if highest > LARGEST_LABEL:
            raise InputError.about(file, f"the label {highest}", f"labels up to {LARGEST_LABEL}, for 16-bit masks")
        self._shape = self._shape or labels.shape
        if labels.shape != self._shape:
            found, expected = (" × ".join(map(str, shape)) for shape in (labels.shape, self._shape))
            raise InputError.about(file, f"{found} pixels", f"{expected} as in the previous masks")
