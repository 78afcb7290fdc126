"""Scores of any result on disk, from the command line: ``python -m custom.score``."""

from ._sequence import SequenceScores, mean_scores, pool_scores, score_sequence

__all__ = ["SequenceScores", "mean_scores", "pool_scores", "score_sequence"]
