"""Ship trained weights with a bundle: ``python -m custom.sharing RUN_FOLDER BUNDLE_FOLDER``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
