"""What belongs to a data set, and which image pairs with which label? Manifests, lists of items, PyTorch datasets."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
