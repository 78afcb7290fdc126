"""Pictures with a slider: an image with two overlays, one on each side, small enough to embed in a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from skimage.segmentation import find_boundaries

from ..images import Colors, overlay
from ._page import encoded

MOST_PICTURES = 200
"""Largest number of pictures in a page."""

SIDE = 400
"""Largest height and width of a picture in a page, in pixels."""

_JPEG_QUALITY = 75
_FILL = 0.3  # opacity inside a contour
_NOT_ANNOTATED = (120, 130, 145, 0.5)  # color and opacity of the regions without annotation
_OPACITIES = 3  # levels above 0 for contours: edges look smooth, and files stay small
_FINE_ENOUGH = 4  # contours are computed at up to this multiple of the picture's size


@dataclass(frozen=True)
class Comparison:
    """Content of a picture with a slider. Sources are values for ``src`` of an HTML ``img``.

    Attributes:
        name: name of the image.
        width, height: size of the picture in pixels.
        image: source of the image.
        right: source of the transparent overlay on the right of the slider.
        left: source of the transparent overlay on the left; None for no overlay.
        caption: text below the picture.
        warnings: highlighted sentences below the picture.
        full: address of the picture at full size, next to the page; empty for none.
    """

    name: str
    width: int
    height: int
    image: str
    right: str
    left: str | None = None
    caption: str = ""
    warnings: Sequence[str] = ()
    full: str = ""


def picture_size(shape: Sequence[int]) -> tuple[int, int]:
    """Return the (height, width) of the picture for an image (H, W), at most `SIDE` pixels each.

    Examples:
        >>> picture_size((1200, 800)), picture_size((64, 48))
        ((400, 267), (64, 48))
    """
    scale = min(1.0, SIDE / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def photograph(image: np.ndarray, size: tuple[int, int]) -> str:
    """Return the source of a gray picture.

    Args:
        image: (H, W), any real dtype; its contrast is stretched as in `custom.images.overlay`.
        size: (height, width) of the picture.

    Returns:
        A data URL with a JPEG.

    Examples:
        >>> photograph(np.zeros((8, 8)), (8, 8)).split(",")[0]
        'data:image/jpeg;base64'
    """
    small = cv2.resize(image.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    gray = overlay(small, np.zeros(size, dtype=bool))[..., 0]
    return encoded(gray, "JPEG", quality=_JPEG_QUALITY)


def contours(
    truth: np.ndarray,
    found: np.ndarray,
    colors: Sequence[Sequence[int]],
    size: tuple[int, int],
    annotated: np.ndarray | None = None,
) -> str:
    """Return the source of a transparent overlay with the contours of truth and result.

    Args:
        truth, found: labels (H, W), bool or integer; 0 is background.
        colors: colors of the truth, of the result, and of pixels on both contours; red, green, blue from 0 to 255 each.
        size: (height, width) of the picture.
        annotated: (H, W) bool; pixels that are False are covered by translucent gray. None for all True.

    Returns:
        A data URL with a WebP.

    Examples:
        >>> colors = [(255, 0, 0), (0, 0, 255), (255, 255, 255)]
        >>> contours(np.ones((8, 8), bool), np.eye(8, dtype=bool), colors, (8, 8)).split(",")[0]
        'data:image/webp;base64'
    """
    lines = np.stack([_contour_opacity(truth, size), _contour_opacity(found, size)])
    present = (lines > 0).astype(np.uint8)
    palette = np.array([(0, 0, 0), *colors], np.float32)  # nothing, truth, result, both
    color, opacity = palette[present[0] + 2 * present[1]], lines.max(axis=0)
    if annotated is not None and not annotated.all():
        bare = (_resized_labels(annotated, size) == 0) & (opacity == 0)
        color[bare], opacity[bare] = _NOT_ANNOTATED[:3], _NOT_ANNOTATED[3]
    return _transparent(color, opacity)


def filled(labels: np.ndarray, size: tuple[int, int], colors: Colors | None = None) -> str:
    """Return the source of a transparent overlay with filled labels and their contours.

    Args:
        labels: (H, W) bool or integer; 0 is transparent.
        size: (height, width) of the picture.
        colors: as in `custom.images.overlay`.

    Returns:
        A data URL with a WebP.

    Examples:
        >>> filled(np.ones((8, 8), np.uint8), (8, 8)).split(",")[0]
        'data:image/webp;base64'
    """
    small = _resized_labels(labels, size)
    color = overlay(np.zeros(size, np.float32), small, colors=colors, alpha=1.0)
    opacity = np.where(find_boundaries(small, mode="inner"), 1.0, _FILL)
    return _transparent(color, np.where(small > 0, opacity, 0))


def class_legend(names: Sequence[str], colors: Colors) -> dict[str, str]:
    """Return class → CSS color, without the background, which is the first class.

    Args:
        names: names of the classes.
        colors: (C, 3) from 0 to 255, red, green, blue.

    Examples:
        >>> class_legend(["background", "blood_vessel"], [[0, 0, 0], [255, 60, 60]])
        {'blood vessel': 'rgb(255, 60, 60)'}
    """
    return {name.replace("_", " "): css_color(color) for name, color in list(zip(names, colors, strict=True))[1:]}


def css_color(color: Sequence[int]) -> str:
    """Return red, green and blue from 0 to 255 as a CSS color."""
    return f"rgb({', '.join(str(int(part)) for part in color)})"


def _contour_opacity(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the opacity of the inner borders of labels at the size of the picture; thin lines stay visible."""
    step = max(1, max(labels.shape) // (_FINE_ENOUGH * SIDE))
    borders = find_boundaries(labels[::step, ::step], mode="inner").astype(np.float32)
    shrunk = max(1.0, borders.shape[0] / size[0], borders.shape[1] / size[1])
    opacity = np.minimum(cv2.resize(borders, size[::-1], interpolation=cv2.INTER_AREA) * np.float32(shrunk), 1)
    return np.rint(opacity * _OPACITIES) / _OPACITIES


def _resized_labels(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return labels resized to another size with nearest-neighbor interpolation, as integers."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, labels.shape, strict=True))
    return labels[np.ix_(rows, columns)].astype(np.int64)


def _transparent(color: np.ndarray, opacity: np.ndarray) -> str:
    rgba = np.dstack([color, opacity * 255])
    rgba[opacity == 0] = 0  # a constant value for invisible pixels makes smaller files
    return encoded(np.rint(rgba).astype(np.uint8), "WEBP", lossless=True, quality=0, method=0)
