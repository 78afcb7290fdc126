"""Overlap-tile inference: the result does not depend on the tile size, and the border is reflected."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from torch import nn

from custom.errors import InputError
from custom.networks import OverlapTileInferer, ValidUNet


def network(**changes: object) -> ValidUNet:
    """Return a network in evaluation mode whose normalizations have non-trivial statistics."""
    torch.manual_seed(0)
    model = ValidUNet(**{"in_channels": 1, "out_channels": 2, "width": 4, "levels": 3, **changes})
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.normal_(0, 0.2)
            norm.running_var.uniform_(0.5, 2)
    return model.eval()


def mirrored(images: torch.Tensor, model: ValidUNet) -> torch.Tensor:
    """Return the output of the network for whole images, padded by NumPy's reflection."""
    height, width = images.shape[2:]
    rows, columns = model.input_size((height, width))
    after = rows - model.border - height, columns - model.border - width
    padded = np.pad(images, ((0, 0), (0, 0), (model.border, after[0]), (model.border, after[1])), mode="reflect")
    return model(torch.from_numpy(padded))[:, :, :height, :width]


class Counting(nn.Module):
    """A wrapper around the network without size methods that records its inputs."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, x: torch.Tensor, factor: float = 1.0, offset: float = 0.0) -> torch.Tensor:
        assert type(x) is torch.Tensor
        self.shapes.append(tuple(x.shape))
        return self.model(x) * factor + offset


@pytest.mark.parametrize("size", [(64, 64), (61, 37), (20, 100), (5, 3), (1, 9), (1, 1)])
@pytest.mark.parametrize("tile_size", [1, 7, 8, 22, 388])
@torch.no_grad()
def test_any_tile_gives_what_one_big_tile_gives(size: tuple[int, int], tile_size: int) -> None:
    model = network()
    images = torch.randn(2, 1, *size)
    result = OverlapTileInferer(model, tile_size, batch_size=64)(images, model)
    assert result.shape == (2, 2, *size)
    torch.testing.assert_close(result, mirrored(images, model), rtol=0, atol=1e-5)


@torch.no_grad()
def test_five_levels() -> None:
    model = network(levels=5, width=2)
    images = torch.randn(1, 1, 97, 130)
    expected = mirrored(images, model)
    for tile_size in (16, 50, 97):
        result = OverlapTileInferer(model, tile_size, batch_size=4)(images, model)
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-5)


@torch.no_grad()
def test_tiles_out_of_phase_would_differ() -> None:
    """The full output of a tile, 388 pixels in the paper, is no multiple of the stride 16, so it cannot be the step."""
    model = network(levels=4)
    side = model.input_size((20, 20))[0]
    assert model.output_size((side, side)) == (20, 20)
    images = torch.randn(1, 1, 24 + side, side)
    whole = model(images)
    naive, in_phase = model(images[:, :, 20 : 20 + side]), model(images[:, :, 24 : 24 + side])
    torch.testing.assert_close(in_phase, whole[:, :, 24:44], rtol=0, atol=1e-5)
    assert (naive - whole[:, :, 20:40]).abs().max() > 0.01 * whole.std()


@pytest.mark.parametrize("batch_size", [1, 3, 100])
@torch.no_grad()
def test_batches(batch_size: int) -> None:
    model = Counting(network())
    images = torch.randn(2, 1, 40, 24)
    result = OverlapTileInferer(model.model, tile_size=20, batch_size=batch_size)(images, model)
    sizes = [shape[0] for shape in model.shapes]
    assert sum(sizes) == 2 * 2 * 2
    assert max(sizes) == min(batch_size, 8)
    torch.testing.assert_close(result, mirrored(images, model.model), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("side", "tile_size", "expected"),
    [(512, 400, 256), (512, 388, 256), (512, 512, 512), (512, 1000, 512), (100, 1000, 112), (30, 1, 16), (33, 32, 32)],
)
def test_tiles_are_even_and_no_larger_than_needed(side: int, tile_size: int, expected: int) -> None:
    assert OverlapTileInferer(ValidUNet(1, 2, width=1), tile_size)._tile(side) == expected


@torch.no_grad()
def test_arguments_reach_the_network() -> None:
    model = Counting(network())
    images = torch.randn(1, 1, 20, 20)
    inferer = OverlapTileInferer(model.model, 20)
    torch.testing.assert_close(inferer(images, model, 2.0, offset=3.0), 2 * inferer(images, model) + 3)


@torch.no_grad()
def test_channels() -> None:
    model = network(in_channels=3, out_channels=4)
    assert OverlapTileInferer(model, 16)(torch.zeros(1, 3, 17, 30), model).shape == (1, 4, 17, 30)


@torch.no_grad()
def test_metadata_is_kept() -> None:
    model = Counting(network())
    plain = torch.randn(1, 1, 20, 30)
    image = MetaTensor(plain, meta={"filename_or_obj": "a.tif"})
    inferer = OverlapTileInferer(model.model, 16)
    result = inferer(image, model)
    assert isinstance(result, MetaTensor)
    assert result.meta["filename_or_obj"] == "a.tif"
    assert type(inferer(plain, model)) is torch.Tensor
    assert torch.equal(result.as_tensor(), inferer(plain, model))


@torch.no_grad()
def test_dtype_is_the_networks() -> None:
    model = network()
    image = torch.randn(1, 1, 20, 30)
    assert OverlapTileInferer(model, 16)(image, lambda x: model(x).to(torch.bfloat16)).dtype == torch.bfloat16


@pytest.mark.parametrize("shape", [(1, 20, 20), (1, 1, 4, 20, 20), (0, 1, 20, 20), (1, 1, 0, 20)])
def test_other_than_images_is_refused(shape: tuple[int, ...]) -> None:
    model = network()
    with pytest.raises(ValueError, match=r"expected images of shape \(N, C, H, W\), found shape \("):
        OverlapTileInferer(model, 16)(torch.zeros(shape), model)


def test_a_network_of_another_geometry_is_refused() -> None:
    with pytest.raises(ValueError, match=r"returned tiles of \(60, 60\), but its geometry predicts \(20, 20\)"):
        OverlapTileInferer(network(), 20)(torch.zeros(1, 1, 20, 20), nn.Identity())


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(InputError, match="--tile_size: found 0, expected a number of at least 1"):
        OverlapTileInferer(network(), tile_size=0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        OverlapTileInferer(network(), tile_size=8, batch_size=0)
