"""Targets and pixel weights that make a network part touching cells, after the U-Net's paper."""

from ._classes import BACKGROUND, BORDER, CELL, target_classes
from ._parting import part_touching
from ._picture import draw
from ._recipe import Recipe
from ._stored import precompute, stored_weight_map
from ._weights import weight_map

__all__ = [
    "BACKGROUND",
    "BORDER",
    "CELL",
    "Recipe",
    "draw",
    "part_touching",
    "precompute",
    "stored_weight_map",
    "target_classes",
    "weight_map",
]
