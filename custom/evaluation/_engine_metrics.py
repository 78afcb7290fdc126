"""Ignite metrics that score single images and average at the end of a run."""

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
    """Mean of a score over the images; NaN scores, as of images without foreground, are ignored.

    Args:
        score: function of two tensors (C, H, W), for example prediction and label, that returns a number.
        keys: entries of the engine's output that are its arguments.

    Examples:
        >>> metric = ImageScore(lambda pred, label: float((pred == label).float().mean()))
        >>> metric.update([[torch.ones(1, 2, 2)], [torch.eye(2)[None]]])
        >>> metric.compute()
        0.5
    """

    _state_dict_all_req_keys = ("values",)  # the state that ignite saves and loads

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
    """Mean of the loss over the images.

    Args:
        loss: the loss of training, a function of two batches (1, C, H, W).
        keys: entries of the engine's output that are its arguments.
    """

    def __init__(self, loss: nn.Module, keys: Sequence[str] = ("logits", "label")) -> None:
        super().__init__(lambda pred, label: float(loss(pred[None].float(), label[None])), keys)


class ThresholdCurve(Metric):
    """Mean of a score over the images at its best threshold; all thresholds are tested in one pass over the data.

    Args:
        curve: function of a probability map (H, W), a boolean reference (H, W), thresholds (T,) and ``valid`` (H, W)
            that returns the score at each threshold, (T,).
        thresholds: ascending, in (0, 1); by default 0.01, 0.02, … 0.99.
        read: function that turns prediction and label into probability, reference and ``valid``; by default
            `mask_arrays`.

    Examples:
        >>> from custom.metrics import dice_per_threshold
        >>> metric = ThresholdCurve(dice_per_threshold, [0.2, 0.4, 0.6])
        >>> metric.update([[torch.tensor([[[0.9, 0.5, 0.1]]])], [torch.tensor([[[1, 1, 0]]])]])
        >>> metric.compute(), metric.best_threshold(), metric.mean_curve().round(2).tolist()
        (1.0, 0.4, [1.0, 1.0, 0.67])
    """

    def __init__(self, curve: Curve, thresholds: Sequence[float] = HUNDREDTHS, read: Arrays | None = None) -> None:
        self.curve = curve
        self.read = read or mask_arrays
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
        """Return the mean score at each threshold, (T,); NaN where it is undefined for all images."""
        curves = np.array(self.curves).reshape(-1, len(self.thresholds))
        counted = np.isfinite(curves)
        return np.where(counted, curves, 0).sum(axis=0) / np.where(counted.any(axis=0), counted.sum(axis=0), np.nan)

    def best_threshold(self) -> float:
        """Return the threshold with the best mean, the middle one of equals; 0.5 if no image has a score."""
        curve = self.mean_curve()
        if not np.isfinite(curve).any():
            return 0.5
        best = np.flatnonzero(curve == np.nanmax(curve))
        return float(self.thresholds[best[len(best) // 2]])

    def compute(self) -> float:
        return mean([float(value) for value in self.mean_curve()], of=np.max)


class MeanClassDice(Metric):
    """Mean over the classes of Dice, which is computed from the pixels of all images together.

    A class that is in no reference and in no prediction is ignored; all others have equal weight.

    Args:
        classes: number of classes.

    Examples:
        >>> metric = MeanClassDice(2)
        >>> metric.update([[torch.eye(2)[:, None]], [torch.tensor([[[0, 1]]])]])
        >>> metric.compute()
        1.0
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


def mask_arrays(pred: torch.Tensor, label: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probability (float32), reference (bool) and annotated pixels (bool), each (H, W).

    Args:
        pred: probability, (1, H, W).
        label: 1 in the foreground, 255 where not annotated, (1, H, W).

    Examples:
        >>> _, reference, valid = mask_arrays(torch.tensor([[[0.9, 0.2]]]), torch.tensor([[[1, 255]]]))
        >>> reference.tolist(), valid.tolist()
        ([[True, False]], [[True, False]])
    """
    target = np.asarray(label[0].cpu())
    return np.asarray(pred[0].float().cpu()), target == 1, target != UNANNOTATED


def class_arrays(pred: torch.Tensor, label: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the most probable class (uint8), the reference class (uint8) and annotated pixels (bool), each (H, W).

    Args:
        pred: logits or probabilities of C classes, (C, H, W).
        label: class numbers, 255 where not annotated, (1, H, W).
    """
    target = np.asarray(label[0].cpu()).astype(np.uint8)
    return np.asarray(pred.argmax(dim=0).cpu()).astype(np.uint8), target, target != UNANNOTATED


def instance_arrays(pred: torch.Tensor, label: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probabilities (C, H, W; float32), reference labels (H, W) and annotated pixels (H, W; bool).

    Args:
        pred: probabilities, (C, H, W).
        label: instance labels, −1 where not annotated, (1, H, W).
    """
    target = np.asarray(label[0].cpu())
    return np.asarray(pred.float().cpu()), target, target >= 0
