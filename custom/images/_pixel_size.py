"""Pixel sizes in µm, from what files declare."""

from __future__ import annotations

COARSEST_PIXEL = 20.0
"""In µm: a resolution in dots per inch or cm that gives larger pixels is meant for a printer (72 dpi is 353 µm)."""

MICROMETRES = {
    **dict.fromkeys(("um", "µm", "μm", "\\u00b5m", "micron", "microns", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
}
"""Names of units, in lower case, with their length in µm."""


def size_from_dots(dots: tuple[float, float], micrometres: float) -> tuple[float, float] | None:
    """Return the pixel size from a (row, column) resolution in dots per so many µm, None when it is a printer's."""
    if min(dots) <= 0:
        return None
    size = (micrometres / dots[0], micrometres / dots[1])
    return size if max(size) <= COARSEST_PIXEL else None


def size_from_millimetres(row: float, column: float) -> tuple[float, float] | None:
    """Return the pixel size from millimetres, None where nobody declared one."""
    # Libraries write 1 mm when nobody told them a size.
    if (row, column) == (1.0, 1.0) or min(row, column) <= 0:
        return None
    return (row * 1e3, column * 1e3)
