"""Losses that MONAI lacks: for partly annotated labels, for deterministic training, and with a weight per pixel."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
