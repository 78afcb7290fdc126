"""How does one image, or ten thousand, become results?

`custom.open_inputs` lists the pages of all images. An `ImageQueue` skips images with a valid marker of an earlier run
and runs MONAI's evaluator over the others. A `PageLoader` reads `Pages`; an unreadable page is passed on with the
reason instead of an image. `ImageQueue.predict`, the ``iteration_update`` of the evaluator, predicts page by page,
records failures and continues with the next image. `PredictionWriter`, a handler of the evaluator, collects the pages
of an image into a `FileResult` and, after the last page, writes masks, labels, overlays, rows of tables and the
formats of `result_formats`. Then the queue marks the image as finished. At the end, it joins the rows of all images
into tables and writes ``failed.csv``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
