"""Losses that ignore unannotated pixels."""

from __future__ import annotations

import torch
from monai.losses import DiceLoss
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ..transforms import UNANNOTATED


class AnnotatedDiceCELoss(nn.Module):
    """Sum of soft Dice loss and binary cross entropy over the annotated pixels.

    This is MONAI's ``DiceCELoss`` for one logit per pixel, restricted to annotated pixels: those whose target is
    `custom.transforms.UNANNOTATED` contribute to neither term. For fully annotated labels both losses are equal.

    Reference: Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
    3DV 2016 (soft Dice).

    Args:
        batch: compute Dice over the whole batch instead of per image, which is more stable if some tiles are empty.

    Examples:
        >>> import torch
        >>> from custom.losses import AnnotatedDiceCELoss
        >>> target = torch.tensor([[[[1, 255]]]])  # Dice loss 1/3, cross entropy ln 2; the second pixel is ignored
        >>> round(AnnotatedDiceCELoss()(torch.zeros(1, 1, 1, 2), target).item(), 4)
        1.0265
    """

    def __init__(self, batch: bool = False) -> None:
        super().__init__()
        self.dice = DiceLoss(batch=batch)

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the scalar loss for ``logits``, float (N, 1, H, W), and ``target``, (N, 1, H, W) of 0, 1 or 255."""
        annotated = (target != UNANNOTATED).to(logits.dtype)
        foreground = (target == 1).to(logits.dtype)
        dice = self.dice(torch.sigmoid(logits) * annotated, foreground)
        entropy = binary_cross_entropy_with_logits(logits, foreground, weight=annotated, reduction="sum")
        return dice + entropy / annotated.sum().clamp(min=1)
