"""Multi-class Dice and cross-entropy loss that is deterministic on a GPU."""

from __future__ import annotations

import torch
from monai.losses import DiceCELoss
from torch import nn


class ClassDiceCELoss(DiceCELoss):
    """MONAI's ``DiceCELoss`` with softmax, but with a deterministic mean of the cross entropy.

    On a GPU, PyTorch's own mean over an image (``nll_loss2d``) sums in an undefined order and raises an error under
    ``torch.use_deterministic_algorithms``.

    Args:
        lambda_dice: weight of the Dice loss.
        lambda_ce: weight of the cross entropy.
        batch: compute Dice over the whole batch instead of per image.

    Examples:
        >>> import torch
        >>> from custom.losses import ClassDiceCELoss
        >>> logits, target = torch.zeros(1, 2, 1, 2), torch.tensor([[[[0, 1]]]])  # Dice loss 1/2, cross entropy ln 2
        >>> round(ClassDiceCELoss()(logits, target).item(), 4)
        1.1931
    """

    def __init__(self, lambda_dice: float = 1.0, lambda_ce: float = 1.0, batch: bool = False) -> None:
        super().__init__(to_onehot_y=True, softmax=True, batch=batch, lambda_dice=lambda_dice, lambda_ce=lambda_ce)
        self.cross_entropy = nn.CrossEntropyLoss(reduction="none")

    def ce(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:  # noqa: A002 (MONAI's name)
        """Return the mean over all pixels, a scalar, for logits (N, C, H, W) and class numbers (N, 1, H, W)."""
        return super().ce(input, target).mean()
