"""Losses with a weight per pixel."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot, softmax

from ..networks import center_crop
from ..transforms import UNANNOTATED


class PixelWeightedCrossEntropy(nn.Module):
    """Softmax cross entropy, averaged over all pixels of the batch with their weights: Σ w · ce / Σ w.

    This is equation 1 of the paper, divided by the sum of the weights. The loss thus has the scale of an unweighted
    one, as with PyTorch's class weights: w0 and the fraction of border pixels in a batch shift the gradient toward the
    borders, but do not change the step size. The loss is 0 if all weights are 0. It is computed in float32 or higher
    precision, whatever the dtype of the logits.

    Reference: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    2015.

    Examples:
        >>> import torch
        >>> from custom.losses import PixelWeightedCrossEntropy
        >>> logits = torch.tensor([[[[0.5, 0.75]], [[0.5, 0.25]]]]).log()  # two pixels, two classes
        >>> target, weight = torch.tensor([[[[0, 0]]]]), torch.tensor([[[[1.0, 3.0]]]])
        >>> round(PixelWeightedCrossEntropy()(logits, target, weight).item(), 4)  # (ln 2 + 3 · ln 4/3) / 4
        0.389
    """

    def forward(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        """Return the scalar loss.

        Args:
            logits: float (N, C, H, W).
            target: class numbers, (N, 1, H, W), any dtype; pixels of `custom.transforms.UNANNOTATED` have weight 0. A
                target and weight larger than the logits are center-cropped, to match networks with unpadded
                convolutions.
            weight: 0 or more, (N, 1, H, W); None if the target is (N, 2, H, W) with the weights as its second channel,
                as packed by `custom.transforms.TargetClassesd`.

        Raises:
            ValueError: The target has the wrong number of channels, or is smaller than the logits.
        """
        return _cross_entropy(*_aligned(logits, target, weight))


class PixelWeightedDiceCE(nn.Module):
    """``lambda_dice`` · weighted soft Dice loss + ``lambda_ce`` · `PixelWeightedCrossEntropy`.

    The Dice loss of a class is 1 − 2 Σ w p g / (Σ w p + Σ w g), where p is its softmax probability, g is 1 for pixels
    of the class and 0 elsewhere, w is the weight, and sums run over the batch. It is averaged over the foreground
    classes (1 and above) that have a pixel of non-zero weight in the batch, and is 0 without such a class. It is
    computed in float32 or higher precision, whatever the dtype of the logits.

    Reference: Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
    3DV 2016; here without the squares in the denominator.

    Args:
        lambda_dice: weight of the Dice loss.
        lambda_ce: weight of the cross entropy.

    Examples:
        >>> import torch
        >>> from custom.losses import PixelWeightedDiceCE
        >>> logits = torch.tensor([[[[0.5, 0.75]], [[0.5, 0.25]]]]).log()  # two pixels, two classes
        >>> target, weight = torch.tensor([[[[1, 0]]]]), torch.ones(1, 1, 1, 2)
        >>> round(PixelWeightedDiceCE()(logits, target, weight).item(), 4)  # 1 − 1 / 1.75 + (ln 2 + ln 4/3) / 2
        0.919
    """

    def __init__(self, lambda_dice: float = 1.0, lambda_ce: float = 1.0) -> None:
        super().__init__()
        self.lambda_dice = lambda_dice
        self.lambda_ce = lambda_ce

    def forward(self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        """Return the scalar loss; arguments and errors as in `PixelWeightedCrossEntropy`."""
        aligned = _aligned(logits, target, weight)
        return self.lambda_dice * _dice_loss(*aligned) + self.lambda_ce * _cross_entropy(*aligned)


def _aligned(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return logits in float32 or higher precision, and class numbers and weights (N, H, W) of the logits' size."""
    if target.shape[1] != (2 if weight is None else 1):
        expected = "(N, 1, H, W) with a weight, or (N, 2, H, W) without one"
        raise ValueError(f"expected a target of shape {expected}, found {tuple(target.shape)}")
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
