"""Measures against a reference: overlap, classes, clDice, Rand, V-Rand, V-Info, warping, SEG, and of tracks."""

from ._acyclic import Graphs, compare_graphs
from ._biology import branching_correctness, cell_cycle_accuracy, complete_tracks, track_fractions
from ._classes import class_dice, class_iou, confusion_matrix
from ._cldice import cl_dice
from ._contingency import ContingencyTable, contingency_table
from ._displacement import displacement_error
from ._hota import HOTA_THRESHOLDS, coverage_hota, hota
from ._identity import IdentityScores, MotScores, identity_scores, mot_scores
from ._information import v_info
from ._links import Links, identities, links
from ._matching import Matching, MovieObjects, Overlaps, join_matchings
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
from ._panoptic import PanopticQuality, panoptic_quality
from ._rand import adapted_rand_f_score, rand_error, rand_index, v_rand
from ._seg import seg, seg_scores
from ._split_merge import SplitMergeScore
from ._tracking_errors import ERROR_KINDS, TrackingError, tracking_errors, write_errors
from ._warping import WarpingResult, warping_error

__all__ = [
    "CHALLENGE_THRESHOLDS",
    "ERROR_KINDS",
    "HOTA_THRESHOLDS",
    "ContingencyTable",
    "Graphs",
    "IdentityScores",
    "Links",
    "Matching",
    "MembraneScores",
    "MotScores",
    "MovieObjects",
    "Overlaps",
    "PanopticQuality",
    "SplitMergeScore",
    "ThresholdScores",
    "TrackingError",
    "WarpingResult",
    "adapted_rand_f_score",
    "branching_correctness",
    "cell_cycle_accuracy",
    "cl_dice",
    "class_dice",
    "class_iou",
    "compare_graphs",
    "complete_tracks",
    "confusion_matrix",
    "contingency_table",
    "coverage_hota",
    "dice",
    "dice_per_threshold",
    "displacement_error",
    "hota",
    "identities",
    "identity_scores",
    "iou",
    "join_matchings",
    "label_cells",
    "links",
    "membrane_scores",
    "membrane_stack_scores",
    "mot_scores",
    "panoptic_quality",
    "pixel_error",
    "pixel_f_score_error",
    "rand_error",
    "rand_index",
    "seg",
    "seg_scores",
    "thin_borders",
    "track_fractions",
    "tracking_errors",
    "v_info",
    "v_rand",
    "warping_error",
    "write_errors",
]
