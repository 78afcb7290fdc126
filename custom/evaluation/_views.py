"""Views: how a prediction and its label are drawn, and the score that orders images from worst to best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import metrics
from ..ground.score_tables import mean
from ..html import Comparison, class_legend, contours, css_color, filled, photograph, picture_size
from ..images import Colors
from ._engine_metrics import Score, class_arrays, instance_arrays, mask_arrays
from ._scores import at_threshold

_TRUTH = (0, 170, 255)
_RESULT = (255, 80, 0)
_BOTH = (255, 225, 0)


class Layers(NamedTuple):
    """Overlays (data URLs) for both sides of an image with a slider; ``note`` is added to the caption."""

    left: str | None
    right: str
    note: str


Draw = Callable[[torch.Tensor, torch.Tensor, tuple[int, int]], Layers]
"""From a prediction (C, H, W), a label (1, H, W) and a size (height, width) in pixels to layers."""


@dataclass(frozen=True)
class View:
    """How the results of a bundle are shown and ordered.

    Attributes:
        measure: name of the main score in tables; larger is better.
        score: main score of a prediction (C, H, W) and a label (1, H, W).
        draw: draws the overlays.
        legend: description → CSS color.
        left, right: descriptions of both sides of the slider.
        label: label of the main score.
    """

    measure: str
    score: Score
    draw: Draw
    legend: Mapping[str, str] = field(default_factory=dict)
    left: str = "the image"
    right: str = "result and truth"
    label: str = "Dice"

    def show(self, name: str, output: Mapping[str, Any], score: float) -> Comparison:
        """Return a picture of an evaluator's output for an image.

        Args:
            name: name of the image.
            output: output of the evaluator, with ``image``, ``pred`` and ``label``.
            score: main score, for the caption.
        """
        shape = tuple(output["label"].shape[-2:])
        size = picture_size(shape)
        layers = self.draw(output["pred"], output["label"], size)
        image = photograph(np.asarray(output["image"][0].float().cpu()), size)
        caption = f"{self.label} {score:.3f}{layers.note}"
        return Comparison(name, size[1], size[0], image, layers.right, layers.left, caption)


def mask_view(threshold: float) -> View:
    """Return a view of masks: contours of result and truth, ordered by Dice.

    Args:
        threshold: pixels with this probability or more are foreground.

    Examples:
        >>> view = mask_view(0.5)
        >>> view.label, view.score(torch.tensor([[[0.9, 0.1]]]), torch.tensor([[[1, 1]]])).__round__(2)
        ('Dice', 0.67)
    """

    def draw(pred: torch.Tensor, label: torch.Tensor, size: tuple[int, int]) -> Layers:
        probability, truth, annotated = mask_arrays(pred, label)
        return _against(probability >= threshold, truth, size, annotated)

    return View("dice", at_threshold(metrics.dice, threshold), draw, _legend())


def instance_view(instances: Callable[[np.ndarray], np.ndarray]) -> View:
    """Return a view of instances: contours of result and truth, ordered by SEG.

    Args:
        instances: function from probabilities (C, H, W), background first, to instance labels (H, W).
    """

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        probability, truth, _ = instance_arrays(pred, label)
        return metrics.seg(instances(probability), truth)

    def draw(pred: torch.Tensor, label: torch.Tensor, size: tuple[int, int]) -> Layers:
        probability, truth, annotated = instance_arrays(pred, label)
        return _against(instances(probability), np.where(annotated, truth, 0), size, annotated)

    return View("seg", score, draw, _legend(), label="SEG")


def class_view(names: Sequence[str], colors: Colors) -> View:
    """Return a view of classes: the truth on the left, the result on the right, ordered by the mean Dice of classes.

    Args:
        names: names of the classes, by class number; class 0, the background, is not colored.
        colors: (C, 3) from 0 to 255, red, green, blue.
    """

    def score(pred: torch.Tensor, label: torch.Tensor) -> float:
        predicted, truth, annotated = class_arrays(pred, label)
        matrix = metrics.confusion_matrix(predicted, truth, len(names), annotated)
        return mean([float(dice) for dice in metrics.class_dice(matrix)])

    def draw(pred: torch.Tensor, label: torch.Tensor, size: tuple[int, int]) -> Layers:
        predicted, truth, annotated = class_arrays(pred, label)
        left, right = (filled(labels, size, colors) for labels in (np.where(annotated, truth, 0), predicted))
        return Layers(left, right, "" if annotated.all() else " in the annotated region")

    return View("dice", score, draw, class_legend(names, colors), "the truth", "the result")


def _legend() -> dict[str, str]:
    return {"truth": css_color(_TRUTH), "result": css_color(_RESULT), "both": css_color(_BOTH)}


def _against(found: np.ndarray, truth: np.ndarray, size: tuple[int, int], annotated: np.ndarray) -> Layers:
    lines = contours(truth, found, (_TRUTH, _RESULT, _BOTH), size, annotated)
    return Layers(None, lines, "" if annotated.all() else " in the annotated region; the rest is grayed out")
