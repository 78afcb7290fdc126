"""Residual U-Net with self-attention: output shapes, blocks, and learning."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from monai.networks.nets.autoencoderkl import AEKLResBlock
from torch import nn
from torch.nn.functional import cross_entropy, softmax

from custom.networks import ResidualAttentionUNet
from custom.networks.residual_unet import _Expand, _SelfAttention

SMALL = (16, 16, 32, 32)


def network(seed: int = 0, **changes: object) -> ResidualAttentionUNet:
    torch.manual_seed(seed)
    return ResidualAttentionUNet(**{"in_channels": 1, "out_channels": 3, "features": SMALL, **changes})


def layers(model: nn.Module, kind: type) -> list:
    return [module for module in model.modules() if isinstance(module, kind)]


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def expected_parameters(in_channels: int, out_channels: int, features: tuple[int, ...]) -> int:
    """Count the parameters from the description: weights and biases, and two per channel of a norm."""

    def convolution(before: int, after: int, kernel: int = 3) -> int:
        return kernel**2 * before * after + after

    def block(width: int) -> int:
        return 2 * (2 * width + convolution(width, width))

    first, lowest = features[0], features[-1]
    count = convolution(in_channels, first) + 2 * first + convolution(first, out_channels, 1)
    for upper, lower in pairwise(features):
        count += convolution(upper, lower) + 2 * block(lower) + convolution(lower, upper, 1) + block(upper)
    attention = 2 * lowest + convolution(lowest, 3 * lowest, 1) + convolution(lowest, lowest, 1)
    return count + 2 * block(lowest) + attention


# ---------------------------------------------------------------------------------------------------------------- shape


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 300), (8, 5), (37, 25), (64, 64)])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last], ids=["first", "last"])
@torch.no_grad()
def test_any_size(size: tuple[int, int], memory_format: torch.memory_format) -> None:
    model = network().to(memory_format=memory_format)
    logits = model(torch.rand(2, 1, *size).to(memory_format=memory_format))
    assert logits.shape == (2, 3, *size)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize(("in_channels", "out_channels"), [(1, 5), (3, 1)])
@pytest.mark.parametrize("features", [(16, 16), (16, 32, 16), (32, 32, 64, 128)])
@torch.no_grad()
def test_channels_and_widths(in_channels: int, out_channels: int, features: tuple[int, ...]) -> None:
    model = network(in_channels=in_channels, out_channels=out_channels, features=features)
    assert model(torch.zeros(1, in_channels, 9, 8)).shape == (1, out_channels, 9, 8)
    assert parameters(model) == expected_parameters(in_channels, out_channels, features)


@pytest.mark.parametrize(
    ("features", "message"),
    [((), "at least two entries, not"), ((16,), "at least two entries, not"), ((16, 24), "multiples of 16, not")],
)
def test_features_that_do_not_fit(features: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        network(features=features)


# --------------------------------------------------------------------------------------------------------------- layers


def test_layers() -> None:
    model = ResidualAttentionUNet(1, 5)
    assert model.initial.conv.out_channels == 32
    assert [len(layers(stage, AEKLResBlock)) for stage in model.contracting] == [2, 2, 2]
    assert [len(layers(stage, AEKLResBlock)) for stage in model.expanding] == [1, 1, 1]
    assert [type(module) for module in model.bottleneck] == [AEKLResBlock, _SelfAttention, AEKLResBlock]
    assert {norm.num_groups for norm in layers(model, nn.GroupNorm)} == {8}
    assert [conv.stride for conv in layers(model, nn.Conv2d) if conv.stride != (1, 1)] == [(2, 2)] * 3


@torch.no_grad()
def test_attention_is_at_an_eighth_of_the_size() -> None:
    model, sizes = network(), []
    model.bottleneck[1].register_forward_hook(lambda module, inputs, output: sizes.append(tuple(output.shape)))
    model(torch.zeros(1, 1, 256, 64))
    model(torch.zeros(1, 1, 33, 31))
    assert sizes == [(1, 32, 32, 8), (1, 32, 5, 4)]


@pytest.mark.parametrize("size", [(4, 5), (1, 1)])
@torch.no_grad()
def test_attention_is_what_the_formula_says(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    attention = _SelfAttention(16)
    x = torch.randn(2, 16, *size)
    query, key, value = attention.query_key_value(attention.norm(x)).flatten(2).chunk(3, dim=1)
    weights = softmax(query.transpose(1, 2) @ key / 16**0.5, dim=-1)  # (N, to, from)
    attended = (value @ weights.transpose(1, 2)).reshape(x.shape)
    torch.testing.assert_close(attention(x), x + attention.project(attended))


@torch.no_grad()
def test_attention_reaches_every_pixel() -> None:
    model = network().eval()
    image = torch.rand(1, 1, 256, 16)
    before = model(image)
    image[..., 0, 0] += 100
    assert (model(image) != before)[:, :, -1].any()


@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
@torch.no_grad()
def test_upsampling_takes_the_nearest_pixel(size: tuple[int, int]) -> None:
    expand = _Expand(16, 16)
    nn.init.dirac_(expand.narrow.weight)
    nn.init.zeros_(expand.narrow.bias)
    expand.refine = nn.Identity()
    x = torch.randn(1, 16, -(-size[0] // 2), -(-size[1] // 2))
    skip = torch.randn(1, 16, *size)
    doubled = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)[..., : size[0], : size[1]]
    torch.testing.assert_close(expand(x, skip), skip + doubled)


# ------------------------------------------------------------------------------------------------------------- learning


def shapes(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return noisy images (4, 1, 32, 32) of a bright square and a dark one, and their classes (4, 32, 32)."""
    classes = torch.zeros(4, 32, 32, dtype=torch.long)
    for image in classes:
        for number, corner in enumerate(torch.randint(0, 24, (2, 2), generator=generator).tolist(), start=1):
            image[corner[0] : corner[0] + 8, corner[1] : corner[1] + 8] = number
    clean = torch.tensor([0.0, 1.0, -1.0])[classes]
    return (clean + 0.5 * torch.randn(clean.shape, generator=generator))[:, None], classes


@pytest.mark.parametrize(("learning_rate", "amp"), [(1e-3, False), (1e-2, False), (1e-2, True)])
def test_learns_steadily_from_the_first_step(learning_rate: float, amp: bool) -> None:
    model, generator = network(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(30):
        image, classes = shapes(generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=amp):
            loss = cross_entropy(model(image).float(), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] < 2
    assert max(losses) == losses[0]
    assert sum(losses[-5:]) / 5 < 0.5 * losses[0]
