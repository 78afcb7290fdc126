"""Handlers for MONAI's engines: scores, progress, history, checkpoints, pictures, predictions."""

from .batch_norm import FreezeBatchNorm
from .checkpoints import Checkpoints, WeightsLoader
from .finite_loss import FiniteLoss
from .history import History
from .labels import LabelWriter
from .pictures import ValidationPictures
from .predictions import PredictionWriter
from .progress import Progress
from .scores import ImageScore, MeanClassDice, ThresholdCurve
from .training_events import TrainingEvents

__all__ = [
    "Checkpoints",
    "FiniteLoss",
    "FreezeBatchNorm",
    "History",
    "ImageScore",
    "LabelWriter",
    "MeanClassDice",
    "PredictionWriter",
    "Progress",
    "ThresholdCurve",
    "TrainingEvents",
    "ValidationPictures",
    "WeightsLoader",
]
