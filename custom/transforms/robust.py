"""Normalisation by what most of an image is like, whatever surrounds a montage or is saturated."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import NdarrayOrTensor
from monai.data import MetaTensor
from monai.data.meta_obj import get_track_meta
from monai.transforms import MapTransform, Transform
from monai.utils import convert_to_tensor

ROBUST_STATISTICS = "robust_statistics"
"""Where `RobustStatisticsd` notes center and scale in an image's metadata."""

_SAMPLE = 2**20  # pixels that are looked at: every n-th of every n-th row
_NORMAL_RANGE = 1.349  # interquartile range of a normal distribution, in standard deviations


def robust_statistics(image: NdarrayOrTensor) -> tuple[float, float]:
    """Return center and scale of an image: its median, and its interquartile range as a standard deviation.

    Pixels that equal the smallest or the largest value of the image are left out. These are the black or white around a
    montage and what is saturated; of any other image they are too few to matter. Large images are sampled on a regular
    grid of about a million pixels.

    Of mean and standard deviation, several percentile ranges and this, this brought the gray values of background, axon
    and myelin in seven SEM images of nerve closest together.

    Args:
        image: (…, H, W), of any real type.

    Returns:
        Center and scale, in the image's unit. Where the quartiles are equal, scale is the standard deviation, and in a
        constant image 1.
    """
    step = max(1, math.isqrt(math.prod(image.shape) // _SAMPLE))
    sample = np.asarray(image[..., ::step, ::step]).ravel()
    inside = sample[(sample > sample.min()) & (sample < sample.max())]
    # Of two or three values, too little is left to tell their spread.
    values = inside if inside.size and inside.min() < inside.max() else sample
    lower, center, upper = np.percentile(values, (25, 50, 75))
    return float(center), float((upper - lower) / _NORMAL_RANGE or values.std(dtype=np.float64) or 1.0)


class NormalizeRobust(Transform):
    """Subtract from an image its center and divide it by its scale; see `robust_statistics`."""

    def __call__(self, img: NdarrayOrTensor, statistics: tuple[float, float] | None = None) -> torch.Tensor:
        """Return ``img`` (…, H, W) normalised, float32.

        Args:
            img: of any real type.
            statistics: center and scale, where ``img`` is a part of the image that they belong to; by default its own.
        """
        center, scale = statistics or robust_statistics(img)
        image = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        return (image - center) / scale


class NormalizeRobustd(MapTransform):
    """Dictionary version of `NormalizeRobust`, with what `RobustStatisticsd` noted about an image, else its own."""

    normalize = NormalizeRobust()

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            noted = item[key].meta.get(ROBUST_STATISTICS) if isinstance(item[key], MetaTensor) else None
            item[key] = self.normalize(item[key], noted)
        return item


class RobustStatisticsd(MapTransform):
    """Note center and scale of whole images in their metadata, so that crops of them are normalised alike.

    An image that is cached as uint8 and cropped takes a quarter of the memory of one that is normalised first. Between
    this and `NormalizeRobustd`, nothing may change the intensities.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            noted = MetaTensor(item[key])
            noted.meta = {**noted.meta, ROBUST_STATISTICS: robust_statistics(item[key])}
            item[key] = noted
        return item
