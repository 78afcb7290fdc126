"""How does one image, or ten thousand, become results?

`data.open_inputs` lists the pages of all images. An `ImageQueue` leaves out the images that are finished, as their done
markers (`_done_markers`) tell, and runs MONAI's evaluator over the others. A `PageLoader` reads `Pages`; a page that
cannot be read arrives with the reason instead of an image. The evaluator predicts page by page through
`ImageQueue.predict`, which records failures and continues with the next image. `PredictionWriter`, a handler of the
evaluator, collects the pages of an image into a `FileResult` and, after its last page, writes masks, labels, overlays,
rows of tables and other formats (`formats`). Then the queue marks the image as finished. At the end it joins the rows
of all images into tables (`ground.growing_table`) and writes ``failed.csv``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
