"""Transforms that MONAI lacks."""

from .clahe import Clahe, Clahed
from .crops import ClassBlocksd, CropWindowd, RandCropByClassd
from .instances import UNANNOTATED_INSTANCE, ReadInstancesd
from .intensity import (
    LogZScore,
    LogZScored,
    RandExtremeIntensity,
    RandExtremeIntensityd,
    ScalePercentiles,
    ScalePercentilesd,
)
from .labels import UNANNOTATED, MapLabels
from .padding import MirrorPadd
from .reading import ReadImaged, ReadLabeld
from .resizing import ResampleToPixelSized, ResizeToInputd
from .robust import NormalizeRobust, NormalizeRobustd, RobustStatisticsd
from .weight_map import RandElasticInstancesd, TargetClassesd, WeightMap, WeightMapd

__all__ = [
    "UNANNOTATED",
    "UNANNOTATED_INSTANCE",
    "Clahe",
    "Clahed",
    "ClassBlocksd",
    "CropWindowd",
    "LogZScore",
    "LogZScored",
    "MapLabels",
    "MirrorPadd",
    "NormalizeRobust",
    "NormalizeRobustd",
    "RandCropByClassd",
    "RandElasticInstancesd",
    "RandExtremeIntensity",
    "RandExtremeIntensityd",
    "ReadImaged",
    "ReadInstancesd",
    "ReadLabeld",
    "ResampleToPixelSized",
    "ResizeToInputd",
    "RobustStatisticsd",
    "ScalePercentiles",
    "ScalePercentilesd",
    "TargetClassesd",
    "WeightMap",
    "WeightMapd",
]
