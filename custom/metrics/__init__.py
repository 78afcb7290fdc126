"""How good is a mask? Overlap, classes, centerlines, Rand index, membranes and instances."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
