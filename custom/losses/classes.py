"""Soft Dice and cross entropy over classes, the same to the last bit each time on a GPU too."""

from __future__ import annotations

import torch
from monai.losses import DiceCELoss
from torch import nn


class ClassDiceCELoss(DiceCELoss):
    """MONAI's ``DiceCELoss`` of a softmax over classes, with the mean of the cross entropy taken in a fixed order.

    PyTorch's own mean over an image adds in any order on a GPU, and is refused where algorithms have to be
    deterministic (``nll_loss2d``).

    Args:
        lambda_dice: weight of the Dice loss.
        lambda_ce: weight of the cross entropy.
        batch: whether Dice is taken over the whole batch rather than image by image.
    """

    def __init__(self, lambda_dice: float = 1.0, lambda_ce: float = 1.0, batch: bool = False) -> None:
        super().__init__(to_onehot_y=True, softmax=True, batch=batch, lambda_dice=lambda_dice, lambda_ce=lambda_ce)
        self.cross_entropy = nn.CrossEntropyLoss(reduction="none")

    def ce(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:  # noqa: A002 (MONAI's name)
        """Return the mean over all pixels; logits (N, C, H, W), class numbers (N, 1, H, W)."""
        return super().ce(input, target).mean()
