"""Losses in which each pixel has a weight of its own."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot, softmax

from ..networks import center_crop
from ..transforms import UNANNOTATED


class PixelWeightedCrossEntropy(nn.Module):
    """Cross entropy of the softmax, averaged over all pixels of the batch with their weights: Σ w · ce / Σ w.

    The sum of Ronneberger et al., "U-Net", MICCAI 2015, equation 1, over the sum of the weights. So the loss stays in
    the range of an unweighted one, as in PyTorch's own class weights: w0 and the share of border pixels in a batch
    move the gradient towards the borders, but do not change the step size. It is 0 where all weights are.

    It is computed in float32 at least, whatever the precision of the logits.
    """

    def forward(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss, a scalar.

        Args:
            logits: (N, C, H, W).
            target: class numbers, (N, 1, H, W), of any type; `transforms.UNANNOTATED` counts as weight 0. Of target
                and weight that are larger than the logits the middle is taken, as a network without padding leaves it.
            weight: 0 or more, (N, 1, H, W); None when the target is (N, 2, H, W) and holds the weights as its second
                channel, as `transforms.TargetClassesd` packs them.

        Raises:
            ValueError: the target has not the channels that it should have, or is smaller than the logits.
        """
        return _cross_entropy(*_aligned(logits, target, weight))


class PixelWeightedDiceCE(nn.Module):
    """``lambda_dice`` · weighted soft Dice loss + ``lambda_ce`` · `PixelWeightedCrossEntropy`.

    The Dice loss of a class is 1 − 2 Σ w p g / (Σ w p + Σ w g): p is its probability (softmax), g whether a pixel is of
    this class, w the weight, the sums are over the batch. It is averaged over the foreground classes, 1 and above,
    that have a weighted pixel in the batch; without any of them it is 0. After Milletari et al., "V-Net", 3DV 2016,
    without the squares.

    It is computed in float32 at least, whatever the precision of the logits.

    Args:
        lambda_dice: weight of the Dice loss.
        lambda_ce: weight of the cross entropy.
    """

    def __init__(self, lambda_dice: float = 1.0, lambda_ce: float = 1.0) -> None:
        super().__init__()
        self.lambda_dice = lambda_dice
        self.lambda_ce = lambda_ce

    def forward(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss, a scalar; the arguments are those of `PixelWeightedCrossEntropy`."""
        aligned = _aligned(logits, target, weight)
        return self.lambda_dice * _dice_loss(*aligned) + self.lambda_ce * _cross_entropy(*aligned)


def _aligned(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return logits of float32 at least, class numbers and weights (N, H, W) of the logits' size."""
    if target.shape[1] != (2 if weight is None else 1):
        expected = "(N, 1, H, W) and a weight, or (N, 2, H, W) and none"
        raise ValueError(f"expected a target {expected}, found {tuple(target.shape)}")
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    size = (logits.shape[-2], logits.shape[-1])
    classes = center_crop(target[:, 0], size)
    weights = center_crop(target[:, 1] if weight is None else weight[:, 0], size).to(logits.dtype)
    annotated = classes != UNANNOTATED
    return logits, (classes * annotated).long(), weights * annotated


def _cross_entropy(logits: torch.Tensor, classes: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    entropy = cross_entropy(logits, classes, reduction="none")
    return (weight * entropy).sum() / weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)


def _dice_loss(logits: torch.Tensor, classes: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    truth = one_hot(classes, logits.shape[1]).movedim(-1, 1)[:, 1:].to(logits.dtype)
    probability, weight = softmax(logits, dim=1)[:, 1:], weight[:, None]
    overlap, predicted, true = ((weight * x).sum(dim=(0, 2, 3)) for x in (probability * truth, probability, truth))
    present = true > 0
    loss = 1 - 2 * overlap[present] / (predicted + true)[present]
    return loss.sum() / present.sum().clamp(min=1)
