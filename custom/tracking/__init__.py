"""Which cell is which? Linking, files and measures of the Cell Tracking Challenge, pictures, exports, tracking runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
