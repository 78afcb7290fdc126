"""A result beside the truth, its errors marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from skimage.segmentation import find_boundaries

from ...images import contact_sheet, overlay
from ...metrics import contingency_table
from ._colors import Color
from ._drawing import BLACK, WHITE, enlarged, enlarged_labels, flat, on_picture, scale_for, strip

if TYPE_CHECKING:
    from ..measures._tracking_errors import TrackingError

KIND_COLORS: dict[str, Color] = {
    "missed": (255, 70, 70),
    "extra": (255, 215, 40),
    "merged": (240, 90, 240),
    "wrong link": (255, 150, 30),
    "missed link": (40, 210, 235),
    "wrong semantics": (160, 140, 255),
}
"""The colour of each kind of error."""

LINK_KINDS = ("wrong link", "missed link", "wrong semantics")
"""The errors between two frames, not in one."""

_RIGHT: Color = (110, 230, 120)
_FILL = 0.45  # opacity, of a cell with an error
_RING = 14  # pixels, radius


def comparison(
    image: np.ndarray,
    truth: np.ndarray,
    result: np.ndarray,
    errors: Sequence[TrackingError],
    markers: np.ndarray | None = None,
) -> np.ndarray:
    """Return a frame, the truth and a result side by side; cells with errors are filled, errors of links have a ring.

    A cell with several errors shows the most expensive one. Below stands how many there are of each kind.

    Args:
        image: (H, W), or (Z, H, W) of which the maximum over Z is shown; any real dtype.
        truth: true labels, integer, of the same shape; 0 is background.
        result: labels of the result, likewise.
        errors: those of this frame.
        markers: the truth with the labels that the errors name, where those of `truth` are others: in the challenge,
            outlines are numbered anew in each frame, and only markers have the labels of their tracks.

    Returns:
        (rows, columns, 3) uint8.

    Raises:
        ValueError: the shapes differ.
    """
    truth = truth if markers is None else _named(truth, markers)
    image, truth, result = flat(image), flat(truth), flat(result)
    scale = scale_for(truth.shape)
    gray = overlay(enlarged(image, scale), np.zeros([side * scale for side in image.shape], bool))
    by_penalty = sorted(errors, key=lambda error: error.penalty)
    truth_kinds = {error.reference_label: error.kind for error in by_penalty if error.reference_label}
    result_kinds = {error.result_label: error.kind for error in by_penalty if error.result_label}
    panels = [gray, _marked(gray, truth, truth_kinds, scale), _marked(gray, result, result_kinds, scale)]
    for error in errors:
        if error.kind in LINK_KINDS:
            for panel in panels[1:]:
                _draw_ring(panel, on_picture(error.where, scale), KIND_COLORS[error.kind])
    sheet = contact_sheet(panels, columns=3)
    titles = strip(sheet.shape[1], [(title, WHITE) for title in ("frame", "truth", "result")])
    return np.concatenate([titles, sheet, _legend(sheet.shape[1], errors)])


def _named(outlines: np.ndarray, markers: np.ndarray) -> np.ndarray:
    """Return outlines with the label of the marker that each has most of; one without any gets a label of its own."""
    table = contingency_table(outlines, markers)
    table = table.where((table.labels > 0) & (table.reference > 0))
    ascending = np.argsort(table.counts, kind="stable")
    marker_of = dict(zip(table.labels[ascending].tolist(), table.reference[ascending].tolist(), strict=True))
    names, places = np.unique(np.append(0, outlines), return_inverse=True)
    unused = int(markers.max()) + 1
    named = [0, *(marker_of.get(name, unused + name) for name in names[1:].tolist())]
    return np.array(named)[places[1:]].reshape(outlines.shape)


def _marked(gray: np.ndarray, labels: np.ndarray, kinds: Mapping[int, str], scale: int) -> np.ndarray:
    """Return the picture with the outlines of all cells, and those with errors filled."""
    if gray.shape[:2] != tuple(side * scale for side in labels.shape):
        raise ValueError(f"labels {labels.shape} are not of the image's shape")
    names, places = np.unique(np.append(0, labels), return_inverse=True)
    places = enlarged_labels(places[1:].reshape(labels.shape), scale)
    palette = np.array([KIND_COLORS.get(kinds.get(name, ""), _RIGHT) for name in names.tolist()], np.float32)
    fills = np.array([_FILL if name in kinds else 0.0 for name in names.tolist()], np.float32)
    opacity = np.where(find_boundaries(places, mode="inner"), 1, fills[places])[..., np.newaxis]
    return np.rint(gray * (1 - opacity) + palette[places] * opacity).astype(np.uint8)


def _draw_ring(picture: np.ndarray, center: tuple[float, float], color: Color) -> None:
    column, row = (round(coordinate) for coordinate in center)
    cv2.circle(picture, (column, row), _RING, BLACK, 5, cv2.LINE_AA)
    cv2.circle(picture, (column, row), _RING, color, 3, cv2.LINE_AA)


def _legend(width: int, errors: Sequence[TrackingError]) -> np.ndarray:
    counts = Counter(error.kind for error in errors)
    entries = [(f"{kind}: {counts[kind]}", color) for kind, color in KIND_COLORS.items() if counts[kind]]
    return strip(width, entries or [("no errors", WHITE)])
