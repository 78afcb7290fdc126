"""How do scores become a table? Scores of images and splits, confusion matrices, pictures of the best and worst images.

`ScoreTable` is a handler that scores every image with the functions of this package (`at_threshold`, `of_cells`,
`class_scores`, …); `evaluate` runs an evaluator over several splits and writes the table.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
