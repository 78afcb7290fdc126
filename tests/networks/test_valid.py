"""Unpadded U-Net: sizes, alignment, blocks and initialization."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, max_pool2d, relu

from custom.networks import ValidUNet, center_crop


def network(seed: int = 0, **changes: object) -> ValidUNet:
    torch.manual_seed(seed)
    return ValidUNet(**{"in_channels": 1, "out_channels": 2, "width": 4, "levels": 3, **changes})


def layers(model: nn.Module, kind: type) -> list:
    return [module for module in model.modules() if isinstance(module, kind)]


def walk(side: int, levels: int) -> int:
    """Follow a side through the layers, as in the paper's figure; 0 if pooling has a remainder or nothing is left."""
    for _ in range(levels - 1):
        side -= 4
        if side <= 0 or side % 2:
            return 0
        side //= 2
    side -= 4
    for _ in range(levels - 1):
        if side <= 0:
            return 0
        side = 2 * side - 4
    return max(side, 0)


# ------------------------------------------------------------------------------------------------------------- cropping


def test_center_crop() -> None:
    tensor = torch.arange(5)[:, None] * 10 + torch.arange(4)
    assert center_crop(tensor, (1, 2)).tolist() == [[21, 22]]
    assert center_crop(tensor, (2, 1)).tolist() == [[11], [21]]
    assert center_crop(tensor[None, None], (5, 4)).equal(tensor[None, None])


def test_center_crop_scripted() -> None:
    tensor = torch.rand(2, 3, 9, 8)
    assert torch.jit.script(center_crop)(tensor, (4, 3)).equal(center_crop(tensor, (4, 3)))


def test_center_crop_cannot_enlarge() -> None:
    for size in ((6, 4), (5, 5)):
        with pytest.raises(ValueError, match=f"5 × 4 pixels to {size[0]} × {size[1]}"):
            center_crop(torch.zeros(1, 5, 4), size)


# ---------------------------------------------------------------------------------------------------------------- sizes


