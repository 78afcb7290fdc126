"""The original U-Net: convolutions without padding, so that every output pixel has seen only true image."""

from __future__ import annotations

import math

import torch
from monai.networks.blocks import Convolution, UpSample
from torch import nn

from .cropping import center_crop


class ValidUNet(nn.Module):
    """U-Net with unpadded ("valid") convolutions, whose output is smaller than its input by a border on each side.

    Each level has two unpadded 3 × 3 convolutions, each followed by a normalisation and a ReLU. Between the levels are
    2 × 2 max pooling on the way down, and 2 × 2 up-convolution, which halves the channels, and the centre-cropped skip
    connection on the way up. A 1 × 1 convolution ends it. With ``width=64, levels=5, norm=None`` it is the network of
    Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015.

    Pooling fits only some sizes. Of any other the middle is taken first, so that the output always lies exactly in the
    middle of the input: `center_crop` of a target to the output's size puts each pixel onto its own.

    Convolutions begin as He et al., "Delving Deep into Rectifiers", ICCV 2015, with biases 0; normalisations begin
    with weights 1 and biases 0.

    Args:
        in_channels: number of image channels.
        out_channels: number of logits per pixel.
        width: channels of the first level; each level has twice as many as the one above.
        levels: number of resolutions, one more than poolings.
        norm: normalisation as MONAI names it, for example ``"batch"``; None for none, as in the paper.

    Attributes:
        border: by how many pixels the output is smaller than the input on each side, the surplus apart.
        stride: pixels of the input per pixel of the lowest level. An input shifted by a multiple of it gives the same
            output, shifted; one shifted by anything else is pooled in another phase and does not.

    Raises:
        ValueError: when ``levels`` is less than one.

    Example:
        >>> network = ValidUNet(1, 2, width=4)
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
            raise ValueError(f"levels must be one or more, not {levels}.")
        self.stride = 2 ** (levels - 1)
        # A 3 × 3 convolution takes one pixel of its level on each side: two in the lowest, four in the levels above.
        self.border = 6 * self.stride - 4
        channels = [width * 2**level for level in range(levels)]
        befores = [in_channels, *channels[:-1]]
        self.contracting = nn.ModuleList(_two_convolutions(a, b, norm) for a, b in zip(befores, channels, strict=True))
        self.pool = nn.MaxPool2d(2)
        self.expanding = nn.ModuleList(_Expand(channels_there, norm) for channels_there in reversed(channels[:-1]))
        self.final = nn.Conv2d(width, out_channels, kernel_size=1)
        self.apply(_initialize)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, ``out_channels``, *h*, *w*) for images (N, ``in_channels``, H, W).

        Raises:
            ValueError: when the image is smaller than ``input_size((1, 1))``.
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
        """Return height and width of the output for those of an input.

        Raises:
            ValueError: when the input is smaller than ``input_size((1, 1))``.
        """
        height, width = input_size
        least = self.input_size((1, 1))
        if height < least[0] or width < least[1]:
            raise ValueError(f"The image has {height} × {width} pixels, but needs at least {least[0]} × {least[1]}.")
        return self._fit_below(height - 2 * self.border), self._fit_below(width - 2 * self.border)

    @property
    def smallest_input(self) -> int:
        """Side in pixels of the smallest square input that has an output."""
        return self.input_size((1, 1))[0]

    def input_size(self, output_size: tuple[int, int]) -> tuple[int, int]:
        """Return height and width of the smallest input whose output has at least ``output_size``."""
        height, width = output_size
        return self._fit_above(height) + 2 * self.border, self._fit_above(width) + 2 * self.border

    # The lowest level has any side b, hence the output stride · b − 4 · (stride − 1): a multiple of the stride, plus 4.

    def _fit_below(self, side: int) -> int:
        return side - (side - 4) % self.stride

    def _fit_above(self, side: int) -> int:
        return side + (4 - side) % self.stride


class _Expand(nn.Module):
    """2 × 2 up-convolution that halves the channels, cropped skip connection, two unpadded 3 × 3 convolutions."""

    def __init__(self, channels: int, norm: str | tuple | None) -> None:
        super().__init__()
        self.upsample = UpSample(2, 2 * channels, channels, mode="deconv")
        self.convolutions = _two_convolutions(2 * channels, channels, norm)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = self.upsample(x)
        return self.convolutions(torch.cat([center_crop(skip, (x.shape[-2], x.shape[-1])), x], dim=1))


def _two_convolutions(before: int, after: int, norm: str | tuple | None) -> nn.Sequential:
    return nn.Sequential(_convolution(before, after, norm), _convolution(after, after, norm))


def _convolution(before: int, after: int, norm: str | tuple | None) -> Convolution:
    act = ("relu", {"inplace": True})
    return Convolution(2, before, after, kernel_size=3, padding=0, act=act, norm=norm, bias=norm is None)


def _initialize(module: nn.Module) -> None:
    """Draw the weights of a convolution with standard deviation √(2/n), n the inputs of one output pixel; biases 0."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
    elif isinstance(module, nn.ConvTranspose2d):
        # Its windows do not overlap: an output pixel sees one pixel. PyTorch's "fan_in" counts otherwise.
        nn.init.normal_(module.weight, std=math.sqrt(2 / module.in_channels))
    elif isinstance(weight := getattr(module, "weight", None), nn.Parameter):
        nn.init.ones_(weight)
    if isinstance(bias := getattr(module, "bias", None), nn.Parameter):
        nn.init.zeros_(bias)
