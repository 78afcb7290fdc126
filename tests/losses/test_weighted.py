"""Losses with a weight per pixel, against sums written out by hand."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.losses import DiceLoss
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from custom.losses import PixelWeightedCrossEntropy, PixelWeightedDiceCE
from custom.transforms import UNANNOTATED

LOSSES = [
    PixelWeightedCrossEntropy(),
    PixelWeightedDiceCE(),
    PixelWeightedDiceCE(lambda_dice=0.5, lambda_ce=2),
    PixelWeightedDiceCE(lambda_ce=0),
]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=["ce", "dice + ce", "0.5 dice + 2 ce", "dice"])


def batch(classes: int = 3, seed: int = 0, size: tuple[int, int] = (6, 5)) -> tuple[torch.Tensor, ...]:
    """Return random logits (2, C, H, W), class numbers and weights (2, 1, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn((2, classes, *size), generator=generator) * 3
    target = torch.randint(0, classes, (2, 1, *size), generator=generator)
    return logits, target, torch.rand((2, 1, *size), generator=generator) * 10


def by_hand(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> tuple[float, float]:
    """Return weighted cross entropy and Dice loss, pixel by pixel in float64."""
    z, w = logits.double().numpy(), weight[:, 0].double().numpy()
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    total = 0.0
    for n, row, column in np.ndindex(w.shape):
        total -= w[n, row, column] * np.log(p[n, int(target[n, 0, row, column]), row, column])
    dice = []
    for number in range(1, z.shape[1]):
        g = (target[:, 0] == number).numpy()
        if (w * g).any():
            dice.append(1 - 2 * (w * p[:, number] * g).sum() / (w * p[:, number] + w * g).sum())
    return total / w.sum(), float(np.mean(dice))


def test_known_answer() -> None:
    # Probabilities of class 1: 1/2 with weight 1, 3/4 with weight 4, target 1; 1/2 with weight 2, target 0.
    # Cross entropy: (ln 2 + 4 ln 4/3 + 2 ln 2) / 7.
    # Dice: 1 - 2 (1/2 + 4 · 3/4) / (1/2 + 4 · 3/4 + 2 · 1/2 + 1 + 4) = 1 - 7 / 9.5.
    logits = torch.tensor([[[[0.0, 0.0, 0.0]], [[0.0, log(3), 0.0]]]])
    target, weight = torch.tensor([[[[1, 1, 0]]]]), torch.tensor([[[[1.0, 4.0, 2.0]]]])
    entropy = (3 * log(2) + 4 * log(4 / 3)) / 7
    assert PixelWeightedCrossEntropy()(logits, target, weight).item() == pytest.approx(entropy, abs=1e-6)
    loss = PixelWeightedDiceCE(lambda_dice=3, lambda_ce=2)(logits, target, weight)
    assert loss.item() == pytest.approx(3 * (1 - 7 / 9.5) + 2 * entropy, abs=1e-6)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_is_the_sum_written_by_hand(classes: int, seed: int) -> None:
    logits, target, weight = batch(classes, seed)
    entropy, dice = by_hand(logits, target, weight)
    assert PixelWeightedCrossEntropy()(logits, target, weight).item() == pytest.approx(entropy, rel=1e-5)
    assert PixelWeightedDiceCE()(logits, target, weight).item() == pytest.approx(dice + entropy, rel=1e-5)
    assert PixelWeightedDiceCE(2, 0.5)(logits, target, weight).item() == pytest.approx(2 * dice + entropy / 2, rel=1e-5)


def test_equal_weights_are_none() -> None:
    logits, target, _ = batch()
    weight = torch.full((2, 1, 6, 5), 7.0)
    entropy = cross_entropy(logits, target[:, 0])
    torch.testing.assert_close(PixelWeightedCrossEntropy()(logits, target, weight), entropy)
    dice = DiceLoss(softmax=True, to_onehot_y=True, include_background=False, batch=True)(logits, target)
    torch.testing.assert_close(PixelWeightedDiceCE()(logits, target, weight), dice + entropy, rtol=0, atol=1e-5)


@every_loss
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.float32])
def test_packed_target(loss: nn.Module, dtype: torch.dtype) -> None:
    logits, target, weight = batch()
    expected = loss(logits, target, weight)
    torch.testing.assert_close(loss(logits, target.to(dtype), weight), expected, rtol=0, atol=0)
    packed = torch.cat([target.float(), weight], dim=1)
    for target_and_weight in (packed, MetaTensor(packed)):
        result = loss(logits, target_and_weight)
        assert result.ndim == 0
        torch.testing.assert_close(torch.as_tensor(result), expected, rtol=0, atol=0, check_dtype=True)


