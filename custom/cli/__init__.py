"""What does one type? The command ``microscopy``: bundles by name, and each run of a bundle as one short line.

It is a thin layer: it finds configs and paths, prints the command of MONAI that they make, and runs that command.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
