"""U-Net: output shapes, blocks and number of parameters."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser
from torch import nn

from custom.networks import UNet

BUNDLES = Path(__file__).resolve().parents[2] / "bundles"
FEATURES = [(4, 8), (4, 8, 16), (16, 32, 64, 128, 256)]


def network(seed: int = 0, **changes: object) -> UNet:
    torch.manual_seed(seed)
    return UNet(**{"in_channels": 1, "out_channels": 1, "features": (4, 8, 16), **changes})


def layers(model: nn.Module, kind: type) -> list:
    return [module for module in model.modules() if isinstance(module, kind)]


def convolutions(model: nn.Module, kernel: int) -> list[nn.Conv2d]:
    return [convolution for convolution in layers(model, nn.Conv2d) if convolution.kernel_size == (kernel, kernel)]


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def expected_parameters(in_channels: int, out_channels: int, features: list[int]) -> int:
    """Count the parameters from the description: weights, biases without a norm, and two per channel of a norm."""

    def block(before: int, after: int) -> int:
        return 9 * before * after + 9 * after * after + 4 * after

    count = block(in_channels, features[0]) + features[0] * out_channels + out_channels
    for upper, lower in pairwise(features):
        count += block(upper, lower) + (4 * lower * upper + upper) + block(2 * upper, upper)
    return count


# ---------------------------------------------------------------------------------------------------------------- shape


@pytest.mark.parametrize("size", [(250, 250), (251, 37), (64, 64), (8, 5), (7, 300)])
@torch.no_grad()
def test_any_size(size: tuple[int, int]) -> None:
    assert network()(torch.zeros(1, 1, *size)).shape == (1, 1, *size)


@pytest.mark.parametrize(("in_channels", "out_channels"), [(1, 1), (3, 2)])
@torch.no_grad()
def test_channels(in_channels: int, out_channels: int) -> None:
    model = network(in_channels=in_channels, out_channels=out_channels)
    assert model(torch.zeros(2, in_channels, 9, 8)).shape == (2, out_channels, 9, 8)


@torch.no_grad()
def test_smallest_image_of_many_levels() -> None:
    model = network(features=(2, 4, 8, 16, 32)).eval()
    assert model(torch.zeros(1, 1, 16, 16)).shape == (1, 1, 16, 16)


@torch.no_grad()
def test_logits_are_not_bounded() -> None:
    model = network()
    model.final.bias.fill_(-30.0)
    assert model(torch.zeros(1, 1, 8, 8)).max() < -20


@pytest.mark.parametrize("features", [(), (16,)])
def test_too_few_features(features: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"at least two entries, not \("):
        network(features=features)


# --------------------------------------------------------------------------------------------------------------- layers


@pytest.mark.parametrize("features", FEATURES)
def test_levels(features: tuple[int, ...]) -> None:
    model, steps = network(features=features), len(features) - 1
    assert len(model.contracting) == len(model.expanding) == steps
    assert len(layers(model, nn.MaxPool2d)) == len(layers(model, nn.Upsample)) == steps
    assert len(convolutions(model, 3)) == 2 * (1 + 2 * steps)
    assert len(convolutions(model, 1)) == 1
    assert {(pool.kernel_size, pool.stride) for pool in layers(model, nn.MaxPool2d)} == {(2, 2)}
    assert {upsample.mode for upsample in layers(model, nn.Upsample)} == {"bilinear"}


@pytest.mark.parametrize("features", FEATURES)
def test_2x2_convolutions_halve_the_channels(features: tuple[int, ...]) -> None:
    narrowing = convolutions(network(features=features), 2)
    assert [(one.in_channels, one.out_channels) for one in narrowing] == [(2 * n, n) for n in reversed(features[:-1])]


@pytest.mark.parametrize(
    ("norm", "kind"), [("batch", nn.BatchNorm2d), (("group", {"num_groups": 2}), nn.GroupNorm)], ids=["batch", "group"]
)
def test_norm_and_relu_follow_each_3x3_convolution(norm: str | tuple, kind: type) -> None:
    model = network(norm=norm)
    order = [module for module in model.modules() if isinstance(module, (nn.Conv2d, kind, nn.ReLU))]
    after = {type(b) for a, b in pairwise(order) if isinstance(a, nn.Conv2d) and a.kernel_size == (3, 3)}
    assert after == {kind}
    assert len(layers(model, kind)) == len(layers(model, nn.ReLU)) == len(convolutions(model, 3))


def test_dropout() -> None:
    model = network(dropout=0.3)
    assert {drop.p for drop in layers(model, nn.Dropout2d) + layers(model, nn.Dropout)} == {0.3}
    x = torch.rand(1, 1, 16, 16)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@torch.no_grad()
def test_sees_as_far_as_its_deepest_level() -> None:
    """A distant pixel affects the output only through pooling."""
    model = network(features=(4, 8, 16, 32)).eval()
    image = torch.zeros(1, 1, 64, 64)
    before = model(image)
    image[..., 32, 32] = 1000
    rows = (model(image) != before).any(dim=(0, 1, 3)).nonzero()
    assert rows.min() < 32 - 16
    assert rows.max() > 32 + 16


# ----------------------------------------------------------------------------------------------------------------- size


def test_parameters_counted_by_hand() -> None:
    # features (2, 4): initial 9·1·2 + 9·2·2 + 2·(2·2) = 62; down 9·2·4 + 9·4·4 + 16 = 232; 2 × 2: 4·4·2 + 2 = 34;
    # up 9·4·2 + 9·2·2 + 8 = 116; final 2·1 + 1 = 3.
    assert parameters(network(features=(2, 4))) == expected_parameters(1, 1, [2, 4]) == 62 + 232 + 34 + 116 + 3


@pytest.mark.parametrize("bundle", ["dendrite", "neuron_em"])
@pytest.mark.parametrize("config", ["train", "inference"])
def test_parameters_of_what_ships(bundle: str, config: str) -> None:
    content = ConfigParser.load_config_file(BUNDLES / bundle / "configs" / f"{config}.yaml")["network_def"]
    model = ConfigParser({"network_def": content}).get_parsed_content("network_def")
    assert isinstance(model, UNet)
    sizes = (content["in_channels"], content["out_channels"], content["features"])
    assert parameters(model) == expected_parameters(*sizes)
