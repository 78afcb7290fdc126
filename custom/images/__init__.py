"""How does an image come in, and how does a picture go out? Readers, writers, overlays and pixel sizes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
