"""How much a result depends on how the image lies: test-time augmentation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from monai.networks.utils import eval_mode
from torch import nn

Masks = Callable[[np.ndarray], np.ndarray]
"""From probabilities (H, W) or (C, H, W) to a mask (H, W)."""


class Disagreement:
    """The eight flips and right-angle rotations of an image, predicted like the image itself, and compared.

    The disagreement is 1 minus the mean Dice coefficient over all 28 pairs of the eight masks, brought back to the way
    the image lies; where there are classes, the mean over those that occur in either mask of a pair. It is 0 where all
    masks are the same, also where all are empty.

    As Moshkov et al., Test-time augmentation for deep learning-based cell segmentation on microscopy images,
    Scientific Reports 2020, but to tell how sure a result is; the result itself stays that of the image as it is.

    Args:
        network: with its weights.
        inferer: that of the bundle.
        postprocessing: that of the bundle, of a dictionary with ``image`` and ``pred``.
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
        """Return the disagreement about an image, 0 to 1.

        Args:
            image: (1, H, W), as the network takes it, a MetaTensor if ``postprocessing`` needs its metadata.
            probability: what was predicted for it, (H, W) or (C, H, W).
            masks: what the result's mask is made with.
        """
        others = [masks(other) for other in self._others(image)]
        return mean_disagreement([masks(probability), *others])

    def _others(self, image: torch.Tensor) -> Iterator[np.ndarray]:
        """Yield the probabilities from the seven other ways in which the image can lie."""
        device = next(self.network.parameters(), image).device
        autocast = torch.autocast(device.type) if device.type == "cuda" else contextlib.nullcontext()
        for flip, turns in ((flip, turns) for flip in (False, True) for turns in range(4) if flip or turns):
            turned = _turn(torch.as_tensor(image.as_subclass(torch.Tensor)), flip, turns)
            with eval_mode(self.network), torch.inference_mode(), autocast:  # the evaluator leaves it in training mode
                logits = self.inferer(turned[None].to(device), self.network)[0]
            back = _turn_back(logits.as_subclass(torch.Tensor), flip, turns).to(image.device)
            probability = np.asarray(self.postprocessing({"image": image, "pred": back})["pred"].float().cpu())
            yield probability[0] if len(probability) == 1 else probability


def _turn(image: torch.Tensor, flip: bool, turns: int) -> torch.Tensor:
    return torch.rot90(image.flip(-1) if flip else image, turns, (-2, -1)).contiguous()


def _turn_back(image: torch.Tensor, flip: bool, turns: int) -> torch.Tensor:
    upright = torch.rot90(image, -turns, (-2, -1))
    return (upright.flip(-1) if flip else upright).contiguous()


def mean_disagreement(masks: list[np.ndarray]) -> float:
    """Return 1 minus the mean Dice coefficient of all pairs of masks (H, W); of class numbers, the mean of the classes.

    A class that neither mask of a pair has does not count; where a pair has none but 0, its Dice is 1.
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
