"""Transforms that MONAI lacks."""

from .labels import UNANNOTATED, MapLabels
from .reading import ReadImaged, ReadLabeld
from .resizing import ResizeToInputd

__all__ = ["UNANNOTATED", "MapLabels", "ReadImaged", "ReadLabeld", "ResizeToInputd"]