@every_loss
@pytest.mark.parametrize("size", [(6, 5), (3, 4), (1, 1)])
def test_the_middle_of_a_larger_target_is_taken(loss: nn.Module, size: tuple[int, int]) -> None:
    _, target, weight = batch(size=(6, 5))
    logits = batch(size=size)[0]
    top, left = (6 - size[0]) // 2, (5 - size[1]) // 2
    middle = (..., slice(top, top + size[0]), slice(left, left + size[1]))
    torch.testing.assert_close(loss(logits, target, weight), loss(logits, target[middle], weight[middle]))


@every_loss
def test_pixels_without_weight_or_annotation_count_for_nothing(loss: nn.Module) -> None:
    logits, target, weight = batch()
    part = (..., slice(0, 4), slice(2, None))
    expected = loss(logits[part], target[part], weight[part])
    logits.requires_grad_()
    target[..., 4:, :] = UNANNOTATED
    weight[..., :2] = 0
    result = loss(logits, target, weight)
    torch.testing.assert_close(result, expected)
    result.backward()
    assert (logits.grad[..., 4:, :] == 0).all()
    assert (logits.grad[..., :2] == 0).all()
    assert (logits.grad[part] != 0).any(dim=1).all()


@every_loss
def test_no_weight_at_all_teaches_nothing(loss: nn.Module) -> None:
    logits, target, weight = batch()
    for classes, weights in ((target, weight * 0), (torch.full_like(target, UNANNOTATED), weight)):
        given = logits.clone().requires_grad_()
        result = loss(given, classes, weights)
        result.backward()
        assert result.item() == 0
        assert (given.grad == 0).all()


@every_loss
@pytest.mark.parametrize("present", [[0], [1], [0, 2]])
def test_a_class_may_be_absent(loss: nn.Module, present: list[int]) -> None:
    logits, target, weight = batch()
    target = torch.tensor(present)[target % len(present)]
    logits.requires_grad_()
    result = loss(logits, target, weight)
    result.backward()
    assert torch.isfinite(result)
    assert torch.isfinite(logits.grad).all()


def test_an_absent_class_is_no_free_score() -> None:
    logits, target, weight = batch()
    target = torch.where(target == 2, 1, target)
    dice = PixelWeightedDiceCE(lambda_ce=0)(logits, target, weight)
    p, g = logits.softmax(dim=1)[:, 1:2], (target == 1).float()
    torch.testing.assert_close(dice, 1 - 2 * (weight * p * g).sum() / (weight * (p + g)).sum())


@every_loss
def test_perfect_and_opposite(loss: nn.Module) -> None:
    _, target, weight = batch(classes=2)
    logits = one_hot(target[:, 0], 2).movedim(-1, 1) * 100.0
    assert loss(logits, target, weight).item() == pytest.approx(0, abs=1e-6)
    assert loss(-logits, target, weight).item() > 0.49


@every_loss
def test_a_common_factor_of_the_weights_changes_nothing(loss: nn.Module) -> None:
    logits, target, weight = batch()
    torch.testing.assert_close(loss(logits, target, weight * 1000), loss(logits, target, weight))
    torch.testing.assert_close(loss(logits, target, weight / 1000), loss(logits, target, weight))


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(loss: nn.Module, dtype: torch.dtype) -> None:
    logits, target, weight = batch(size=(64, 64))
    logits = (logits * 100).to(dtype).requires_grad_()
    with torch.autocast("cpu", dtype=dtype):
        result = loss(logits, target, weight)
    result.backward()
    assert result.dtype == torch.float32
    assert torch.isfinite(logits.grad).all()
    torch.testing.assert_close(result, loss(logits.float(), target, weight))


@every_loss
def test_gradient_is_right(loss: nn.Module) -> None:
    logits, target, weight = batch(size=(2, 3))
    weight[0, 0, 0, 0] = 0
    weight = weight.double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target, weight), logits.double().requires_grad_())


@every_loss
def test_wrong_shapes(loss: nn.Module) -> None:
    logits, target, weight = batch()
    with pytest.raises(ValueError, match=r"found \(2, 1, 6, 5\)"):
        loss(logits, target)
    with pytest.raises(ValueError, match=r"found \(2, 2, 6, 5\)"):
        loss(logits, torch.cat([target, target], dim=1), weight)
    with pytest.raises(ValueError, match="Cannot crop"):
        loss(logits, target[..., :4], weight)
