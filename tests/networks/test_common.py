"""Properties shared by all networks: weights and ways to run them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from custom.networks import ResidualAttentionUNet, UNet, ValidUNet

NETWORKS = {
    "padded": (UNet, {"out_channels": 1, "features": (4, 8, 16)}),
    "residual": (ResidualAttentionUNet, {"out_channels": 3, "features": (16, 16, 32)}),
    "valid": (ValidUNet, {"out_channels": 2, "width": 4, "levels": 3}),
}


@pytest.fixture(params=NETWORKS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def network(kind: str, seed: int = 0, **changes: object) -> nn.Module:
    torch.manual_seed(seed)
    network_class, options = NETWORKS[kind]
    return network_class(in_channels=1, **(options | changes))


def images(*size: int) -> torch.Tensor:
    return torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(0))


# -------------------------------------------------------------------------------------------------------------- weights


@torch.no_grad()
def test_state_dict_round_trip(kind: str, tmp_path: Path) -> None:
    first, second = network(kind, 0), network(kind, 1)
    x = images(52, 53)
    first(x)  # updates the running statistics of a normalization
    torch.save(first.state_dict(), tmp_path / "model.pt")
    assert not torch.equal(first.eval()(x), second.eval()(x))
    second.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    assert torch.equal(first(x), second(x))


def test_same_seed_same_weights(kind: str) -> None:
    first, same, other = (network(kind, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(("kind", "features"), [("padded", (4, 8, 16, 32)), ("residual", (16, 16, 32, 32))])
def test_each_skip_carries_gradient(kind: str, features: tuple[int, ...], level: int) -> None:
    """With the path from below cut off at one level, the blocks above still learn through the skip connection alone."""
    model = network(kind, features=features)
    for parameter in model.expanding[2 - level].narrow.parameters():
        nn.init.zeros_(parameter)
    model(images(32, 32)).square().sum().backward()
    blocks = [model.initial, *model.contracting]
    learning = [any((p.grad != 0).any() for p in block.parameters() if p.grad is not None) for block in blocks]
    assert learning == [depth <= level for depth in range(4)]


# ------------------------------------------------------------------------------------------------------- ways to run it


@torch.no_grad()
@pytest.mark.parametrize("size", [(44, 44), (51, 66)])
def test_torchscript_of_any_size(kind: str, size: tuple[int, int]) -> None:
    model = network(kind).eval()
    torch.testing.assert_close(torch.jit.script(model)(images(*size)), model(images(*size)))


@torch.no_grad()
def test_channels_last_gives_the_same(kind: str) -> None:
    model, x = network(kind).eval(), images(60, 53)
    expected = model(x)
    result = model.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-4)
