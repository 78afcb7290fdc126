"""What the bundles need and MONAI lacks. Configs reach everything through this package: ``$import custom``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
