"""Cropping to what a network without padding has left over."""

from __future__ import annotations

import torch


def center_crop(tensor: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return the middle of the last two axes; of an odd surplus the larger part is cut at the end.

    Args:
        tensor: (…, H, W), of any type.
        size: height and width of what is returned.

    Returns:
        A view (…, *size) of the tensor.

    Raises:
        ValueError: the tensor is smaller than ``size``.
    """
    height, width = size
    top, left = (tensor.shape[-2] - height) // 2, (tensor.shape[-1] - width) // 2
    if top < 0 or left < 0:
        raise ValueError(f"Cannot crop {tensor.shape[-2]} × {tensor.shape[-1]} pixels to {height} × {width}.")
    return tensor[..., top : top + height, left : left + width]
