"""Scores of images as ignite metrics: kept image by image, averaged at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from ignite.metrics import Metric
from monai.handlers import from_engine
from torch import nn

from ..ground.score_tables import mean
from ..metrics import class_dice, confusion_matrix
from ..transforms import UNANNOTATED

Score = Callable[[torch.Tensor, torch.Tensor], float]
Curve = Callable[..., np.ndarray]
Arrays = Callable[[torch.Tensor, torch.Tensor], tuple[np.ndarray, np.ndarray, np.ndarray]]


HUNDREDTHS = tuple(k / 100 for k in range(1, 100))


class ImageScore(Metric):
    """Mean over the images of a score; an image whose score is NaN (nothing to find, nothing found) is left out.

    Args:
        score: function of two tensors (C, H, W), for example prediction and label, that returns a number.
        keys: which entries of the engine's output are handed to it.
    """

    _state_dict_all_req_keys = ("values",)  # what ignite saves and loads of it

    def __init__(self, score: Score, keys: Sequence[str] = ("pred", "label")) -> None:
        self.score = score
        super().__init__(output_transform=from_engine(list(keys)))

    def reset(self) -> None:
        self.values = torch.zeros(0, dtype=torch.float64)

    def update(self, output: Sequence[Sequence[torch.Tensor]]) -> None:
        scores = [float(self.score(*item)) for item in zip(*output, strict=True)]
        self.values = torch.cat([self.values, torch.tensor(scores, dtype=torch.float64)])

    def compute(self) -> float:
        return mean(self.values.tolist())


class ValidationLoss(ImageScore):
    """Mean over the images of the loss.

    Args:
        loss: of two batches (1, C, H, W), as in training.
        keys: which entries of the engine's output are its arguments.
    """

    def __init__(self, loss: nn.Module, keys: Sequence[str] = ("logits", "label")) -> None:
        super().__init__(lambda pred, label: float(loss(pred[None].float(), label[None])), keys)


class ThresholdCurve(Metric):
    """The best mean over the images of a score, over thresholds; the scan takes one pass over the data.

    Args:
        curve: function of a probability map (H, W), a boolean reference (H, W), thresholds (T,) and ``valid`` (H, W),
            that returns the score at each threshold, (T,).
        thresholds: ascending, in (0, 1); by default 0.01, 0.02, … 0.99.
        read: what makes probability, reference and ``valid`` of prediction and label; by default `arrays`.
    """

    def __init__(self, curve: Curve, thresholds: Sequence[float] = HUNDREDTHS, read: Arrays | None = None) -> None:
        self.curve = curve
        self.read = read or arrays
        self.thresholds = np.asarray(thresholds, dtype=np.float64)
        self.curves: list[np.ndarray] = []
        super().__init__(output_transform=from_engine(["pred", "label"]))

    def reset(self) -> None:
        self.curves = []

    def update(self, output: Sequence[Sequence[torch.Tensor]]) -> None:
        for pred, label in zip(*output, strict=True):
            probability, reference, valid = self.read(pred, label)
            self.curves.append(self.curve(probability, reference, self.thresholds, valid=valid))

    def mean_curve(self) -> np.ndarray:
        """Return the mean score at each threshold, (T,), NaN where no image has one."""
        curves = np.array(self.curves).reshape(-1, len(self.thresholds))
        counted = np.isfinite(curves)
        return np.where(counted, curves, 0).sum(axis=0) / np.where(counted.any(axis=0), counted.sum(axis=0), np.nan)

    def best_threshold(self) -> float:
        """Return the threshold with the best mean; of equal ones the middle one. 0.5 when no image has a score."""
        curve = self.mean_curve()
        if not np.isfinite(curve).any():
            return 0.5
        best = np.flatnonzero(curve == np.nanmax(curve))
        return float(self.thresholds[best[len(best) // 2]])

    def compute(self) -> float:
        return mean([float(value) for value in self.mean_curve()], of=np.max)


class MeanClassDice(Metric):
    """Dice of every class over the pixels of all images together, averaged over the classes.

    A class that is in no reference and in no prediction is left out; the others count alike, however rare.

    Args:
        classes: their number.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.matrix = np.zeros((classes, classes), dtype=np.int64)
        super().__init__(output_transform=from_engine(["pred", "label"]))

    def reset(self) -> None:
        self.matrix = np.zeros((self.classes, self.classes), dtype=np.int64)

    def update(self, output: Sequence[Sequence[torch.Tensor]]) -> None:
        for pred, label in zip(*output, strict=True):
            predicted, reference, valid = class_arrays(pred, label)
            self.matrix += confusion_matrix(predicted, reference, self.classes, valid)

    def compute(self) -> float:
        return mean([float(dice) for dice in class_dice(self.matrix)])


def arrays(pred: torch.Tensor, label: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probability, reference (bool) and where it is annotated (bool), each (H, W), of tensors (1, H, W)."""
    target = np.asarray(label[0].cpu())
    return np.asarray(pred[0].float().cpu()), target == 1, target != UNANNOTATED


def class_arrays(pred: torch.Tensor, label: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the most probable class, the reference class (both uint8) and where it is annotated (bool), each (H, W).

    Args:
        pred: (C, H, W), logits or probabilities of C classes.
        label: (1, H, W), class numbers.
    """
    target = np.asarray(label[0].cpu()).astype(np.uint8)
    return np.asarray(pred.argmax(dim=0).cpu()).astype(np.uint8), target, target != UNANNOTATED


def instance_arrays(pred: torch.Tensor, label: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probabilities (C, H, W), reference labels (H, W) and where they are annotated (H, W).

    Args:
        pred: (C, H, W), probabilities.
        label: (1, H, W), instance labels; −1 where nobody annotated.
    """
    target = np.asarray(label[0].cpu())
    return np.asarray(pred.float().cpu()), target, target >= 0
