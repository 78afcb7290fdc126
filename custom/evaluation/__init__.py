"""How do scores become a table? Scores of images and splits, confusion matrices, pictures of the best and worst."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
