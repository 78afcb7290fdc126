"""How does one image, or ten thousand, become results?

`ImageQueue` decides which images are missing. `Pages` and `PageLoader` read their pages, and MONAI's evaluator predicts
them, with `ImageQueue.predict` as its ``iteration_update``. `PredictionWriter` collects the pages of a file and writes
the result (`FileResult`), also in the formats of `result_formats`. Finished images have a marker, and failed ones are
listed in ``failed.csv``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
