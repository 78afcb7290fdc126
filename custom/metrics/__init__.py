"""Measures of a segmentation against its reference: overlap, classes, clDice, Rand, V-Rand, V-Info, warping, SEG."""

from ._classes import class_dice, class_iou, confusion_matrix
from ._cldice import cl_dice
from ._contingency import ContingencyTable, contingency_table
from ._information import v_info
from ._membrane import (
    CHALLENGE_THRESHOLDS,
    MembraneScores,
    ThresholdScores,
    label_cells,
    membrane_scores,
    membrane_stack_scores,
    thin_borders,
)
from ._overlap import dice, dice_per_threshold, iou, pixel_error, pixel_f_score_error
from ._rand import adapted_rand_f_score, rand_error, rand_index, v_rand
from ._seg import seg, seg_scores
from ._split_merge import SplitMergeScore
from ._warping import WarpingResult, warping_error

__all__ = [
    "CHALLENGE_THRESHOLDS",
    "ContingencyTable",
    "MembraneScores",
    "SplitMergeScore",
    "ThresholdScores",
    "WarpingResult",
    "adapted_rand_f_score",
    "cl_dice",
    "class_dice",
    "class_iou",
    "confusion_matrix",
    "contingency_table",
    "dice",
    "dice_per_threshold",
    "iou",
    "label_cells",
    "membrane_scores",
    "membrane_stack_scores",
    "pixel_error",
    "pixel_f_score_error",
    "rand_error",
    "rand_index",
    "seg",
    "seg_scores",
    "thin_borders",
    "v_info",
    "v_rand",
    "warping_error",
]
