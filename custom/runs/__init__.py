"""What surrounds a run? First and last lines, checks of options, progress, the next commands, MLflow and reports.

Each bundle config ends with an object of this package whose ``run`` is the last entry of the run list, after `begin`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
