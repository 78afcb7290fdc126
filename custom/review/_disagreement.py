"""How much a result changes when the image is flipped or rotated: test-time augmentation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from monai.networks.utils import eval_mode
from torch import nn

from ..transforms import PROBABILITY

Masks = Callable[[np.ndarray], np.ndarray]
"""From probabilities (H, W) or (C, H, W) to a mask (H, W)."""


class Disagreement:
    """Compares the predictions for the eight flips and right-angle rotations of an image.

    The eight masks are transformed back to the original orientation. The disagreement is 1 minus the mean Dice
    coefficient over all 28 pairs of them; for class masks, Dice is the mean over the classes that occur in either mask
    of a pair. It is 0 if all masks are equal, including if all are empty.

    After Moshkov et al., Test-time augmentation for deep learning-based cell segmentation on microscopy images,
    Scientific Reports 2020, but used as a measure of uncertainty: the result remains the prediction for the original
    image.

    Args:
        network: the network with its weights.
        inferer: the inferer of the bundle.
        postprocessing: the postprocessing of the bundle, applied to a dictionary with ``image`` and ``pred``.
    """

    def __init__(
        self,
        network: nn.Module,
        inferer: Inferer,
        postprocessing: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self.network = network
        self.inferer = inferer
        self.postprocessing = postprocessing

    def __call__(self, image: torch.Tensor, probability: np.ndarray, masks: Masks) -> float:
        """Return the disagreement for an image, 0 to 1.

        Args:
            image: the network's input, (1, H, W); a MetaTensor if ``postprocessing`` needs its metadata.
            probability: the prediction for it, (H, W) or (C, H, W).
            masks: the function that turns probabilities into the mask of the result.
        """
        others = [masks(other) for other in self._others(image)]
        return mean_disagreement([masks(probability), *others])

    def _others(self, image: torch.Tensor) -> Iterator[np.ndarray]:
        """Yield the probabilities predicted for the seven other orientations, transformed back."""
        device = next(self.network.parameters(), image).device
        autocast = torch.autocast(device.type) if device.type == "cuda" else contextlib.nullcontext()
        for flip, turns in ((flip, turns) for flip in (False, True) for turns in range(4) if flip or turns):
            transformed = _transform(torch.as_tensor(image.as_subclass(torch.Tensor)), flip, turns)
            with eval_mode(self.network), torch.inference_mode(), autocast:  # the evaluator leaves it in training mode
                logits = self.inferer(transformed[None].to(device), self.network)[0]
            logits = _transform_back(logits.as_subclass(torch.Tensor), flip, turns).to(image.device)
            output = self.postprocessing({"image": image, "pred": logits})
            probability = np.asarray(output.get(PROBABILITY, output["pred"]).float().cpu())
            yield probability[0] if len(probability) == 1 else probability


def _transform(image: torch.Tensor, flip: bool, turns: int) -> torch.Tensor:
    """Return an image flipped and rotated by ``turns`` quarter turns."""
    return torch.rot90(image.flip(-1) if flip else image, turns, (-2, -1)).contiguous()


def _transform_back(image: torch.Tensor, flip: bool, turns: int) -> torch.Tensor:
    upright = torch.rot90(image, -turns, (-2, -1))
    return (upright.flip(-1) if flip else upright).contiguous()


def mean_disagreement(masks: list[np.ndarray]) -> float:
    """Return 1 minus the mean Dice coefficient over all pairs of masks; for class masks, Dice is the mean over classes.

    Args:
        masks: masks (H, W), 0 is background. A class that is in neither mask of a pair is ignored; the Dice of two
            empty masks is 1.

    Examples:
        >>> mask, half = np.array([[1, 1]]), np.array([[1, 0]])
        >>> mean_disagreement([mask, mask]), round(mean_disagreement([mask, half]), 3)
        (0.0, 0.333)
    """
    flat = np.stack([mask.ravel() for mask in masks])
    pairs = np.triu_indices(len(masks), k=1)
    scores, counts = np.zeros(len(pairs[0])), np.zeros(len(pairs[0]))
    for number in np.unique(flat[flat > 0]):
        here = (flat == number).astype(np.float32)
        both, sizes = (here @ here.T)[pairs], here.sum(axis=1, dtype=np.float64)
        total = sizes[pairs[0]] + sizes[pairs[1]]
        scores += np.divide(2 * both, total, out=np.zeros_like(total), where=total > 0)
        counts += total > 0
    dice = np.divide(scores, counts, out=np.ones_like(scores), where=counts > 0)
    return float(1 - dice.mean())
