"""U-Net with padded convolutions and any number of levels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from monai.networks.blocks import Convolution, UpSample
from monai.networks.nets.basic_unet import Down, TwoConv
from torch import nn


class UNet(nn.Module):
    """U-Net with max pooling in the contracting path and bilinear upsampling in the expanding path.

    The network has an initial block (two 3 × 3 convolutions); ``len(features) - 1`` contracting blocks (2 × 2 max
    pooling and two 3 × 3 convolutions); as many expanding blocks (bilinear upsampling, a 2 × 2 convolution to the
    channels of the skip connection, concatenation with it, and two 3 × 3 convolutions); and a final 1 × 1 convolution.
    A normalization and a ReLU follow each 3 × 3 convolution. In contrast, MONAI's ``BasicUNet`` always has four levels
    and reduces the channels by a 1 × 1 convolution before upsampling.

    Reference: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    2015; here with padded convolutions.

    Args:
        in_channels: number of image channels.
        out_channels: number of logits per pixel: 1 for foreground and background, otherwise the number of classes.
        features: channels of the initial block and of each contracting block, usually doubling from level to level.
        norm: normalization by its MONAI name, for example ``"batch"`` or ``("group", {"num_groups": 8})``.
        dropout: dropout probability after every convolution of a block.

    Raises:
        ValueError: ``features`` has fewer than two entries.

    Examples:
        >>> import torch
        >>> from custom.networks import UNet
        >>> network = UNet(in_channels=1, out_channels=1, features=(4, 8, 16))
        >>> network(torch.zeros(1, 1, 50, 37)).shape
        torch.Size([1, 1, 50, 37])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        features: Sequence[int] = (16, 32, 64, 128, 256),
        norm: str | tuple = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(features) < 2:
            raise ValueError(f"features must have at least two entries, not {tuple(features)}.")
        block = {"act": ("relu", {"inplace": True}), "norm": norm, "bias": norm is None, "dropout": dropout}
        pairs = list(pairwise(features))
        self.initial = TwoConv(2, in_channels, features[0], **block)
        self.contracting = nn.ModuleList(Down(2, upper, lower, **block) for upper, lower in pairs)
        self.expanding = nn.ModuleList(_Expand(lower, upper, block) for upper, lower in reversed(pairs))
        self.final = nn.Conv2d(features[0], out_channels, kernel_size=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, ``out_channels``, H, W) for float images (N, ``in_channels``, H, W).

        Height and width must be at least 2 to the power of the number of contracting blocks.
        """
        skips = [self.initial(x)]
        for contract in self.contracting:
            skips.append(contract(skips[-1]))
        x = skips.pop()
        for expand in self.expanding:
            x = expand(x, skips.pop())
        return self.final(x)


class _Expand(nn.Module):
    """Bilinear upsampling, 2 × 2 convolution to the channels of the skip, concatenation, two 3 × 3 convolutions."""

    def __init__(self, in_channels: int, skip_channels: int, block: dict) -> None:
        super().__init__()
        narrow = Convolution(2, in_channels, skip_channels, kernel_size=2, padding=0, conv_only=True)
        self.upsample = UpSample(2, in_channels, in_channels, mode="nontrainable", interp_mode="linear", pre_conv=None)
        # A 2 × 2 kernel has no center pixel: one extra row and column at the end keep the size.
        self.narrow = nn.Sequential(nn.ReplicationPad2d((0, 1, 0, 1)), narrow)
        self.convolutions = TwoConv(2, 2 * skip_channels, skip_channels, **block)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = self.narrow(self.upsample(x))
        # Pooling drops the last row or column of an odd-sized feature map.
        missing = [skip.shape[-1] - x.shape[-1], skip.shape[-2] - x.shape[-2]]
        if any(missing):
            x = nn.functional.pad(x, (0, missing[0], 0, missing[1]), mode="replicate")
        return self.convolutions(torch.cat([skip, x], dim=1))
