"""Pixel sizes in µm from the resolution or spacing that files declare."""

from __future__ import annotations

COARSEST_PIXEL = 20.0
"""In µm. A resolution in dots per inch or cm with larger pixels is meant for a printer (72 dpi is 353 µm)."""

MICROMETERS = {
    **dict.fromkeys(("um", "µm", "μm", "\\u00b5m", "micron", "microns", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
}
"""Name of a unit, in lower case → its length in µm."""


def size_from_dots(dots: tuple[float, float], micrometers: float) -> tuple[float, float] | None:
    """Return (row, column) in µm from a resolution in dots per ``micrometers``, or None if that is a printer's."""
    if min(dots) <= 0:
        return None
    size = (micrometers / dots[0], micrometers / dots[1])
    return size if max(size) <= COARSEST_PIXEL else None


def size_from_millimeters(row: float, column: float) -> tuple[float, float] | None:
    """Return (row, column) in µm from a spacing in mm, or None if it is not a real pixel size."""
    # Libraries write 1 mm if no pixel size was given.
    if (row, column) == (1.0, 1.0) or min(row, column) <= 0:
        return None
    return (row * 1e3, column * 1e3)
