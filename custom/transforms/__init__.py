"""Transforms that MONAI lacks, with an array and a dictionary version where both are useful."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
