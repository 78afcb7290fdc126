"""Which results not to trust: images that are unlike those of the training, and results that depend on how they lie."""

from ._disagreement import Disagreement, mean_disagreement
from ._pages import at_network_scale, page_statistics, training_statistics, whole_and_quarters
from ._reference import FILE, Reference, fit_reference, read_reference, write_reference
from ._result import certainty, result_statistics
from ._statistics import image_statistics
from ._table import DOUBT, Doubt, conclusion, has_low_contrast, is_saturated
from ._training import TrainingStatistics

__all__ = [
    "DOUBT",
    "FILE",
    "Disagreement",
    "Doubt",
    "Reference",
    "TrainingStatistics",
    "at_network_scale",
    "certainty",
    "conclusion",
    "fit_reference",
    "has_low_contrast",
    "image_statistics",
    "is_saturated",
    "mean_disagreement",
    "page_statistics",
    "read_reference",
    "result_statistics",
    "training_statistics",
    "whole_and_quarters",
    "write_reference",
]
