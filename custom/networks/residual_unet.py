"""Residual U-Net with self-attention at the lowest resolution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from monai.networks.nets.autoencoderkl import AEKLResBlock
from torch import nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

_GROUPS = 8  # per group normalization


class ResidualAttentionUNet(nn.Module):
    """U-Net of residual blocks with self-attention among the pixels of the lowest resolution.

    The network has an initial 3 × 3 convolution; ``len(features) - 1`` downsampling stages, each a convolution with
    stride 2 and two residual blocks; a bottleneck of residual block, self-attention and residual block; as many
    upsampling stages, each a 1 × 1 convolution to the channels of the skip connection, nearest-neighbor upsampling,
    addition of the skip connection and a residual block; and a final 1 × 1 convolution. A residual block applies group
    normalization, SiLU and a 3 × 3 convolution twice, and adds its input. Skip connections are added, as in MONAI's
    ``SegResNet``: concatenating them takes a third more time at the default number of channels.

    References: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    2015; He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016; Wu and He, "Group Normalization", ECCV
    2018; Vaswani et al., "Attention Is All You Need", NeurIPS 2017, applied to pixels as in Wang et al., "Non-local
    Neural Networks", CVPR 2018.

    Args:
        in_channels: number of image channels.
        out_channels: number of logits per pixel, the number of classes.
        features: channels of the initial convolution and of each downsampling stage. Each stage halves the image: with
            four entries, 256 × 256 pixels become 32 × 32 at the lowest resolution. The time of the attention is
            quadratic in the number of pixels there, its memory linear.

    Raises:
        ValueError: ``features`` has fewer than two entries, or an entry is not a positive multiple of 16.

    Examples:
        >>> import torch
        >>> from custom.networks import ResidualAttentionUNet
        >>> network = ResidualAttentionUNet(in_channels=1, out_channels=5, features=(16, 32))
        >>> network(torch.zeros(1, 1, 50, 37)).shape
        torch.Size([1, 5, 50, 37])
    """

    def __init__(self, in_channels: int, out_channels: int, features: Sequence[int] = (32, 32, 64, 128)) -> None:
        super().__init__()
        if len(features) < 2:
            raise ValueError(f"features must have at least two entries, not {tuple(features)}.")
        # At least two channels per group: with one channel, a single-pixel image has no variance to normalize by.
        if any(width <= 0 or width % (2 * _GROUPS) for width in features):
            raise ValueError(f"features must be positive multiples of {2 * _GROUPS}, not {tuple(features)}.")
        pairs, lowest = list(pairwise(features)), features[-1]
        self.initial = Convolution(2, in_channels, features[0], conv_only=True)
        self.contracting = nn.ModuleList(_contract(upper, lower) for upper, lower in pairs)
        self.bottleneck = nn.Sequential(_residual_block(lowest), _SelfAttention(lowest), _residual_block(lowest))
        self.expanding = nn.ModuleList(_Expand(lower, upper) for upper, lower in reversed(pairs))
        self.final = nn.Sequential(
            nn.GroupNorm(_GROUPS, features[0]), nn.SiLU(), nn.Conv2d(features[0], out_channels, kernel_size=1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, ``out_channels``, H, W) for images (N, ``in_channels``, H, W) of any height and width."""
        skips = [self.initial(x)]
        for contract in self.contracting:
            skips.append(contract(skips[-1]))
        x = self.bottleneck(skips.pop())
        for expand in self.expanding:
            x = expand(x, skips.pop())
        return self.final(x)


def _residual_block(channels: int) -> AEKLResBlock:
    return AEKLResBlock(2, channels, norm_num_groups=_GROUPS, norm_eps=1e-5, out_channels=channels)


def _contract(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a convolution that halves the size (rounding up), followed by two residual blocks."""
    halve = Convolution(2, in_channels, out_channels, strides=2, conv_only=True)
    return nn.Sequential(halve, _residual_block(out_channels), _residual_block(out_channels))


class _SelfAttention(nn.Module):
    """Self-attention of each pixel to all pixels, with a residual connection.

    MONAI's ``SpatialAttentionBlock`` computes the same, but requires the package einops.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(_GROUPS, channels)
        self.query_key_value = nn.Conv2d(channels, 3 * channels, kernel_size=1)
        self.project = nn.Conv2d(channels, channels, kernel_size=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pixels = self.query_key_value(self.norm(x)).flatten(2).transpose(1, 2)  # (N, H · W, 3 · C)
        query, key, value = pixels[:, None].chunk(3, dim=-1)  # one head
        attended = scaled_dot_product_attention(query, key, value)[:, 0]
        return x + self.project(attended.transpose(1, 2).reshape(x.shape))


class _Expand(nn.Module):
    """Project and upsample to the skip connection's channels and size, add the skip connection, residual block."""

    def __init__(self, in_channels: int, skip_channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(in_channels, skip_channels, kernel_size=1)  # before upsampling, where it is cheaper
        self.refine = _residual_block(skip_channels)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        upsampled = interpolate(self.narrow(x), size=skip.shape[-2:], mode="nearest")
        return self.refine(skip + upsampled)
