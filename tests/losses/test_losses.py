"""The loss over annotated pixels: equal to MONAI's for full annotation, and independent of unannotated pixels."""

from __future__ import annotations

from math import log

import pytest
import torch
from monai.losses import DiceCELoss

from custom.losses import AnnotatedDiceCELoss
from custom.transforms import UNANNOTATED


def batch(seed: int = 0, shape: tuple[int, ...] = (3, 1, 6, 5)) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random logits and a target of 0 and 1 whose last image is empty."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(shape, generator=generator) * 3
    target = torch.randint(0, 2, shape, generator=generator, dtype=torch.uint8)
    target[-1] = 0
    return logits, target


def test_known_answer() -> None:
    # Probabilities 1/2, 3/4 / 1/2, ·; targets 1, 1 / 0, unannotated.
    # Dice: 1 - 2 (1/2 + 3/4) / (1/2 + 3/4 + 1/2 + 1 + 1) = 1 - 2.5 / 3.75 = 1/3.
    # Cross entropy: (ln 2 + ln 4/3 + ln 2) / 3.
    logits = torch.tensor([[[[0.0, log(3)], [0.0, 5.0]]]])
    target = torch.tensor([[[[1, 1], [0, UNANNOTATED]]]])
    expected = 1 / 3 + (2 * log(2) + log(4 / 3)) / 3
    assert AnnotatedDiceCELoss()(logits, target).item() == pytest.approx(expected, abs=1e-5)


def test_perfect_and_opposite() -> None:
    target = torch.tensor([[[[1, 0], [UNANNOTATED, 1]]]])
    logits = torch.where(target == 1, 50.0, -50.0)
    assert AnnotatedDiceCELoss()(logits, target).item() == pytest.approx(0, abs=1e-5)
    assert AnnotatedDiceCELoss()(-logits, target).item() == pytest.approx(51, abs=1e-4)  # Dice 1, cross entropy 50


@pytest.mark.parametrize("over_batch", [False, True])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float32])
def test_is_that_of_monai_where_all_is_annotated(over_batch: bool, dtype: torch.dtype) -> None:
    logits, target = batch()
    expected = DiceCELoss(sigmoid=True, batch=over_batch)(logits, target.float())
    torch.testing.assert_close(AnnotatedDiceCELoss(batch=over_batch)(logits, target.to(dtype)), expected)


def test_batch_matters() -> None:
    logits, target = batch()
    assert AnnotatedDiceCELoss(batch=True)(logits, target) != AnnotatedDiceCELoss(batch=False)(logits, target)


@pytest.mark.parametrize("over_batch", [False, True])
def test_is_that_of_the_annotated_part(over_batch: bool) -> None:
    logits, target = batch()
    target[:, :, 4:] = target[:, :, :, :2] = UNANNOTATED
    annotated = (..., slice(0, 4), slice(2, None))
    loss = AnnotatedDiceCELoss(batch=over_batch)
    torch.testing.assert_close(loss(logits, target), loss(logits[annotated], target[annotated]))
    expected = DiceCELoss(sigmoid=True, batch=over_batch)(logits[annotated], target[annotated].float())
    torch.testing.assert_close(loss(logits, target), expected)


@pytest.mark.parametrize("over_batch", [False, True])
def test_no_gradient_at_unannotated_pixels(over_batch: bool) -> None:
    logits, target = batch()
    target[:, :, 4:] = UNANNOTATED
    logits.requires_grad_()
    AnnotatedDiceCELoss(batch=over_batch)(logits, target).backward()
    assert (logits.grad[:, :, 4:] == 0).all()
    assert (logits.grad[:, :, :4] != 0).all()


@pytest.mark.parametrize("over_batch", [False, True])
def test_nothing_annotated_teaches_nothing(over_batch: bool) -> None:
    logits = batch()[0].requires_grad_()
    loss = AnnotatedDiceCELoss(batch=over_batch)(logits, torch.full_like(logits, UNANNOTATED))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert (logits.grad == 0).all()


def test_gradient_is_right() -> None:
    logits, target = batch(shape=(2, 1, 2, 3))
    target[0, 0, 0, 0] = UNANNOTATED
    loss = AnnotatedDiceCELoss(batch=True).double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target), logits.double().requires_grad_())
