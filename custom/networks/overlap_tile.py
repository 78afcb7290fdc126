"""Tiled inference for networks whose output is smaller than their input."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from monai.inferers import Inferer
from monai.utils import convert_to_dst_type, convert_to_tensor

from ..ground.option_values import number
from .valid_unet import ValidUNet


class OverlapTileInferer(Inferer):
    """Overlap-tile strategy: input tiles overlap, output tiles abut, and every pixel is predicted exactly once.

    Outside the image, the input is its reflection about the edge pixels, repeated where the image is smaller than the
    border. Because pooling depends on the position modulo the stride, tiles start at multiples of the network's stride
    and any excess output is cropped. The result is therefore independent of the tile size: it equals that of a single
    tile as large as the image, provided that the network's output at a pixel depends only on its surroundings (batch
    normalization in evaluation mode, but not instance or group normalization).

    Reference: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    2015, figure 2.

    Args:
        geometry: the network, for its input and output sizes. The callable that is passed to the inferer may wrap it.
        tile_size: largest height and width of an output tile in pixels, rounded up to a multiple of the stride. Larger
            tiles recompute less of the overlap but use more memory.
        batch_size: number of tiles per forward pass.

    Raises:
        InputError: ``tile_size`` is less than 1.
        ValueError: ``batch_size`` is less than 1.

    Examples:
        >>> import torch
        >>> from custom.networks import OverlapTileInferer, ValidUNet
        >>> network = ValidUNet(1, 2, width=4, levels=3).eval()
        >>> OverlapTileInferer(network, tile_size=64)(torch.zeros(1, 1, 100, 37), network).shape
        torch.Size([1, 2, 100, 37])
    """

    def __init__(self, geometry: ValidUNet, tile_size: int, batch_size: int = 1) -> None:
        tile_size = int(number("tile_size", tile_size, least=1))
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}.")
        self.geometry = geometry
        self.tile_size = tile_size
        self.batch_size = batch_size

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Run ``network(tile, *args, **kwargs)`` on all tiles of ``inputs`` (N, C, H, W) and stitch the results.

        Returns:
            (N, output channels of the network, H, W), in the dtype of the network's output; a MetaTensor with the
            metadata of ``inputs`` if ``inputs`` is one.

        Raises:
            ValueError: ``inputs`` is empty or does not have four axes, or an output tile does not have the size that
                ``geometry`` predicts.
        """
        if inputs.ndim != 4 or not inputs.numel():
            raise ValueError(f"expected images of shape (N, C, H, W), found shape {tuple(inputs.shape)}.")
        images = convert_to_tensor(inputs, track_meta=False)
        tile = self._tile(images.shape[2]), self._tile(images.shape[3])
        output: torch.Tensor | None = None
        for corners in _batches(_corners(images.shape, tile), self.batch_size):
            results = network(torch.cat([self._cut(images, corner, tile) for corner in corners]), *args, **kwargs)
            self._check(results, tile)
            if output is None:
                output = results.new_empty(len(images), results.shape[1], *images.shape[2:])
            for (image, top, left), result in zip(corners, results, strict=True):
                region = output[image, :, top : top + tile[0], left : left + tile[1]]
                region.copy_(result[:, : region.shape[1], : region.shape[2]])
        return convert_to_dst_type(output, inputs, dtype=results.dtype)[0]

    def _tile(self, side: int) -> int:
        """Return the tile side for the fewest tiles that cover ``side``, as equal in size as the stride allows."""
        count = -(-side // self._round_up(self.tile_size))
        return self._round_up(-(-side // count))

    def _round_up(self, side: int) -> int:
        return side + -side % self.geometry.stride

    def _cut(self, images: torch.Tensor, corner: tuple[int, int, int], tile: tuple[int, int]) -> torch.Tensor:
        """Return the input (1, C, *h*, *w*) of the tile whose output starts at ``corner`` (image, row, column)."""
        image, *starts = corner
        cut = images[image : image + 1]
        for axis, start, side in zip((2, 3), starts, self.geometry.input_size(tile), strict=True):
            positions = torch.arange(side, device=images.device) + (start - self.geometry.border)
            cut = cut.index_select(axis, _reflect(positions, images.shape[axis]))
        return cut

    def _check(self, results: torch.Tensor, tile: tuple[int, int]) -> None:
        expected = self.geometry.output_size(self.geometry.input_size(tile))
        if results.shape[2:] != expected:
            raise ValueError(
                f"the network returned tiles of {tuple(results.shape[2:])}, but its geometry predicts {expected}."
            )


def _corners(shape: torch.Size, tile: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    images, _, height, width = shape
    return itertools.product(range(images), range(0, height, tile[0]), range(0, width, tile[1]))


def _batches(corners: Iterator[tuple[int, int, int]], size: int) -> Iterator[list[tuple[int, int, int]]]:
    while batch := list(itertools.islice(corners, size)):
        yield batch


def _reflect(positions: torch.Tensor, side: int) -> torch.Tensor:
    """Map positions on an unbounded axis to 0 … side − 1 by reflection about the edge pixels."""
    period = max(2 * (side - 1), 1)
    positions = positions % period
    return torch.minimum(positions, period - positions)
