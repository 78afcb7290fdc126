"""What does a run look like on one page? The reports of training, evaluation and inference."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
