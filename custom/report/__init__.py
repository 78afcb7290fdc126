"""What does one look at? The pages that training, evaluation and inference write."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
