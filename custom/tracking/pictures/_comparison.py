"""Side-by-side pictures of a result and the truth with marked errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from skimage.segmentation import find_boundaries

from ...images import contact_sheet, overlay
from ...metrics import contingency_table
from ..measures._errors import TrackingError
from ._drawing import BLACK, WHITE, Color, enlarged, enlarged_labels, max_projection, scale_for, text_strip, to_picture

KIND_COLORS: dict[str, Color] = {
    "missed": (255, 70, 70),
    "extra": (255, 215, 40),
    "merged": (240, 90, 240),
    "wrong link": (255, 150, 30),
    "missed link": (40, 210, 235),
    "wrong semantics": (160, 140, 255),
}
"""The color of each kind of error."""

LINK_KINDS = ("wrong link", "missed link", "wrong semantics")
"""Errors of links, which concern two frames."""

_RIGHT: Color = (110, 230, 120)
_FILL = 0.45  # opacity of a cell with an error
_RING = 14  # radius in pixels


def draw_comparison(
    image: np.ndarray,
    truth: np.ndarray,
    result: np.ndarray,
    errors: Sequence[TrackingError],
    markers: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a frame, the truth and a result side by side: cells with errors are filled, errors of links have a ring.

    A cell with several errors has the color of the error with the largest penalty. A legend gives the number of errors
    of each kind.

    Args:
        image: (H, W), or (Z, H, W), shown as the maximum over Z; any real dtype.
        truth: true labels, integer, same shape; 0 is background.
        result: labels of the result, integer, same shape; 0 is background.
        errors: the errors in this frame.
        markers: masks with the track labels that the errors refer to, if the labels of `truth` differ from them: in the
            challenge, only markers have track labels, while segmentation masks are renumbered in each frame.

    Returns:
        (rows, columns, 3) uint8.

    Raises:
        ValueError: the shapes differ.

    Examples:
        >>> from custom.tracking import TrackingError
        >>> missed = TrackingError(0, 1, 0, "missed", 10.0, (0.5, 0.5), "no object covers more than half of 1")
        >>> labels = np.eye(256, dtype=int)
        >>> draw_comparison(np.zeros((256, 256)), labels, 0 * labels, [missed]).shape  # with title and legend
        (572, 1552, 3)
    """
    truth = truth if markers is None else _with_marker_labels(truth, markers)
    image, truth, result = max_projection(image), max_projection(truth), max_projection(result)
    scale = scale_for(truth.shape)
    gray = overlay(enlarged(image, scale), np.zeros([side * scale for side in image.shape], bool))
    by_penalty = sorted(errors, key=lambda error: error.penalty)
    truth_kinds = {error.reference_label: error.kind for error in by_penalty if error.reference_label}
    result_kinds = {error.result_label: error.kind for error in by_penalty if error.result_label}
    panels = [gray, _mark_errors(gray, truth, truth_kinds, scale), _mark_errors(gray, result, result_kinds, scale)]
    for error in errors:
        if error.kind in LINK_KINDS:
            for panel in panels[1:]:
                _draw_ring(panel, to_picture(error.where, scale), KIND_COLORS[error.kind])
    sheet = contact_sheet(panels, columns=3)
    titles = text_strip(sheet.shape[1], [(title, WHITE) for title in ("frame", "truth", "result")])
    return np.concatenate([titles, sheet, _legend(sheet.shape[1], errors)])


def _with_marker_labels(cells: np.ndarray, markers: np.ndarray) -> np.ndarray:
    """Relabel each cell with the marker that it overlaps most; a cell without a marker gets an unused label."""
    table = contingency_table(cells, markers)
    table = table.where((table.labels > 0) & (table.reference > 0))
    ascending = np.argsort(table.counts, kind="stable")
    marker_of = dict(zip(table.labels[ascending].tolist(), table.reference[ascending].tolist(), strict=True))
    names, indices = np.unique(np.append(0, cells), return_inverse=True)
    unused = int(markers.max()) + 1
    new_names = [0, *(marker_of.get(name, unused + name) for name in names[1:].tolist())]
    return np.array(new_names)[indices[1:]].reshape(cells.shape)


def _mark_errors(gray: np.ndarray, labels: np.ndarray, kinds: Mapping[int, str], scale: int) -> np.ndarray:
    """Return the picture with the outlines of all cells; cells with errors are filled."""
    if gray.shape[:2] != tuple(side * scale for side in labels.shape):
        expected = tuple(side // scale for side in gray.shape[:2])
        raise ValueError(f"found labels of shape {labels.shape}, expected {expected}, the shape of the image")
    names, indices = np.unique(np.append(0, labels), return_inverse=True)
    indices = enlarged_labels(indices[1:].reshape(labels.shape), scale)
    palette = np.array([KIND_COLORS.get(kinds.get(name, ""), _RIGHT) for name in names.tolist()], np.float32)
    fills = np.array([_FILL if name in kinds else 0.0 for name in names.tolist()], np.float32)
    opacity = np.where(find_boundaries(indices, mode="inner"), 1, fills[indices])[..., np.newaxis]
    return np.rint(gray * (1 - opacity) + palette[indices] * opacity).astype(np.uint8)


def _draw_ring(picture: np.ndarray, center: tuple[float, float], color: Color) -> None:
    column, row = (round(coordinate) for coordinate in center)
    cv2.circle(picture, (column, row), _RING, BLACK, 5, cv2.LINE_AA)
    cv2.circle(picture, (column, row), _RING, color, 3, cv2.LINE_AA)


def _legend(width: int, errors: Sequence[TrackingError]) -> np.ndarray:
    counts = Counter(error.kind for error in errors)
    entries = [(f"{kind}: {counts[kind]}", color) for kind, color in KIND_COLORS.items() if counts[kind]]
    return text_strip(width, entries or [("no errors", WHITE)])
