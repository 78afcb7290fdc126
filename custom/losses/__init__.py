"""Losses that MONAI lacks."""

from .annotated import AnnotatedDiceCELoss

__all__ = ["AnnotatedDiceCELoss"]
