"""Conversion of stored samples to one value per pixel: gray values or labels."""

from __future__ import annotations

import warnings
from functools import reduce
from pathlib import Path

import numpy as np

from ..errors import InputError
from ._axes import any_channel, check_channel
from ._image import Stored

JPEG_NOISE = 24
"""Largest difference between the RGB channels of a gray 8-bit image after JPEG compression."""


def as_displayed(file: Path, stored: Stored) -> np.ndarray:
    """Return the samples as a viewer displays them, (Z, H, W, S): palette applied, white is high.

    Raises:
        InputError: a pixel has an index beyond the palette.
    """
    if stored.palette is not None and stored.pixels.shape[-1] == 1:
        indices = stored.pixels[..., 0]
        if int(indices.max()) >= len(stored.palette):
            raise InputError.about(
                file, f"the palette index {indices.max()}", f"indices below {len(stored.palette)}, the palette's size"
            )
        return stored.palette[indices]
    return stored.pixels if stored.white_is_zero is None else _inverted(stored.pixels, stored.white_is_zero)


def as_labeled(stored: Stored) -> np.ndarray:
    """Return the samples as label values, (Z, H, W, S): as stored, but white is 1 in a mask of two colors.

    Labels have no color: planes that differ are slices of a volume.
    """
    if stored.separate and len(stored.pixels) == 1 and _spread(stored.pixels) > 0:
        return np.moveaxis(stored.pixels, -1, 0).swapaxes(0, 1)[0][..., np.newaxis]
    if stored.white_is_zero is not None and stored.pixels.dtype == bool:
        return ~stored.pixels
    return 1 - stored.pixels if _is_white_first(stored) else stored.pixels


def _is_white_first(stored: Stored) -> bool:
    """Return whether an image has two colors, of which the first is white or gray and the second is black."""
    palette = stored.palette
    if palette is None or len(palette) < 2 or stored.pixels.max(initial=0) > 1:
        return False
    first, second = palette[:2]
    return bool(first.min() == first.max() > 0 and second.max() == 0)


def _inverted(pixels: np.ndarray, black: int) -> np.ndarray:
    if pixels.dtype.kind in "bi":  # for signed integers −1 − x, which cannot overflow and is the same for all pages
        return ~pixels
    return (pixels.dtype.type(black) if pixels.dtype.kind == "u" else pixels.max()) - pixels


def _drop_alpha(file: Path, samples: np.ndarray, hint: str = "") -> np.ndarray:
    if samples.shape[-1] not in (2, 4):
        return samples
    alpha = samples[..., -1]
    if alpha.min() != alpha.max():
        raise InputError.about(
            file,
            f"{samples.shape[-1]} channels, the last of which varies (transparency or a second signal)",
            f"a gray image of one channel{hint}",
        )
    return samples[..., :-1]


def _spread(samples: np.ndarray) -> float:
    """Return the largest difference between the channels of any pixel."""
    planes = list(np.moveaxis(samples, -1, 0))  # a reduction over a short last axis would be slow
    highest, lowest = reduce(np.maximum, planes), reduce(np.minimum, planes)
    return float((highest.astype(np.float64) - lowest).max())


def to_gray(file: Path, stored: Stored, channels: str, channel: int | None) -> np.ndarray:
    """Return gray values (Z, H, W) from pixels of any number of samples; a constant alpha channel is dropped.

    Args:
        file: the file, for the message.
        stored: its pixels.
        channels: ``"equal"``, or ``"luminance"`` to convert color.
        channel: number of the only channel to read, or None.

    Raises:
        InputError: the samples are in color, which ``channels`` does not allow; they are not gray or RGB; or they have
            no such channel.
    """
    if channel is not None:
        if channels != "equal":
            raise InputError.about(file, f"both `--channel {channel}` and `--channels {channels}`", "one of them")
        samples = as_displayed(file, stored)
        check_channel(file, channel, samples.shape[-1])
        return samples[..., channel]
    if channels == "equal" and _is_lookup_table(stored.palette):
        return stored.pixels[..., 0]
    samples = as_displayed(file, stored)
    hint = any_channel(samples.shape[-1])
    samples = _drop_alpha(file, samples, f": {hint}")
    if samples.shape[-1] == 1:
        return samples[..., 0]
    if samples.shape[-1] != 3:
        raise InputError.about(file, f"{samples.shape[-1]} channels", f"a gray or RGB image: {hint}")
    spread = _spread(samples)
    if spread == 0:
        return samples[..., 0]
    if channels == "luminance":
        return _weighted(samples, (0.299, 0.587, 0.114))
    if samples.dtype.kind != "f" and spread <= JPEG_NOISE:
        return _weighted(samples, (1 / 3, 1 / 3, 1 / 3))
    single = _of_single_color(samples)
    if single is None:
        slices = "; `--axes ZYX` reads slices" if stored.separate and len(samples) == 1 else ""
        raise InputError.about(
            file,
            f"color: 3 channels that differ by up to {spread:g}",
            f"a gray image (channels that differ by at most {JPEG_NOISE}) or a single color: {hint}; `--channels "
            f"luminance` converts color to gray (in a manifest: `channels`){slices}",
        )
    warnings.warn("Images in a single color are read as gray, the value of their brightest channel.", stacklevel=3)
    return single


