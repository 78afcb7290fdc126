"""What belongs to a data set, and which image pairs with which label? Manifests, items, datasets, downloads."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
