"""Intensity: augmentation by extreme factors, and normalizations that are robust to it."""

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
"""Largest 16-bit value."""

_OFFSET = 3.0
_LONGEST_TAIL = 5.0  # of the dark side of a histogram, relative to the bright side
LARGEST_VALUE = 1000.0
"""Magnitude at which scaled values are clipped, well within the range of float16."""

_LAWS = ("uniform", "log_uniform")


class RandExtremeIntensity(RandomizableTransform):
    """Multiply an image by a random factor, or square it and rescale it to 0 … 65535; the image always changes.

    With the default factors, values of a 16-bit image reach 4.3e9, which float32 can represent but float16 cannot. A
    normalization must therefore follow before the network, especially in mixed precision.

    Reference: SynSeg, "Subcellular Structure Segmentation with Synthetic Data"
    (https://github.com/young55775/SynSeg).

    Args:
        prob: probability of multiplication; otherwise the image is squared.
        low: smallest factor.
        high: largest factor.
        law: distribution of the factor: ``"uniform"`` (almost always thousands), or ``"log_uniform"`` (all orders of
            magnitude are equally likely).

    Raises:
        ValueError: The factors are not 0 < low <= high, or ``law`` is unknown.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import RandExtremeIntensity
        >>> RandExtremeIntensity(prob=1.0, low=10, high=10)(np.array([1.0, 2.0])).tolist()
        [10.0, 20.0]
        >>> RandExtremeIntensity(prob=0.0)(np.array([0.0, 1.0, 2.0])).tolist()  # squared
        [0.0, 16383.75, 65535.0]
    """

    def __init__(self, prob: float = 0.8, low: float = 1.0, high: float = 65000.0, law: str = "uniform") -> None:
        super().__init__(prob)
        if not 0 < low <= high:
            raise ValueError(f"expected 0 < low <= high, found low {low} and high {high}.")
        if law not in _LAWS:
            raise ValueError(f"law must be one of {', '.join(_LAWS)}, not {law!r}.")
        self.low, self.high, self.law = low, high, law
        self.factor = 1.0

    def randomize(self, data: Any = None) -> None:
        """Sample whether to multiply, and the factor."""
        super().randomize(data)
        if self.law == "uniform":
            self.factor = self.R.uniform(self.low, self.high)
        else:
            self.factor = float(np.exp(self.R.uniform(np.log(self.low), np.log(self.high))))

    def __call__(self, img: NdarrayOrTensor, randomize: bool = True) -> torch.Tensor:
        """Return ``img``, of any shape, as float32; the rescaled square of a constant image is 0."""
        image = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        if randomize:
            self.randomize()
        return image * self.factor if self._do_transform else _squared(image)


class RandExtremeIntensityd(RandomizableTransform, MapTransform):
    """Dictionary version of `RandExtremeIntensity`; all images of an item are changed alike.

    Args:
        keys: keys of the images.
        prob: see `RandExtremeIntensity`.
        low: see `RandExtremeIntensity`.
        high: see `RandExtremeIntensity`.
        law: see `RandExtremeIntensity`.
    """

    def __init__(
        self, keys: KeysCollection, prob: float = 0.8, low: float = 1.0, high: float = 65000.0, law: str = "uniform"
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self)  # the array version decides whether to multiply
        self.change = RandExtremeIntensity(prob, low, high, law)

    def set_random_state(
        self, seed: int | None = None, state: np.random.RandomState | None = None
    ) -> RandExtremeIntensityd:
        """Set the random state of this transform and of its array version."""
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
    """Return the square, scaled to 0 … 65535; the image is divided by its maximum first to avoid overflow."""
    ratio = image / image.abs().max().clamp(min=torch.finfo(torch.float32).tiny)
    square = ratio**2
    low, high = square.min(), square.max()
    return (square - low) * (SIXTEEN_BIT / (high - low) if high > low else 0.0)


