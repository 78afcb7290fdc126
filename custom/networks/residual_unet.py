"""Residual U-Net with self-attention at its lowest resolution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from monai.networks.nets.autoencoderkl import AEKLResBlock
from torch import nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

_GROUPS = 8  # of the group normalisations


class ResidualAttentionUNet(nn.Module):
    """U-Net of residual blocks, with self-attention between the pixels of its lowest resolution.

    A first 3 × 3 convolution, ``len(features) - 1`` downsampling stages (a convolution with stride 2 and two residual
    blocks each), a bottleneck (residual block, self-attention, residual block), as many upsampling stages (1 × 1
    convolution to the width of the skip, nearest-neighbour upsampling, sum with the skip, residual block) and a final
    1 × 1 convolution. A residual block is twice group normalisation, SiLU and a 3 × 3 convolution, added to its input.
    The skips are added, as in MONAI's ``SegResNet``: concatenated ones take a third more time at the default widths.

    After Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015;
    He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016; Wu and He, "Group Normalization", ECCV 2018;
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017, between pixels as in Wang et al., "Non-local Neural
    Networks", CVPR 2018.

    Args:
        in_channels: number of image channels.
        out_channels: number of logits per pixel, the number of classes.
        features: channels of the first convolution and of each downsampling stage. Each stage halves the size, so an
            image of 256 × 256 has 32 × 32 pixels where four entries end. The time of the attention grows with the
            square of that number of pixels, its memory in proportion to it.

    Raises:
        ValueError: when ``features`` has fewer than two entries, or one that is not a multiple of 16.

    Example:
        >>> ResidualAttentionUNet(1, 5)(torch.zeros(1, 1, 250, 37)).shape
        torch.Size([1, 5, 250, 37])
    """

    def __init__(self, in_channels: int, out_channels: int, features: Sequence[int] = (32, 32, 64, 128)) -> None:
        super().__init__()
        if len(features) < 2:
            raise ValueError(f"features needs at least two entries, got {tuple(features)}.")
        # At least two channels per group: a group of one channel has nothing to normalise in an image of one pixel.
        if any(width <= 0 or width % (2 * _GROUPS) for width in features):
            raise ValueError(f"features must be multiples of {2 * _GROUPS}, got {tuple(features)}.")
        pairs, lowest = list(pairwise(features)), features[-1]
        self.initial = Convolution(2, in_channels, features[0], conv_only=True)
        self.contracting = nn.ModuleList(_contract(upper, lower) for upper, lower in pairs)
        self.bottleneck = nn.Sequential(_residual_block(lowest), _SelfAttention(lowest), _residual_block(lowest))
        self.expanding = nn.ModuleList(_Expand(lower, upper) for upper, lower in reversed(pairs))
        self.final = nn.Sequential(
            nn.GroupNorm(_GROUPS, features[0]), nn.SiLU(), nn.Conv2d(features[0], out_channels, kernel_size=1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, ``out_channels``, H, W) for images (N, ``in_channels``, H, W), H and W of any size."""
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
    """Half the size (rounded up), then two residual blocks."""
    halve = Convolution(2, in_channels, out_channels, strides=2, conv_only=True)
    return nn.Sequential(halve, _residual_block(out_channels), _residual_block(out_channels))


class _SelfAttention(nn.Module):
    """Each pixel attends to all pixels; added to its input.

    MONAI's ``SpatialAttentionBlock`` is the same, but needs the package einops.
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
    """To the width and size of the skip, sum with it, residual block."""

    def __init__(self, in_channels: int, skip_channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(in_channels, skip_channels, kernel_size=1)  # before upsampling, where it is cheap
        self.refine = _residual_block(skip_channels)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        upsampled = interpolate(self.narrow(x), size=skip.shape[-2:], mode="nearest")
        return self.refine(skip + upsampled)
