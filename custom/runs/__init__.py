"""What surrounds a run? Its first and last lines, options, the next commands and experiment tracking."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
