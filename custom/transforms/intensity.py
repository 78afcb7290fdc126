"""Brightness: augmentation beyond what a microscope records, and normalisations that do not see it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data.meta_obj import get_track_meta
from monai.transforms import MapTransform, RandomizableTransform, Transform
from monai.utils import convert_to_numpy, convert_to_tensor

SIXTEEN_BIT = 65535.0
"""The largest value of 16 bits."""

LARGEST = 1000.0
"""The largest scaled value, far within float16."""

_LAWS = ("uniform", "log_uniform")


class RandExtremeIntensity(RandomizableTransform):
    """Multiply an image by a random factor, or else square it and rescale it to 0…65535; never leave it as it is.

    The factor takes a 16-bit image to 4.3e9, which is far within float32 and far beyond float16: a normalisation has to
    follow before a network sees the image, above all in mixed precision.

    After SynSeg, "Subcellular Structure Segmentation with Synthetic Data" (https://github.com/young55775/SynSeg).

    Args:
        prob: probability of the factor; the square has the rest.
        low: smallest factor.
        high: largest factor.
        law: ``"uniform"``: the factor is evenly distributed, nearly always thousands; ``"log_uniform"``: its logarithm
            is, each order of magnitude as probable as another.

    Raises:
        ValueError: when the factors are not 0 < low <= high, or there is no such law.
    """

    def __init__(self, prob: float = 0.8, low: float = 1.0, high: float = 65000.0, law: str = "uniform") -> None:
        super().__init__(prob)
        if not 0 < low <= high:
            raise ValueError(f"expected 0 < low <= high, got low {low} and high {high}.")
        if law not in _LAWS:
            raise ValueError(f"law is one of {', '.join(_LAWS)}, not {law!r}.")
        self.low, self.high, self.law = low, high, law
        self.factor = 1.0

    def randomize(self, data: Any = None) -> None:
        """Draw whether to multiply, and by what."""
        super().randomize(data)
        if self.law == "uniform":
            self.factor = self.R.uniform(self.low, self.high)
        else:
            self.factor = float(np.exp(self.R.uniform(np.log(self.low), np.log(self.high))))

    def __call__(self, img: NdarrayOrTensor, randomize: bool = True) -> torch.Tensor:
        """Return ``img``, of any shape, as float32; where it is constant, its rescaled square is 0."""
        image = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        if randomize:
            self.randomize()
        return image * self.factor if self._do_transform else _squared(image)


class RandExtremeIntensityd(RandomizableTransform, MapTransform):
    """Dictionary version of `RandExtremeIntensity`: the images of an item get the same factor, labels are not its keys.

    Args:
        keys: keys of the images.
        prob: as there.
        low: as there.
        high: as there.
        law: as there.
    """

    def __init__(
        self, keys: KeysCollection, prob: float = 0.8, low: float = 1.0, high: float = 65000.0, law: str = "uniform"
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self)  # the array version decides; this one always asks it
        self.change = RandExtremeIntensity(prob, low, high, law)

    def set_random_state(
        self, seed: int | None = None, state: np.random.RandomState | None = None
    ) -> RandExtremeIntensityd:
        """Set what the random numbers come from, here and in the array version."""
        super().set_random_state(seed, state)
        self.change.set_random_state(seed, state)
        return self

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        self.change.randomize()
        for key in self.key_iterator(item):
            item[key] = self.change(item[key], randomize=False)
        return item


def _squared(image: torch.Tensor) -> torch.Tensor:
    """Return the square with its values from 0 to 65535; from the ratio to the largest, so that nothing overflows."""
    ratio = image / image.abs().max().clamp(min=torch.finfo(torch.float32).tiny)
    square = ratio**2
    low, high = square.min(), square.max()
    return (square - low) * (SIXTEEN_BIT / (high - low) if high > low else 0.0)


class LogZScore(Transform):
    """Take the logarithm of an image, then subtract its mean and divide by its standard deviation.

    What a factor adds to a logarithm, the mean takes away, and what a power multiplies it by, the standard deviation:
    for all a > 0 and b > 0 the image a·xᵇ comes out as x does. Bright and faint objects come out equally high over the
    background, too. Zeros, negative values and the darkest rest are first raised to a low percentile of what is
    positive, because logarithms would spread them without end.

    Args:
        floor: that percentile, 0 to 100.

    Raises:
        ValueError: when ``floor`` is not in that range.
    """

    def __init__(self, floor: float = 1.0) -> None:
        if not 0 <= floor <= 100:
            raise ValueError(f"floor is a percentile, 0 to 100, not {floor}.")
        self.floor = floor

    def __call__(self, img: NdarrayOrTensor) -> torch.Tensor:
        """Return ``img``, of any shape, as float32; 0 everywhere where it is constant or nothing is positive."""
        image = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        positive = image[image > 0].flatten()
        if positive.numel() == 0:
            return torch.zeros_like(image)
        # A value that occurs, not one interpolated between two: the percentile of the squares is its square.
        rank = 1 + int(self.floor / 100 * (positive.numel() - 1))
        lowest = positive.kthvalue(rank).values
        logarithm = torch.log(image.clamp(min=lowest) / lowest)
        spread = logarithm.std(correction=0)
        return (logarithm - logarithm.mean()) / (spread if spread > 0 else 1.0)


class LogZScored(MapTransform):
    """Dictionary version of `LogZScore`.

    Args:
        keys: keys of the images; each is normalised by itself.
        floor: as there.
    """

    def __init__(self, keys: KeysCollection, floor: float = 1.0) -> None:
        super().__init__(keys)
        self.normalize = LogZScore(floor)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.normalize(item[key])
        return item


class ScalePercentiles(Transform):
    """Bring two percentiles of an image to 0 and 1.

    Where both are equal, as with a few bright spots on an even background, smallest and largest value take their place.
    What lies beyond the percentiles keeps its distance, but is clipped at ±``LARGEST``: a hot pixel in a dark image
    would be infinite in float16. MONAI's ``ScaleIntensityRangePercentiles`` clips at the percentiles or not at all, and
    leaves an image whose percentiles are equal nearly as it is.

    Args:
        lower: percentile that becomes 0, from 0 up.
        upper: percentile that becomes 1, above ``lower``, up to 100.

    Raises:
        ValueError: when they are not 0 <= lower < upper <= 100.
    """

    def __init__(self, lower: float = 1.0, upper: float = 99.8) -> None:
        if not 0 <= lower < upper <= 100:
            raise ValueError(f"expected 0 <= lower < upper <= 100, got lower {lower} and upper {upper}.")
        self.lower, self.upper = lower, upper

    def __call__(self, img: NdarrayOrTensor) -> torch.Tensor:
        """Return ``img``, of any shape, as float32; 0 everywhere where it is constant."""
        image = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        values = convert_to_numpy(image)
        low, high = np.percentile(values, (self.lower, self.upper)).tolist()
        if low == high:
            low, high = float(values.min()), float(values.max())
        return ((image - low) / (high - low or 1.0)).clamp(-LARGEST, LARGEST)


class ScalePercentilesd(MapTransform):
    """Dictionary version of `ScalePercentiles`.

    Args:
        keys: keys of the images; each is scaled by itself.
        lower: as there.
        upper: as there.
    """

    def __init__(self, keys: KeysCollection, lower: float = 1.0, upper: float = 99.8) -> None:
        super().__init__(keys)
        self.scale = ScalePercentiles(lower, upper)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.scale(item[key])
        return item
