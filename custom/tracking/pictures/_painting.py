"""A frame of a movie with its tracked cells: outlines, numbers and where each cell came from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import cv2
import numpy as np

from ...images import overlay
from ..ctc._tracks import Track
from ._colors import Color, track_colors
from ._drawing import Position, enlarged, enlarged_labels, flat, on_picture, scale_for, write_text
from ._lineage import Lineage

Centroids: TypeAlias = Mapping[int, Mapping[int, Position]]
"""Frame → track label → where its middle is."""

_FILL = 0.2  # opacity
_UNLISTED: Color = (200, 200, 200)  # of an object that is no track
_DIGITS = (9.0, 16.0)  # pixels, height of the digits in the smallest and in the largest cells
_SHIFT = 4  # bits behind the point in coordinates that OpenCV draws


class TrackPainter:
    """Paints frames so that a cell has one colour from its birth to its division, and its daughters have related ones.

    Args:
        tracks: of the whole sequence.
        centroids: of the whole sequence; a label without them gets neither number nor tail.
        tail: how many of its last positions a cell draws behind it, its mother's included.
    """

    def __init__(self, tracks: Iterable[Track], centroids: Centroids, tail: int = 10) -> None:
        self.lineage = Lineage(tracks)
        self.colors = track_colors(self.lineage.tracks.values())
        self.centroids = centroids
        self.tail = tail

    def paint(self, frame: int, image: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the picture of a frame, enlarged by a whole number where it is small.

        Args:
            frame: its number.
            image: (H, W), or (Z, H, W) of which the maximum over Z is shown; any real dtype.
            labels: track labels, integer, of the image's shape; 0 is background.

        Returns:
            (k·H, k·W, 3) uint8.

        Raises:
            ValueError: the shapes differ.
        """
        image, labels = flat(image), flat(labels)
        scale = scale_for(labels.shape)
        names, places, areas = np.unique(np.append(0, labels), return_inverse=True, return_counts=True)
        palette = [self.colors.get(name, _UNLISTED) for name in names.tolist()]
        places = enlarged_labels(places[1:].reshape(labels.shape), scale)
        picture = overlay(enlarged(image, scale), places, palette, _FILL)
        known = {
            name: area
            for name, area in zip(names.tolist(), areas.tolist(), strict=True)
            if name and name in self.centroids.get(frame, {})
        }
        for name in known:
            self._draw_tail(picture, frame, name, scale)
        for name, area in known.items():
            middle = _inside(labels, name, self.centroids[frame][name])
            height = np.clip(0.8 * scale * math.sqrt(area) / len(str(name)), *_DIGITS)
            write_text(picture, str(name), on_picture(middle, scale), float(height))
        return picture

    def _draw_tail(self, picture: np.ndarray, frame: int, label: int, scale: int) -> None:
        points = np.array([on_picture(position, scale) for position in self._positions(frame, label)])
        line = np.rint(points[:, np.newaxis] * 2**_SHIFT).astype(np.int32)
        cv2.polylines(picture, [line], False, self.colors.get(label, _UNLISTED), 2, cv2.LINE_AA, _SHIFT)

    def _positions(self, frame: int, label: int) -> list[Position]:
        """Return where a cell was in this and the last frames, as far as known; before its birth it was its mother."""
        positions = []
        for past in range(frame, frame - self.tail - 1, -1):
            if label in self.lineage.tracks and past < self.lineage.tracks[label].begin:
                label = self.lineage.parent(label) or 0
            if label in self.centroids.get(past, {}):
                positions.append(self.centroids[past][label])
        return positions


def _inside(labels: np.ndarray, name: int, position: Position) -> np.ndarray:
    """Return the pixel (row, column) of a cell that is nearest to its centroid, which may lie beside a bent cell."""
    centroid = np.asarray(position, float)[-2:]
    nearest = np.clip(np.rint(centroid).astype(int), 0, np.array(labels.shape) - 1)
    if labels[tuple(nearest)] == name:
        return nearest
    pixels = np.argwhere(labels == name)
    return pixels[((pixels - centroid) ** 2).sum(axis=1).argmin()]
