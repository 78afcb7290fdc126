"""Pixel sizes in µm from the resolution, spacing and units that files declare."""

from __future__ import annotations

import math
import re
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COARSEST_PIXEL = 20.0
"""In µm. No light or electron microscope has larger pixels; a printer's 72 dots per inch are 353 µm."""

FINEST_PIXEL = 1e-6
"""In µm. No electron microscope has smaller pixels."""

MICROMETERS = {
    **dict.fromkeys(("fm", "femtometer", "femtometre"), 1e-9),
    **dict.fromkeys(("pm", "picometer", "picometre"), 1e-6),
    **dict.fromkeys(("å", "angstrom", "ångström"), 1e-4),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("um", "µm", "µ", "micron", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 1e4),
    **dict.fromkeys(("in", "inch", "inche"), 25400.0),
    **dict.fromkeys(("dm", "decimeter", "decimetre"), 1e5),
    **dict.fromkeys(("m", "meter", "metre"), 1e6),
    **{"thou": 25.4, "mil": 25.4, "pt": 25400 / 72, "li": 25400 / 12, "ft": 304800.0, "yd": 914400.0},
}
"""Name of a unit, as `_plain` returns it → its length in µm."""

_NO_UNIT = ("", "pixel", "px", "none", "null", "unknown", "reference frame", "unit", "uncalibrated")


def declared_size(
    file: Path, lengths: Sequence[Any], units: Sequence[str], by_default: bool = False
) -> tuple[float, float] | None:
    """Return (row, column) in µm, or None if the lengths are not finite and positive, or have no unit of length.

    A unit that is not known, and a size that no microscope has, are mentioned.

    Args:
        file: the file, for the message.
        lengths: of a pixel along rows and columns; numbers, or texts with numbers.
        units: the unit of each.
        by_default: whether the file does not name the unit, as its format prescribes it; then a size that no
            microscope has is not believed.
    """
    plain = [_plain(unit) for unit in units]
    unknown = [unit for unit in units if _plain(unit) not in MICROMETERS and _plain(unit) not in _NO_UNIT]
    if unknown:
        _note(f"{file}: the unit of the pixel size, {unknown[0]!r}, is not known; no pixel size is used.")
    numbers = [_number(length) for length in lengths]
    if not all(unit in MICROMETERS for unit in plain) or not all(math.isfinite(n) and n > 0 for n in numbers):
        return None
    row, column = (number * MICROMETERS[unit] for number, unit in zip(numbers, plain, strict=True))
    if not FINEST_PIXEL <= min(row, column) <= max(row, column) <= COARSEST_PIXEL and math.isfinite(row * column):
        found = f"{file}: a pixel size of {row:g} × {column:g} µm, which no microscope has"
        if by_default:
            _note(f"{found}, is not used; its unit is not in the file. --pixel_size sets the right one.")
            return None
        _note(f"{found}, is used as the file declares it. --pixel_size sets another one.")
    return (row, column) if math.isfinite(row * column) else None


def size_from_dots(dots: Sequence[float], micrometers: float) -> tuple[float, float] | None:
    """Return (row, column) in µm from a resolution in dots per ``micrometers``, or None if that is a printer's."""
    if not all(math.isfinite(dot) and dot > 0 for dot in dots) or not math.isfinite(micrometers):
        return None
    size = (micrometers / dots[0], micrometers / dots[1])
    return size if FINEST_PIXEL <= min(size) <= max(size) <= COARSEST_PIXEL else None


def size_in_millimeters(file: Path, row: float, column: float) -> tuple[float, float] | None:
    """Return (row, column) in µm from a spacing that is in mm because its format prescribes that."""
    if (row, column) == (1.0, 1.0):  # libraries write 1 mm if no pixel size was given
        return None
    return declared_size(file, (row, column), ("mm", "mm"), by_default=True)


def _plain(unit: str) -> str:
    """Return the name of a unit in lower case, in the singular, with one character for each of µ and Å."""
    text = re.sub(r"\\\\?u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), unit).strip().strip("\0\"'").lower()
    text = unicodedata.normalize("NFKC", text).replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}")
    return text[:-1] if len(text) > 2 and text.endswith("s") else text


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _note(text: str) -> None:
    warnings.warn(text, stacklevel=3)
