"""The most expensive errors of a result, each as a small picture with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from skimage.segmentation import find_boundaries

from ...images import contact_sheet, overlay
from ..ctc._sequences import LabelSequence
from ._colors import Color
from ._comparison import LINK_KINDS
from ._drawing import Position, flat

if TYPE_CHECKING:
    from ..measures._tracking_errors import TrackingError

TRUTH_COLOR: Color = (0, 255, 0)
RESULT_COLOR: Color = (255, 0, 255)  # where both lie on each other they add up to white

_SIDE = 240  # pixels, of a thumbnail
_CELLS = 3.0  # what it shows, in diameters of a cell
_SMALLEST = 48  # pixels of the frame that it shows at least
_FAINT = 0.4  # opacity of outlines that the error has nothing to do with


class Thumbnail(NamedTuple):
    """An error to look at.

    Attributes:
        picture: (H, W, 3) uint8.
        error: what it shows.
    """

    picture: np.ndarray
    error: TrackingError


class _Frame(NamedTuple):
    """A frame (H, W, 3) uint8 with its labels (H, W)."""

    picture: np.ndarray
    truth: np.ndarray
    result: np.ndarray


def thumbnails(
    errors: Sequence[TrackingError],
    images: Callable[[int], np.ndarray],
    truth: LabelSequence,
    result: LabelSequence,
    most: int = 20,
) -> list[Thumbnail]:
    """Return the most expensive errors with the outlines of the truth in green and of the result in magenta.

    An error of a link shows the frame before and its own side by side, any other its own; the outlines of the cells
    that it is about are bold. No more than three frames are in memory.

    Args:
        errors: of the whole sequence.
        images: function from a frame number to the frame, (H, W) or (Z, H, W), any real dtype.
        truth: true labels of the same frames.
        result: labels of the result.
        most: how many; of equally expensive ones the first.

    Raises:
        InputError: a file cannot be read.
    """

    @lru_cache(maxsize=3)
    def read(frame: int) -> _Frame:
        image = flat(images(frame))
        return _Frame(overlay(image, np.zeros(image.shape, bool)), flat(truth.read(frame)), flat(result.read(frame)))

    def draw(error: TrackingError) -> np.ndarray:
        before = max((frame for frame in truth.frames if frame < error.frame), default=None)
        window = _window(read(error.frame), error.where)
        frames = [before] if error.kind in LINK_KINDS and before is not None else []
        crops = [_crop(read(frame), error, window) for frame in [*frames, error.frame]]
        return contact_sheet(crops, columns=2, gap=2)

    chosen = sorted(errors, key=lambda error: (-error.penalty, error.frame))[:most]
    by_frame = sorted(range(len(chosen)), key=lambda place: chosen[place].frame)  # to read each frame once
    pictures = {place: draw(chosen[place]) for place in by_frame}
    return [Thumbnail(pictures[place], error) for place, error in enumerate(chosen)]


def _crop(frame: _Frame, error: TrackingError, window: tuple[slice, slice]) -> np.ndarray:
    """Return what is in a square window of a frame, as a square of `_SIDE` pixels."""
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
    """Return the opacity, `_SIDE` pixels square, of outlines: bold those of ``label``, unless it is 0, faint others."""
    places = np.arange(_SIDE) * labels.shape[0] // _SIDE
    labels = labels[np.ix_(places, places)]
    faint = find_boundaries(labels, mode="inner") * np.float32(_FAINT)
    return np.where(find_boundaries((labels == label) & (labels > 0), mode="thick"), np.float32(1), faint)


def _window(frame: _Frame, where: Position) -> tuple[slice, slice]:
    """Return the rows and columns of a square around a position, all within the frame."""
    labels = frame.result if frame.result.any() else frame.truth  # the truth's may be markers
    areas = np.unique(labels[labels > 0], return_counts=True)[1]
    diameter = float(np.sqrt(np.median(areas))) if areas.size else 0.0
    side = min(round(max(_CELLS * diameter, _SMALLEST)), *labels.shape)
    top, left = np.clip(np.rint(np.asarray(where, float)[-2:] - side / 2), 0, np.array(labels.shape) - side).astype(int)
    return slice(top, top + side), slice(left, left + side)
