"""Losses that MONAI lacks."""

from .annotated import AnnotatedDiceCELoss
from .weighted import PixelWeightedCrossEntropy, PixelWeightedDiceCE

__all__ = ["AnnotatedDiceCELoss", "PixelWeightedCrossEntropy", "PixelWeightedDiceCE"]
