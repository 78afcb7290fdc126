"""Networks that MONAI's own classes cannot be configured to be."""

from .unet import UNet

__all__ = ["UNet"]
