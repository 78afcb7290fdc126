"""Scores of any result on disk, from the command line: ``python -m custom.score``."""

from ._matcher import Matcher
from ._output import write_json
from ._segmentation import FrameScores
from ._sequence import SequenceScores, mean_scores, pool_scores, score_sequence
from .ctc import filled, open_truth, score_folders

__all__ = [
    "FrameScores",
    "Matcher",
    "SequenceScores",
    "filled",
    "mean_scores",
    "open_truth",
    "pool_scores",
    "score_folders",
    "score_sequence",
    "write_json",
]
