"""Inference with networks whose output is smaller than their input."""

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
    """Overlap-tile inference: the inputs of tiles overlap, their outputs meet exactly, and no pixel is guessed twice.

    What lies outside the image is mirrored at its edge pixels, repeatedly where the image is smaller than the border.
    Tiles begin at multiples of the network's stride and what they give beyond that is cut off, because pooling has a
    phase: so the result is that of one tile as large as the image, whatever the tile's size, for a network whose output
    at a pixel depends on its surroundings only (batch normalisation in evaluation mode, not instance or group).

    Figure 2 of Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    MICCAI 2015.

    Args:
        geometry: the network, which knows its sizes. What is called may be another object that wraps it.
        tile_size: largest output of a tile in pixels, both ways, rounded up to a multiple of the stride. Larger tiles
            compute fewer borders and take more memory.
        batch_size: number of tiles that go through the network at once.

    Raises:
        InputError: when ``tile_size`` is less than one.
        ValueError: when ``batch_size`` is less than one.

    Example:
        >>> network = ValidUNet(1, 2, width=4).eval()
        >>> OverlapTileInferer(network, tile_size=64)(torch.zeros(1, 1, 100, 37), network).shape
        torch.Size([1, 2, 100, 37])
    """

    def __init__(self, geometry: ValidUNet, tile_size: int, batch_size: int = 1) -> None:
        tile_size = int(number("tile_size", tile_size, least=1))
        if batch_size < 1:
            raise ValueError(f"batch_size must be one or more, not {batch_size}.")
        self.geometry = geometry
        self.tile_size = tile_size
        self.batch_size = batch_size

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Return what ``network(tile, *args, **kwargs)`` gives for all tiles of ``inputs`` (N, C, H, W), put together.

        Returns:
            (N, the network's channels, H, W), in the network's dtype; a MetaTensor with the metadata of ``inputs`` if
            that is one.

        Raises:
            ValueError: when ``inputs`` is empty or has other than four axes, or when a tile comes out in another size
                than the geometry foretold.
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
                place = output[image, :, top : top + tile[0], left : left + tile[1]]
                place.copy_(result[:, : place.shape[1], : place.shape[2]])
        return convert_to_dst_type(output, inputs, dtype=results.dtype)[0]

    def _tile(self, side: int) -> int:
        """Return the side of as few tiles as cover ``side``, as even as the stride allows."""
        count = -(-side // self._in_phase(self.tile_size))
        return self._in_phase(-(-side // count))

    def _in_phase(self, side: int) -> int:
        return side + -side % self.geometry.stride

    def _cut(self, images: torch.Tensor, corner: tuple[int, int, int], tile: tuple[int, int]) -> torch.Tensor:
        """Return the input (1, C, *h*, *w*) of the tile whose output begins at ``corner`` (image, row, column)."""
        image, *starts = corner
        cut = images[image : image + 1]
        for axis, start, side in zip((2, 3), starts, self.geometry.input_size(tile), strict=True):
            places = torch.arange(side, device=images.device) + (start - self.geometry.border)
            cut = cut.index_select(axis, _mirror(places, images.shape[axis]))
        return cut

    def _check(self, results: torch.Tensor, tile: tuple[int, int]) -> None:
        expected = self.geometry.output_size(self.geometry.input_size(tile))
        if results.shape[2:] != expected:
            raise ValueError(f"The network gives tiles of {tuple(results.shape[2:])}, its geometry says {expected}.")


def _corners(shape: torch.Size, tile: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    images, _, height, width = shape
    return itertools.product(range(images), range(0, height, tile[0]), range(0, width, tile[1]))


def _batches(corners: Iterator[tuple[int, int, int]], size: int) -> Iterator[list[tuple[int, int, int]]]:
    while batch := list(itertools.islice(corners, size)):
        yield batch


def _mirror(places: torch.Tensor, side: int) -> torch.Tensor:
    """Fold positions on an endless axis back into 0 … side − 1, with the edge pixels as mirrors."""
    period = max(2 * (side - 1), 1)
    places = places % period
    return torch.minimum(places, period - places)
