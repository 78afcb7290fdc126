"""How are images read, and how are images and pictures written? Readers, writers, overlays, pixel sizes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
