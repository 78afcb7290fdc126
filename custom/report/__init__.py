"""Reports that open in any browser without a network: one HTML file with its pictures in it.

What a training, an evaluation and an inference leave; `tracking` has its own.
"""

from ._comparison import Comparison
from ._evaluation import report_evaluation
from ._inference import report_inference
from ._page import LARGEST_EMBEDDED, picture_source, write_page
from ._pictures import Pictures
from ._training import report_training
from ._views import View, cells, classes, masks

__all__ = [
    "LARGEST_EMBEDDED",
    "Comparison",
    "Pictures",
    "View",
    "cells",
    "classes",
    "masks",
    "picture_source",
    "report_evaluation",
    "report_inference",
    "report_training",
    "write_page",
]