def _of_single_color(samples: np.ndarray) -> np.ndarray | None:
    """Return the brightest channel if each other channel is the same fraction of it in all pixels; else None.

    A fraction may be rounded up or down. The color of a JPEG has errors as large as a second signal: it is refused.
    """
    brightest = max(np.moveaxis(samples, -1, 0), key=lambda plane: float(plane.sum(dtype=np.float64)))
    kind = np.dtype(np.float32 if samples.dtype.itemsize <= 2 else np.float64)
    rounding = 1.0 if samples.dtype.kind != "f" else 4 * float(np.finfo(samples.dtype).eps * brightest.max())
    lit = brightest > 0
    divisor = brightest[lit].astype(kind)
    if samples.min() < 0:
        return None
    for plane in np.moveaxis(samples, -1, 0):
        values = plane[lit].astype(kind)
        least, most = ((values - rounding) / divisor).max(), ((values + rounding) / divisor).min()
        if least > most or plane[~lit].max(initial=0) > rounding:
            return None
    return brightest


def _is_lookup_table(palette: np.ndarray | None) -> bool:
    """Return whether a palette (N, 3) is a colored look-up table of 256 intensities, as in `read_image`."""
    if palette is None or palette.shape != (256, 3) or _spread(palette) == 0:
        return False
    return bool((np.diff(palette.astype(np.int64), axis=0) >= 0).all())


def _weighted(samples: np.ndarray, weights: tuple[float, float, float]) -> np.ndarray:
    gray = samples @ np.asarray(weights, dtype=np.float64)
    return (gray if samples.dtype.kind == "f" else np.rint(gray)).astype(samples.dtype)


def only_channel(file: Path, samples: np.ndarray) -> np.ndarray:
    """Return label values (Z, H, W) from samples (Z, H, W, S); raise InputError unless the channels are equal."""
    samples = without_transparency(file, samples)
    spread = _spread(samples) if samples.shape[-1] > 1 else 0
    if spread:
        found = f"{samples.shape[-1]} channels that differ by up to {spread:g}"
        raise InputError.about(file, found, "labels in one channel, or their colors in `labels` of a manifest")
    return samples[..., 0]


def without_transparency(file: Path, samples: np.ndarray) -> np.ndarray:
    """Return the samples of labels (Z, H, W, S) without alpha.

    Raises:
        InputError: the labels are in the alpha channel, or a fully transparent pixel has a value other than 0.
    """
    if samples.shape[-1] not in (2, 4):
        return samples
    values, alpha = samples[..., :-1], samples[..., -1]
    if alpha.min() < alpha.max():
        hidden = int(np.count_nonzero(values[alpha == 0].any(axis=-1)))
        if hidden or values.min() == values.max():
            found = f"labels of one value, {values.max()}" if values.min() == values.max() else f"{hidden} labels"
            raise InputError.about(file, f"{found} under varying transparency", "labels without transparency")
    return values


def to_colors(file: Path, samples: np.ndarray) -> np.ndarray:
    """Return colors (Z, H, W, 3) from samples as displayed (Z, H, W, S), 1 to 4 per pixel.

    Raises:
        InputError: the samples are not of 8 bits, gray or RGB, or as in `without_transparency`.
    """
    if samples.dtype != np.uint8:
        raise InputError.about(file, f"pixels of type {samples.dtype}", "colors of 8 bits")
    colors = without_transparency(file, samples)
    if colors.shape[-1] not in (1, 3):
        raise InputError.about(file, f"{colors.shape[-1]} channels", "a gray, palette or RGB image")
    return np.broadcast_to(colors, (*colors.shape[:-1], 3))


def to_unsigned(file: Path, values: np.ndarray) -> np.ndarray:
    """Return label values as unsigned integers, or bool unchanged; raise InputError for fractions and negative ones."""
    if int(values.max()) >= 2**63:
        raise InputError.about(file, f"the label {int(values.max())}", "labels below 2⁶³")
    if values.dtype.kind in "bu":
        return values
    if values.dtype.kind == "f":
        fractions = int(np.count_nonzero(values != np.rint(values)))
        if fractions:
            raise InputError.about(file, f"{fractions} pixels with fractional values", "integer labels")
    if values.min() < 0:
        raise InputError.about(file, f"the negative label {values.min():g}", "labels from 0 up")
    return values.astype(np.min_scalar_type(int(values.max())))
