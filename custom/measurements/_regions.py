"""What can be measured of any labelled object: place, size, form, brightness."""

from __future__ import annotations

import numpy as np
from skimage.measure import regionprops_table
from skimage.segmentation import relabel_sequential

from ..ground.growing_table import Table
from ._page import Page, PixelSize
from ._units import is_square

_LENGTHS = {
    "perimeter": "perimeter",
    "centroid_row": "centroid-0",
    "centroid_column": "centroid-1",
    "major_axis": "axis_major_length",
    "minor_axis": "axis_minor_length",
}
_PROPERTIES = ("label", "area", "centroid", "axis_major_length", "axis_minor_length", "eccentricity", "orientation")


def objects(page: Page) -> Table:
    """Return a row for every instance of a page, such as cells, in the order of the labels; see `region_table`."""
    if page.labels is None:
        raise ValueError("objects are measured where there are labels.")
    return region_table(page.labels, page.image, page.pixel_size)


def region_table(labels: np.ndarray, image: np.ndarray, pixel_size: PixelSize | None = None) -> Table:
    """Return a row for every label, in ascending order.

    ``label``; ``touches_border``, 1 for an object that the image may cut off; ``area_px2``, ``perimeter_px``,
    ``centroid_row_px`` and ``centroid_column_px`` (from 0 in the middle of the first pixel), ``major_axis_px`` and
    ``minor_axis_px`` (of the ellipse with the same second moments; 0 for a single pixel); the same in µm, ``area_um2``
    and so on; ``eccentricity``, from 0 for a circle to nearly 1 for a line; ``orientation_deg``, of the major axis, 0
    to 180, counter-clockwise from the horizontal, NaN without one; ``mean_intensity``.

    What is in µm is NaN where the pixel size is not known. Where pixels are not square, eccentricity and orientation
    are those of the object, not of its picture, and ``perimeter_um`` is NaN: it is only defined for square ones.

    Args:
        labels: (H, W) integer, 0 is background.
        image: (H, W), any real dtype.
        pixel_size: (row, column) in µm.

    Raises:
        ValueError: the shapes differ.
    """
    if labels.shape != image.shape:
        raise ValueError(f"labels {labels.shape} and image {image.shape} differ in shape.")
    found = regionprops_table(labels, image, properties=(*_PROPERTIES, "perimeter", "intensity_mean"))
    scaled = _in_micrometers(labels, found, pixel_size)
    shown = found if pixel_size is None else scaled
    table = {"label": found["label"], "touches_border": _at_border(labels, found["label"])}
    table |= {"area_px2": found["area"]} | {f"{name}_px": found[key] for name, key in _LENGTHS.items()}
    table |= {"area_um2": scaled["area"]} | {f"{name}_um": scaled[key] for name, key in _LENGTHS.items()}
    # scikit-image counts from the rows' axis, a quarter turn away; 180 is 0 once it is rounded
    orientation = np.round(90 + np.degrees(shown["orientation"]), 6) % 180
    orientation[shown["eccentricity"] == 0] = np.nan
    table |= {"eccentricity": shown["eccentricity"], "orientation_deg": orientation}
    return table | {"mean_intensity": found["intensity_mean"]}


def without_small(labels: np.ndarray, min_area: int) -> np.ndarray:
    """Return the labels of at least ``min_area`` pixels, numbered from 1, (H, W) integer."""
    return np.asarray(relabel_sequential(np.where(np.bincount(labels.ravel())[labels] < min_area, 0, labels))[0])


def _in_micrometers(labels: np.ndarray, in_pixels: Table, pixel_size: PixelSize | None) -> Table:
    """Return the same measurements in µm."""
    if pixel_size is None:
        return {key: np.full(len(values), np.nan) for key, values in in_pixels.items()}
    if not is_square(pixel_size):
        scaled = regionprops_table(labels, properties=_PROPERTIES, spacing=pixel_size)
        return scaled | {"perimeter": np.full(len(scaled["label"]), np.nan)}
    size = float(np.sqrt(pixel_size[0] * pixel_size[1]))
    lengths = {key: in_pixels[key] * size for key in _LENGTHS.values()}
    return in_pixels | lengths | {"area": in_pixels["area"] * size**2}


def _at_border(labels: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return np.isin(numbers, np.concatenate(edges)).astype(int)
