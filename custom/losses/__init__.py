"""Losses that MONAI lacks."""

from .annotated import AnnotatedDiceCELoss
from .classes import ClassDiceCELoss
from .weighted import PixelWeightedCrossEntropy, PixelWeightedDiceCE

__all__ = ["AnnotatedDiceCELoss", "ClassDiceCELoss", "PixelWeightedCrossEntropy", "PixelWeightedDiceCE"]
