"""What is stored next to ``model.pt``? Thresholds, training settings and provenance, and how weights are loaded."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
