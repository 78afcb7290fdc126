"""The original U-Net: unpadded convolutions, so that every output pixel depends on real image pixels only."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from monai.networks.blocks import Convolution, UpSample
from torch import nn

from .cropping import center_crop


class ValidUNet(nn.Module):
    """U-Net with unpadded ("valid") convolutions, whose output is smaller than its input by a border on each side.

    Each level has two unpadded 3 × 3 convolutions, each followed by a normalization and a ReLU. The contracting path
    uses 2 × 2 max pooling; the expanding path uses 2 × 2 up-convolutions, which halve the channels, and center-cropped
    skip connections. A 1 × 1 convolution computes the logits. With ``width=64, levels=5, norm=None`` this is the
    network of Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    2015.

    Only certain input sizes can be pooled without a remainder. Other inputs are center-cropped to the next smaller one,
    so that the output is always centered in the input: `center_crop` aligns a target with it, pixel by pixel.

    Convolutions are initialized as in He et al., "Delving Deep into Rectifiers", ICCV 2015, with zero biases;
    normalizations with weights 1 and biases 0.

    Args:
        in_channels: number of image channels.
        out_channels: number of logits per pixel.
        width: channels of the first level; each further level has twice as many.
        levels: number of resolutions, one more than the number of poolings.
        norm: normalization by its MONAI name, for example ``"batch"``; None for none, as in the paper.

    Attributes:
        border: number of pixels that the output lacks on each side of the (cropped) input.
        stride: input pixels per pixel of the lowest level. The network is equivariant to shifts by multiples of the
            stride only, because pooling depends on the position modulo the stride.

    Raises:
        ValueError: ``levels`` is less than 1.

    Examples:
        >>> import torch
        >>> from custom.networks import ValidUNet
        >>> network = ValidUNet(in_channels=1, out_channels=2, width=4)
        >>> network.output_size((572, 572)), network.input_size((388, 388))
        ((388, 388), (572, 572))
        >>> network(torch.zeros(1, 1, 190, 205)).shape
        torch.Size([1, 2, 4, 20])
    """

    def __init__(
        self, in_channels: int, out_channels: int, width: int = 64, levels: int = 5, norm: str | tuple | None = "batch"
    ) -> None:
        super().__init__()
        if levels < 1:
            raise ValueError(f"levels must be at least 1, not {levels}.")
        self.stride = 2 ** (levels - 1)
        # Each 3 × 3 convolution removes one pixel of its level per side: two at the lowest level, four at the others.
        self.border = 6 * self.stride - 4
        channels = [width * 2**level for level in range(levels)]
        pairs = pairwise([in_channels, *channels])
        self.contracting = nn.ModuleList(_two_convolutions(before, after, norm) for before, after in pairs)
        self.pool = nn.MaxPool2d(2)
        self.expanding = nn.ModuleList(_Expand(skip_channels, norm) for skip_channels in reversed(channels[:-1]))
        self.final = nn.Conv2d(width, out_channels, kernel_size=1)
        self.apply(_initialize)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, ``out_channels``, *h*, *w*) for images (N, ``in_channels``, H, W); see `output_size`.

        Raises:
            ValueError: The image is smaller than ``input_size((1, 1))``.
        """
        x = center_crop(x, self.input_size(self.output_size((x.shape[-2], x.shape[-1]))))
        skips: list[torch.Tensor] = []
        for level, convolutions in enumerate(self.contracting):
            x = convolutions(x if level == 0 else self.pool(x))
            skips.append(x)
        x = skips.pop()
        for expand in self.expanding:
            x = expand(x, skips.pop())
        return self.final(x)

    def output_size(self, input_size: tuple[int, int]) -> tuple[int, int]:
        """Return the height and width of the output for an input of the given height and width.

        Raises:
            ValueError: The input is smaller than ``input_size((1, 1))``.
        """
        height, width = input_size
        least = self.input_size((1, 1))
        if height < least[0] or width < least[1]:
            raise ValueError(f"the image has {height} × {width} pixels, but needs at least {least[0]} × {least[1]}.")
        return self._round_down(height - 2 * self.border), self._round_down(width - 2 * self.border)

    @property
    def smallest_input(self) -> int:
        """Side in pixels of the smallest square input that has an output."""
        return self.input_size((1, 1))[0]

    def input_size(self, output_size: tuple[int, int]) -> tuple[int, int]:
        """Return the height and width of the smallest input whose output is at least ``output_size``."""
        height, width = output_size
        return self._round_up(height) + 2 * self.border, self._round_up(width) + 2 * self.border

    # A side of b pixels at the lowest level gives stride · b − 4 · (stride − 1) output pixels: 4 modulo the stride.

    def _round_down(self, side: int) -> int:
        return side - (side - 4) % self.stride

    def _round_up(self, side: int) -> int:
        return side + (4 - side) % self.stride


class _Expand(nn.Module):
    """2 × 2 up-convolution that halves the channels, center-cropped skip, two unpadded 3 × 3 convolutions."""

    def __init__(self, channels: int, norm: str | tuple | None) -> None:
        super().__init__()
        self.upsample = UpSample(2, 2 * channels, channels, mode="deconv")
        self.convolutions = _two_convolutions(2 * channels, channels, norm)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = self.upsample(x)
        return self.convolutions(torch.cat([center_crop(skip, (x.shape[-2], x.shape[-1])), x], dim=1))


def _two_convolutions(in_channels: int, out_channels: int, norm: str | tuple | None) -> nn.Sequential:
    return nn.Sequential(_convolution(in_channels, out_channels, norm), _convolution(out_channels, out_channels, norm))


def _convolution(in_channels: int, out_channels: int, norm: str | tuple | None) -> Convolution:
    act = ("relu", {"inplace": True})
    return Convolution(2, in_channels, out_channels, kernel_size=3, padding=0, act=act, norm=norm, bias=norm is None)


def _initialize(module: nn.Module) -> None:
    """Draw convolution weights with standard deviation √(2/n) for n inputs per output pixel; set biases to 0."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
    elif isinstance(module, nn.ConvTranspose2d):
        # The windows do not overlap, so each output pixel has one input pixel; PyTorch's "fan_in" counts differently.
        nn.init.normal_(module.weight, std=math.sqrt(2 / module.in_channels))
    elif isinstance(weight := getattr(module, "weight", None), nn.Parameter):
        nn.init.ones_(weight)
    if isinstance(bias := getattr(module, "bias", None), nn.Parameter):
        nn.init.zeros_(bias)
