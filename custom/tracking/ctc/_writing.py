"""A result in the form of the Cell Tracking Challenge, written mask by mask as it is made."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...images import write_image
from ._names import LARGEST_LABEL, TRACK_LIST, digits_of_mask, mask_name
from ._tracks import Track, write_tracks


class ResultWriter:
    """Writes ``maskNNN.tif``, uint16 and compressed, one by one, and ``res_track.txt`` when all are there.

    A folder without ``res_track.txt`` is not a finished result: the list of a result that was in the folder before is
    removed with the first mask, and its masks of other frames when the new one is finished.

    Args:
        folder: where they go, usually ``NN_RES``; it is created.
        digits: of the frame numbers, the same for all; the challenge has three, and four from 1000 frames on.

    Raises:
        ValueError: fewer than three digits.
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
            frame: its number, 0 or more.
            labels: track labels, integer (H, W) or (Z, H, W), the same size for all frames; 0 is background.

        Returns:
            The file.

        Raises:
            InputError: a label above 65,535, another size than the masks before, or a folder that cannot be created.
            ValueError: a frame number that is negative or has more digits, or a negative label.
        """
        file = self.folder / mask_name(frame, self.digits)
        if not 0 <= frame < 10**self.digits:
            raise ValueError(f"frame {frame} does not fit a number of {self.digits} digits")
        self._check(file, labels)
        if not self._written:
            (self.folder / TRACK_LIST).unlink(missing_ok=True)
        write_image(file, labels.astype(np.uint16))
        self._written.add(file.name)
        return file

    def finish(self, tracks: Iterable[Track]) -> Path:
        """Write the list of the tracks, and return its file.

        Args:
            tracks: those of all masks that were written.

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
            raise ValueError(f"{labels.dtype} from {lowest} to {highest} are no labels, which are integers from 0 up")
        if highest > LARGEST_LABEL:
            raise InputError.about(file, f"the label {highest}", f"labels up to {LARGEST_LABEL}, for 16-bit masks")
        self._shape = self._shape or labels.shape
        if labels.shape != self._shape:
            found, expected = (" × ".join(map(str, shape)) for shape in (labels.shape, self._shape))
            raise InputError.about(file, f"{found} pixels", f"{expected} as in the masks before")
