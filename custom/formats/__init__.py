"""Other forms of a result: for ImageJ, and for napari and whatever else reads OME-Zarr."""

from ._choice import chosen
from ._ome_zarr import OmeZarr
from ._outlines import outlines
from ._rois import Rois

__all__ = ["OmeZarr", "Rois", "chosen", "outlines"]
