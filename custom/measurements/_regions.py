"""Measurements of any labeled object: position, size, shape, intensity."""

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
    """Return one row per instance of a page, in ascending order of the labels; see `region_table`.

    Raises:
        ValueError: The page has no labels.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import Page, objects
        >>> labels = np.array([[1, 1, 0, 2]], np.uint16)
        >>> page = Page(image=labels, mask=labels > 0, probability=labels.astype(float), labels=labels)
        >>> objects(page)["area_px2"]
        array([2., 1.])
    """
    if page.labels is None:
        raise ValueError("objects need instance labels, but the page has none.")
    return region_table(page.labels, page.image, page.pixel_size)


def region_table(labels: np.ndarray, image: np.ndarray, pixel_size: PixelSize | None = None) -> Table:
    """Return one row per label, in ascending order.

    The columns are ``label``; ``touches_border``, 1 if the object touches the border of the image, which may cut it
    off; ``area_px2``, ``perimeter_px``, ``centroid_row_px`` and ``centroid_column_px`` (0 is the center of the first
    pixel), ``major_axis_px`` and ``minor_axis_px`` (axes of the ellipse with the same second moments, 0 for a single
    pixel); the same in µm (``area_um2`` and so on); ``eccentricity``, from 0 for a circle to nearly 1 for a line;
    ``orientation_deg``, the direction of the major axis, 0 to 180 counterclockwise from horizontal, NaN if there is
    none; and ``mean_intensity``.

    Columns in µm are NaN if the pixel size is unknown. For non-square pixels, eccentricity and orientation are measured
    in physical space, and ``perimeter_um`` is NaN, because it is only defined for square pixels.

    Args:
        labels: integer (H, W), 0 is background.
        image: (H, W), any real dtype.
        pixel_size: (row, column) in µm; None if unknown.

    Raises:
        ValueError: The shapes differ.

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import region_table
        >>> labels, image = np.array([[1, 1, 0, 2]]), np.array([[10, 20, 0, 5]])
        >>> table = region_table(labels, image, pixel_size=(0.5, 0.5))
        >>> table["area_px2"], table["area_um2"], table["mean_intensity"]
        (array([2., 1.]), array([0.5 , 0.25]), array([15.,  5.]))
    """
    if labels.shape != image.shape:
        raise ValueError(f"labels {labels.shape} and image {image.shape} differ in shape.")
    found = regionprops_table(labels, image, properties=(*_PROPERTIES, "perimeter", "intensity_mean"))
    scaled = _in_micrometers(labels, found, pixel_size)
    shape = found if pixel_size is None else scaled
    table = {"label": found["label"], "touches_border": _at_border(labels, found["label"])}
    table |= {"area_px2": found["area"]} | {f"{name}_px": found[key] for name, key in _LENGTHS.items()}
    table |= {"area_um2": scaled["area"]} | {f"{name}_um": scaled[key] for name, key in _LENGTHS.items()}
    # scikit-image measures the angle from the row axis, 90 degrees away; rounding first makes 180 degrees 0.
    orientation = np.round(90 + np.degrees(shape["orientation"]), 6) % 180
    orientation[shape["eccentricity"] == 0] = np.nan
    table |= {"eccentricity": shape["eccentricity"], "orientation_deg": orientation}
    return table | {"mean_intensity": found["intensity_mean"]}


def without_small(labels: np.ndarray, min_area: int) -> np.ndarray:
    """Remove labels of fewer than ``min_area`` pixels and number the others from 1, integer (H, W).

    Examples:
        >>> import numpy as np
        >>> from custom.measurements import without_small
        >>> without_small(np.array([[1, 0, 2, 2]]), min_area=2)
        array([[0, 0, 1, 1]])
    """
    return np.asarray(relabel_sequential(np.where(np.bincount(labels.ravel())[labels] < min_area, 0, labels))[0])


def _in_micrometers(labels: np.ndarray, in_pixels: Table, pixel_size: PixelSize | None) -> Table:
    """Return the measurements in µm, NaN if the pixel size is unknown."""
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