def test_sizes_of_the_paper() -> None:
    model = network(levels=5)
    assert model.output_size((572, 572)) == (388, 388)
    assert model.input_size((388, 388)) == (572, 572)
    assert (model.border, model.stride) == (92, 16)


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 5])
def test_sizes_equal_walking_through_the_layers(levels: int) -> None:
    model = network(levels=levels, width=1)
    fitting = {side: walk(side, levels) for side in range(1, 400) if walk(side, levels)}
    assert all(side - output == 2 * model.border for side, output in fitting.items())
    assert {b - a for a, b in pairwise(fitting)} == {model.stride}
    for side in range(min(fitting), 400):
        expected = max(output for fit, output in fitting.items() if fit <= side)
        assert model.output_size((side, min(fitting))) == (expected, fitting[min(fitting)])
    for output in range(1, 100):
        least = min(fit for fit, reached in fitting.items() if reached >= output)
        assert model.input_size((output, 1)) == (least, min(fitting))


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
@torch.no_grad()
def test_output_has_the_size_foretold(levels: int) -> None:
    model = network(levels=levels, width=2).eval()
    least = model.input_size((1, 1))[0]
    for surplus in range(0, 2 * model.stride + 1, max(model.stride // 4, 1)):
        size = (least + surplus, least + 3)
        assert model(torch.zeros(1, 1, *size)).shape == (1, 2, *model.output_size(size))


@pytest.mark.parametrize("side", ["height", "width"])
def test_too_small_names_the_least_size(side: str) -> None:
    size = (187, 300) if side == "height" else (300, 187)
    with pytest.raises(ValueError, match=re.escape(f"{size[0]} × {size[1]} pixels, but needs at least 188 × 188")):
        network(levels=5, width=1)(torch.zeros(1, 1, *size))
    assert network(levels=5).input_size((1, 1)) == (188, 188)


def test_too_few_levels() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        network(levels=0)


# ------------------------------------------------------------------------------------------------------------ positions


def test_output_is_the_middle_of_what_it_has_seen() -> None:
    """The receptive field of an output pixel, averaged over one stride, is centered on that pixel."""
    model = network(norm=None).eval()
    size = (model.input_size((20, 20))[0] + 3, model.input_size((20, 20))[1] + 1)
    image = torch.rand(1, 1, *size, requires_grad=True)
    output = model(image)
    middles = []
    for place in range(8, 8 + model.stride):
        (gradient,) = torch.autograd.grad(output[0, :, place, place].sum(), image, retain_graph=True)
        seen = gradient[0, 0].nonzero().double()
        middles.append((seen.amax(0) + seen.amin(0)) / 2 - place)
    top, left = ((whole - part) // 2 for whole, part in zip(size, output.shape[2:], strict=True))
    assert torch.stack(middles).mean(0).tolist() == pytest.approx([top, left], abs=0.01)


@torch.no_grad()
def test_any_size_gives_what_its_middle_gives() -> None:
    model = network().eval()
    image = torch.rand(1, 1, 71, 66)
    fitting = center_crop(image, model.input_size(model.output_size((71, 66))))
    assert fitting.shape[2:] == (68, 64)
    assert torch.equal(model(image), model(fitting))


@torch.no_grad()
def test_shift_by_the_stride_and_by_less() -> None:
    model = network().eval()
    image = torch.rand(1, 1, 80, 64)
    first, second = model(image[:, :, :64]), model(image[:, :, 4:68])
    torch.testing.assert_close(first[:, :, 4:], second[:, :, :-4])
    in_other_phase = model(image[:, :, 2:66])
    assert (first[:, :, 2:] - in_other_phase[:, :, :-2]).abs().max() > 0.01 * first.std()


# --------------------------------------------------------------------------------------------------------------- layers


@torch.no_grad()
def test_forward_equals_the_layers_written_out() -> None:
    model = network(levels=2, width=3, norm=None)
    for bias in (p for name, p in model.named_parameters() if name.endswith("bias")):
        bias.uniform_(-0.5, 0.5)
    (c1, c2), (c3, c4), up, (c5, c6), final = (
        [(convolution.weight, convolution.bias) for convolution in layers(part, (nn.Conv2d, nn.ConvTranspose2d))]
        for part in (*model.contracting, model.expanding[0].upsample, model.expanding[0].convolutions, model.final)
    )
    x = torch.rand(2, 1, 22, 20)
    skip = relu(conv2d(relu(conv2d(x, *c1)), *c2))
    low = relu(conv2d(relu(conv2d(max_pool2d(skip, 2), *c3)), *c4))
    joined = torch.cat([skip[:, :, 4:-4, 4:-4], conv_transpose2d(low, *up[0], stride=2)], dim=1)
    expected = conv2d(relu(conv2d(relu(conv2d(joined, *c5)), *c6)), *final[0])
    torch.testing.assert_close(model(x), expected)


def test_parts_of_the_paper() -> None:
    model = ValidUNet(1, 2, norm=None)
    convolutions = layers(model, nn.Conv2d)
    by_level = [64, 128, 256, 512, 1024, 512, 256, 128, 64]
    assert [c.out_channels for c in convolutions] == [width for width in by_level for _ in range(2)] + [2]
    assert {c.kernel_size for c in convolutions[:-1]} == {(3, 3)}
    assert {c.padding for c in convolutions} == {(0, 0)}
    ups = layers(model, nn.ConvTranspose2d)
    assert [(up.in_channels, up.out_channels, up.kernel_size, up.stride) for up in ups] == [
        (2 * width, width, (2, 2), (2, 2)) for width in (512, 256, 128, 64)
    ]
    assert len(layers(model, nn.ReLU)) == 18
    assert sum(p.numel() for p in model.parameters()) == 31_030_658  # 23 convolutional layers, counted by hand


@pytest.mark.parametrize(
    ("norm", "kind"), [("batch", nn.BatchNorm2d), (("group", {"num_groups": 2}), nn.GroupNorm)], ids=["batch", "group"]
)
def test_norm_stands_between_convolution_and_relu(norm: str | tuple, kind: type) -> None:
    model = network(norm=norm)
    order = [type(module) for module in model.modules() if isinstance(module, (nn.Conv2d, kind, nn.ReLU))]
    assert order == [nn.Conv2d, kind, nn.ReLU] * 10 + [nn.Conv2d]
    assert all(c.bias is None for c in layers(model, nn.Conv2d)[:-1])


# -------------------------------------------------------------------------------------------------------------- weights


def test_kaiming_and_constant_initialization() -> None:
    model = network(width=64, levels=2, in_channels=3)
    for convolution in layers(model, nn.Conv2d)[:-1]:
        expected = math.sqrt(2 / (9 * convolution.in_channels))
        assert convolution.weight.std().item() == pytest.approx(expected, rel=0.05)
        assert convolution.weight.mean().abs() < 0.05 * expected
    (up,) = layers(model, nn.ConvTranspose2d)
    assert up.weight.std().item() == pytest.approx(math.sqrt(2 / 128), rel=0.05)
    for norm in layers(model, nn.BatchNorm2d):
        assert (norm.weight == 1).all()
        assert (norm.bias == 0).all()
    biases = [module.bias for module in (up, model.final)]
    assert all((bias == 0).all() for bias in biases)


@torch.no_grad()
def test_scale_is_kept_without_normalization() -> None:
    """Activations neither vanish nor explode through eighteen convolutions, the purpose of this initialization."""
    output = network(width=16, levels=5, norm=None)(torch.randn(1, 1, 220, 220))
    assert 0.1 < output.std() < 10


# ------------------------------------------------------------------------------------------------------- ways to run it


@torch.no_grad()
def test_torchscript_refuses_an_image_that_is_too_small() -> None:
    scripted = torch.jit.script(network().eval())
    with pytest.raises(torch.jit.Error, match="at least 44 × 44"):
        scripted(torch.rand(1, 1, 43, 60))


def test_every_parameter_learns() -> None:
    model = network()
    model(torch.rand(2, 1, 64, 64)).square().mean().backward()
    assert all((parameter.grad != 0).any() for parameter in model.parameters())
