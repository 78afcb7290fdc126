"""Cells at the border of the field of view, of which too little is seen."""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from ..linking._two_passes import name_of
from ._sequences import LabelSequence


def without_margin(sequence: LabelSequence, margin: int) -> LabelSequence:
    """Return the same movie without objects that lie wholly in a margin, frame by frame.

    The Cell Tracking Challenge has such a margin around the field of interest of its data sets, 50 pixels in
    DIC-C2DH-HeLa: its truth has no cell that lies wholly in it.

    Args:
        sequence: labels (H, W) or (Z, H, W).
        margin: its width along rows and columns, in pixels; 0 leaves all.

    Raises:
        InputError: as in `check_margin`, when a frame is read.
    """

    def read(frame: int) -> np.ndarray:
        labels = sequence.read(frame)
        check_margin(margin, labels.shape, name_of(sequence, frame))
        inner = labels[..., margin : labels.shape[-2] - margin, margin : labels.shape[-1] - margin]
        return np.where(np.isin(labels, np.unique(inner)), labels, 0)

    return LabelSequence(sequence.frames, sequence.paths, read) if margin else sequence


def check_margin(margin: int, shape: tuple[int, ...], where: str) -> None:
    """Raise InputError unless the margin is a whole number from 0 up that leaves something of a frame.

    Args:
        margin: in pixels.
        shape: of the frame, (H, W) or (Z, H, W).
        where: names the frame in the message.
    """
    if type(margin) is not int or margin < 0:
        raise InputError(f"--margin: found {margin}, expected a whole number of pixels from 0 up.")
    if min(shape[-2:]) <= 2 * margin:
        found = f"{shape[-2]} × {shape[-1]} pixels, which a margin of {margin} covers"
        raise InputError.about(where, found, "a larger frame, or a smaller --margin")
