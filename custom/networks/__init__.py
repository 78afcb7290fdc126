"""Networks that MONAI's own classes cannot be configured to be."""

from .cropping import center_crop
from .precision import in_bfloat16
from .residual_unet import ResidualAttentionUNet
from .unet import UNet
from .valid_unet import ValidUNet

__all__ = ["ResidualAttentionUNet", "UNet", "ValidUNet", "center_crop", "in_bfloat16"]
