"""Which score does a result on disk have? ``python -m custom.score``, for the output of any tool."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
