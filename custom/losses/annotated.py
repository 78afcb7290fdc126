"""Losses that leave out what nobody annotated."""

from __future__ import annotations

import torch
from monai.losses import DiceLoss
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ..transforms import UNANNOTATED


class AnnotatedDiceCELoss(nn.Module):
    """Sum of soft Dice loss and binary cross entropy over the annotated pixels.

    MONAI's ``DiceCELoss`` for one logit, restricted: pixels whose target is `transforms.UNANNOTATED` count in neither
    term. Where everything is annotated both give the same value. Soft Dice after Milletari et al., "V-Net", 3DV 2016.

    Args:
        batch: whether Dice is taken over the whole batch rather than image by image; steadier when tiles are empty.
    """

    def __init__(self, batch: bool = False) -> None:
        super().__init__()
        self.dice = DiceLoss(batch=batch)

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar, of ``logits`` (N, 1, H, W) against ``target`` (N, 1, H, W) of 0, 1 or 255."""
        annotated = (target != UNANNOTATED).to(logits.dtype)
        foreground = (target == 1).to(logits.dtype)
        dice = self.dice(torch.sigmoid(logits) * annotated, foreground)
        entropy = binary_cross_entropy_with_logits(logits, foreground, weight=annotated, reduction="sum")
        return dice + entropy / annotated.sum().clamp(min=1)
