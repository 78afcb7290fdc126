"""Thumbnails of the errors with the largest penalties."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from skimage.segmentation import find_boundaries

from ...images import contact_sheet, overlay
from ..ctc._sequences import LabelSequence
from ..linking._result import Position
from ..measures._errors import TrackingError
from ._comparison import LINK_KINDS
from ._drawing import Color, max_projection

TRUTH_COLOR: Color = (0, 255, 0)
RESULT_COLOR: Color = (255, 0, 255)  # truth and result on the same pixel add up to white

_SIDE = 240  # side length of a thumbnail in pixels
_CELLS = 3.0  # side length of the shown region in cell diameters
_SMALLEST = 48  # minimum side length of the shown region in pixels of the frame
_FAINT = 0.4  # opacity of the outlines of other cells


class Thumbnail(NamedTuple):
    """The picture of an error.

    Attributes:
        picture: (H, W, 3) uint8.
        error: the error.
    """

    picture: np.ndarray
    error: TrackingError


class _Frame(NamedTuple):
    """A frame (H, W, 3) uint8 with its labels (H, W)."""

    picture: np.ndarray
    truth: np.ndarray
    result: np.ndarray


def draw_thumbnails(
    errors: Sequence[TrackingError],
    images: Callable[[int], np.ndarray],
    truth: LabelSequence,
    result: LabelSequence,
    most: int = 20,
) -> list[Thumbnail]:
    """Draw the errors with the largest penalties, with outlines of the truth in green and of the result in magenta.

    An error of a link is shown in the previous frame and in its own frame, side by side; other errors in their own
    frame. The outlines of the cells concerned are bold. At most three frames are in memory.

    Args:
        errors: all errors of the sequence.
        images: function from a frame number to the frame, (H, W) or (Z, H, W), any real dtype.
        truth: true labels of the same frames.
        result: labels of the result.
        most: maximum number of thumbnails; of errors with equal penalties, the first are drawn.

    Raises:
        InputError: a file cannot be read.
    """

    @lru_cache(maxsize=3)
    def read(frame: int) -> _Frame:
        image = max_projection(images(frame))
        return _Frame(
            overlay(image, np.zeros(image.shape, bool)),
            max_projection(truth.read(frame)),
            max_projection(result.read(frame)),
        )

    def draw(error: TrackingError) -> np.ndarray:
        before = max((frame for frame in truth.frames if frame < error.frame), default=None)
        window = _window(read(error.frame), error.where)
        frames = [before] if error.kind in LINK_KINDS and before is not None else []
        crops = [_crop(read(frame), error, window) for frame in [*frames, error.frame]]
        return contact_sheet(crops, columns=2, gap=2)

    chosen = sorted(errors, key=lambda error: (-error.penalty, error.frame))[:most]
    by_frame = sorted(range(len(chosen)), key=lambda index: chosen[index].frame)  # reads each frame once
    pictures = {index: draw(chosen[index]) for index in by_frame}
    return [Thumbnail(pictures[index], error) for index, error in enumerate(chosen)]


def _crop(frame: _Frame, error: TrackingError, window: tuple[slice, slice]) -> np.ndarray:
    """Return a square window of a frame, resized to `_SIDE` pixels."""
    picture = cv2.resize(frame.picture[window], (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    outlines = np.zeros_like(picture)
    for labels, label, color in (
        (frame.truth[window], error.reference_label, TRUTH_COLOR),
        (frame.result[window], error.result_label, RESULT_COLOR),
    ):
        outlines += _outlines(labels, label)[..., np.newaxis] * np.array(color, np.float32)
    opacity = outlines.max(axis=2, keepdims=True) / 255
    return np.rint(picture * (1 - opacity) + outlines).astype(np.uint8)


def _outlines(labels: np.ndarray, label: int) -> np.ndarray:
    """Return the opacity of outlines, (_SIDE, _SIDE): bold for ``label`` (unless it is 0), faint for other labels."""
    indices = np.arange(_SIDE) * labels.shape[0] // _SIDE
    labels = labels[np.ix_(indices, indices)]
    faint = find_boundaries(labels, mode="inner") * np.float32(_FAINT)
    return np.where(find_boundaries((labels == label) & (labels > 0), mode="thick"), np.float32(1), faint)


def _window(frame: _Frame, where: Position) -> tuple[slice, slice]:
    """Return the rows and columns of a square around a position, inside the frame."""
    labels = frame.result if frame.result.any() else frame.truth  # preferably the result: the truth may be markers
    areas = np.unique(labels[labels > 0], return_counts=True)[1]
    diameter = float(np.sqrt(np.median(areas))) if areas.size else 0.0
    side = min(round(max(_CELLS * diameter, _SMALLEST)), *labels.shape)
    top, left = np.clip(np.rint(np.asarray(where, float)[-2:] - side / 2), 0, np.array(labels.shape) - side).astype(int)
    return slice(top, top + side), slice(left, left + side)
