"""How does one image, or ten thousand, become results? The queue of images, the files of a result, other formats."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
