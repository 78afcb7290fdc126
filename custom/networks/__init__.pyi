from .cropping import center_crop as center_crop
from .overlap_tile import OverlapTileInferer as OverlapTileInferer
from .precision import in_bfloat16 as in_bfloat16
from .residual_unet import ResidualAttentionUNet as ResidualAttentionUNet
from .unet import UNet as UNet
from .valid_unet import ValidUNet as ValidUNet
