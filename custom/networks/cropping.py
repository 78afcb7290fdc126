"""Center cropping to the output size of a network with unpadded convolutions."""

from __future__ import annotations

import torch


def center_crop(tensor: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Crop the center of the last two axes; an odd surplus loses the extra pixel at the end.

    Args:
        tensor: (…, H, W), any dtype.
        size: height and width of the crop, in pixels.

    Returns:
        A view of the tensor, (…, *size).

    Raises:
        ValueError: The tensor is smaller than ``size``.

    Examples:
        >>> import torch
        >>> from custom.networks import center_crop
        >>> center_crop(torch.arange(20).reshape(4, 5), (2, 2))
        tensor([[ 6,  7],
                [11, 12]])
    """
    height, width = size
    top, left = (tensor.shape[-2] - height) // 2, (tensor.shape[-1] - width) // 2
    if top < 0 or left < 0:
        raise ValueError(f"Cannot crop {tensor.shape[-2]} × {tensor.shape[-1]} pixels to {height} × {width}.")
    return tensor[..., top : top + height, left : left + width]