class LogZScore(Transform):
    """Take the logarithm of an image, subtract its mean and divide by its standard deviation.

    The mean cancels factors and the standard deviation cancels powers: for all a > 0 and b > 0, the images a·xᵇ and x
    have the same result. It also gives bright and faint objects similar contrast to the background. Zeros, negative
    values and the darkest pixels are first raised to a low percentile of the positive values, because their logarithms
    would be unbounded. An image with more negative values than that percentile has lost its offset, for example by
    subtraction of a background: it is shifted first, see `_with_offset`.

    Args:
        floor: percentile of the positive values, 0 to 100, to which lower values are raised.

    Raises:
        ValueError: ``floor`` is not between 0 and 100.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import LogZScore
        >>> LogZScore()(np.array([1.0, 10.0, 100.0])).numpy().round(3)
        array([-1.225,  0.   ,  1.225], dtype=float32)
        >>> LogZScore()(np.array([3.0, 300.0, 30000.0])).numpy().round(3)  # 3 · x²
        array([-1.225,  0.   ,  1.225], dtype=float32)
    """

    def __init__(self, floor: float = 1.0) -> None:
        if not 0 <= floor <= 100:
            raise ValueError(f"floor must be a percentile, 0 to 100, not {floor}.")
        self.floor = floor

    def __call__(self, img: NdarrayOrTensor) -> torch.Tensor:
        """Return ``img``, of any shape, as float32; all 0 if it is constant or has no positive values."""
        image = _with_offset(convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta()), self.floor)
        positive = image[image > 0].flatten()
        if positive.numel() == 0:
            return torch.zeros_like(image)
        lowest = _percentile(positive, self.floor)
        logarithm = torch.log(image.clamp(min=lowest) / lowest)
        spread = logarithm.std(correction=0)
        return (logarithm - logarithm.mean()) / (spread if spread > 0 else 1.0)


def _percentile(values: torch.Tensor, percent: float) -> torch.Tensor:
    """Return a percentile of values (N,) without interpolation: that of the squares is the square of the percentile."""
    return values.kthvalue(1 + int(percent / 100 * (values.numel() - 1))).values


def _with_offset(image: torch.Tensor, floor: float) -> torch.Tensor:
    """Return an image whose darkest pixels are negative shifted so that they are positive; others unchanged.

    The offset is `_OFFSET` times the distance of the darkest pixels from the median, as in an image with the offset of
    a camera: with less, the logarithm would amplify the noise of the background.
    """
    if not image.numel() or image.min() >= 0:
        return image
    values = image.flatten()
    darkest, middle, bright = (_percentile(values, percent) for percent in (floor, 50, 99))
    is_filler = middle - darkest > _LONGEST_TAIL * (bright - middle)  # such as -9999 where there are no data
    if darkest >= 0 or is_filler:
        return image
    return image - darkest + _OFFSET * (middle - darkest)


class LogZScored(MapTransform):
    """Dictionary version of `LogZScore`.

    Args:
        keys: keys of the images; each is normalized separately.
        floor: see `LogZScore`.
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
    """Scale an image linearly such that two percentiles become 0 and 1.

    If both percentiles are equal, as for a few bright spots on a constant background, minimum and maximum are used
    instead. Values beyond the percentiles are scaled as well, but clipped at ±1000: a hot pixel in a dark image would
    otherwise be infinite in float16. In contrast, MONAI's ``ScaleIntensityRangePercentiles`` either clips at the
    percentiles or not at all, and hardly changes an image whose percentiles are equal.

    Args:
        lower: percentile that becomes 0.
        upper: percentile that becomes 1.

    Raises:
        ValueError: The percentiles are not 0 <= lower < upper <= 100.

    Examples:
        >>> import numpy as np
        >>> from custom.transforms import ScalePercentiles
        >>> ScalePercentiles(lower=0, upper=50)(np.array([10.0, 11.0, 12.0, 13.0, 14.0])).tolist()
        [0.0, 0.5, 1.0, 1.5, 2.0]
    """

    def __init__(self, lower: float = 1.0, upper: float = 99.8) -> None:
        if not 0 <= lower < upper <= 100:
            raise ValueError(f"expected 0 <= lower < upper <= 100, found lower {lower} and upper {upper}.")
        self.lower, self.upper = lower, upper

    def __call__(self, img: NdarrayOrTensor) -> torch.Tensor:
        """Return ``img``, of any shape, as float32; all 0 if it is constant."""
        image = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        values = convert_to_numpy(image)
        low, high = np.percentile(values, (self.lower, self.upper)).tolist()
        if low == high:
            low, high = float(values.min()), float(values.max())
        return ((image - low) / (high - low or 1.0)).clamp(-LARGEST_VALUE, LARGEST_VALUE)


class ScalePercentilesd(MapTransform):
    """Dictionary version of `ScalePercentiles`.

    Args:
        keys: keys of the images; each is scaled separately.
        lower: see `ScalePercentiles`.
        upper: see `ScalePercentiles`.
    """

    def __init__(self, keys: KeysCollection, lower: float = 1.0, upper: float = 99.8) -> None:
        super().__init__(keys)
        self.scale = ScalePercentiles(lower, upper)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.scale(item[key])
        return item
