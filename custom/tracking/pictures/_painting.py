"""Overlays of tracked cells on the frames of a movie: outlines, track labels and recent positions."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np

from ...images import overlay
from ..ctc._format import Track
from ..ctc._lineage import Lineage
from ..linking._result import Centroids, Position
from ._drawing import Color, enlarged, enlarged_labels, max_projection, scale_for, to_picture, track_colors, write_text

_FILL = 0.2  # opacity
_UNLISTED: Color = (200, 200, 200)  # color of an object without a track
_DIGITS = (9.0, 16.0)  # height of the digits in the smallest and in the largest cells, in pixels
_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws


class TrackPainter:
    """Draws overlays in which a cell keeps its color from birth to division and its daughters have related colors.

    Args:
        tracks: all tracks of the sequence.
        centroids: centroids of all cells; a cell without a centroid has neither a number nor a tail.
        tail: number of previous positions in the tail of a cell, including positions of its mother.

    Examples:
        >>> painter = TrackPainter([Track(1, 0, 0)], {0: {1: (1.0, 1.5)}})
        >>> painter.paint(0, np.zeros((3, 4)), np.ones((3, 4), int)).shape
        (384, 512, 3)
    """

    def __init__(self, tracks: Iterable[Track], centroids: Centroids, tail: int = 10) -> None:
        self.lineage = Lineage(tracks)
        self.colors = track_colors(self.lineage.tracks.values())
        self.centroids = centroids
        self.tail = tail

    def paint(self, frame: int, image: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Draw a frame; small frames are enlarged by an integer factor.

        Args:
            frame: frame number.
            image: (H, W), or (Z, H, W), shown as the maximum over Z; any real dtype.
            labels: track labels, integer, same shape; 0 is background.

        Returns:
            (k·H, k·W, 3) uint8.

        Raises:
            ValueError: the shapes differ.
        """
        image, labels = max_projection(image), max_projection(labels)
        scale = scale_for(labels.shape)
        names, indices, areas = np.unique(np.append(0, labels), return_inverse=True, return_counts=True)
        palette = [self.colors.get(name, _UNLISTED) for name in names.tolist()]
        indices = enlarged_labels(indices[1:].reshape(labels.shape), scale)
        picture = overlay(enlarged(image, scale), indices, palette, _FILL)
        known = {
            name: area
            for name, area in zip(names.tolist(), areas.tolist(), strict=True)
            if name and name in self.centroids.get(frame, {})
        }
        for name in known:
            self._draw_tail(picture, frame, name, scale)
        for name, area in known.items():
            center = _nearest_pixel(labels, name, self.centroids[frame][name])
            height = np.clip(0.8 * scale * math.sqrt(area) / len(str(name)), *_DIGITS)
            write_text(picture, str(name), to_picture(center, scale), float(height))
        return picture

    def _draw_tail(self, picture: np.ndarray, frame: int, label: int, scale: int) -> None:
        points = np.array([to_picture(position, scale) for position in self._positions(frame, label)])
        line = np.rint(points[:, np.newaxis] * 2**_SHIFT).astype(np.int32)
        cv2.polylines(picture, [line], False, self.colors.get(label, _UNLISTED), 2, cv2.LINE_AA, _SHIFT)

    def _positions(self, frame: int, label: int) -> list[Position]:
        """Return the known positions of a cell in this and previous frames; before its birth, those of its mother."""
        positions = []
        for past in range(frame, frame - self.tail - 1, -1):
            if label in self.lineage.tracks and past < self.lineage.tracks[label].begin:
                label = self.lineage.parent(label) or 0
            if label in self.centroids.get(past, {}):
                positions.append(self.centroids[past][label])
        return positions


def _nearest_pixel(labels: np.ndarray, name: int, position: Position) -> np.ndarray:
    """Return the pixel (row, column) of a cell that is nearest to its centroid, which can be outside a concave cell."""
    centroid = np.asarray(position, float)[-2:]
    nearest = np.clip(np.rint(centroid).astype(int), 0, np.array(labels.shape) - 1)
    if labels[tuple(nearest)] == name:
        return nearest
    pixels = np.argwhere(labels == name)
    return pixels[((pixels - centroid) ** 2).sum(axis=1).argmin()]
