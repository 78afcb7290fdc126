"""Cells in the margin of the field of view, which the Cell Tracking Challenge does not annotate."""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from ._sequences import LabelSequence


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
        >>> from custom.tracking import sequence_of
        >>> labels = np.array([[1, 1, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0]])
        >>> without_margin(sequence_of([labels]), 1).read(0).tolist()
        [[0, 0, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0]]
    """

    def read(frame: int) -> np.ndarray:
        labels = sequence.read(frame)
        check_margin(margin, labels.shape, sequence.name_of(frame))
        inner = labels[..., margin : labels.shape[-2] - margin, margin : labels.shape[-1] - margin]
        return np.where(np.isin(labels, np.unique(inner)), labels, 0)

    return LabelSequence(sequence.frames, sequence.paths, read) if margin else sequence


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
