"""From a template to a page that stands alone."""

from __future__ import annotations

import base64
import math
import mimetypes
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from ..ground.files import atomic_path

REPORT_FILE = "report.html"

LARGEST_EMBEDDED = 10_000_000
"""Bytes; a larger picture stays beside the page."""


def write_page(file: str | os.PathLike[str], template: str | os.PathLike[str], **content: Any) -> None:
    """Fill a template and write the page. What is filled in is escaped, whatever it is.

    Args:
        file: the HTML to write; its folder is created.
        template: a Jinja template, which usually extends this package's ``base.html.j2`` and takes tables, figures and
            pictures with a slider from its ``parts.html.j2``. Its filter ``number`` shows a number, ``sortable`` is
            what it is sorted by, ``words`` shows a name without underscores, ``source`` a picture; see
            `picture_source`.
        content: what the template names.

    Raises:
        InputError: the folder cannot be created.
    """
    folder = Path(file).absolute().parent
    template = Path(template)
    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "sortable": lambda value: f"{value}" if math.isfinite(value) else "",
        "words": lambda name: str(name).replace("_", " "),
        "source": lambda picture: picture_source(picture, folder),
    }
    page = environment.get_template(template.name).render(content)
    with atomic_path(file) as path:
        path.write_text(page, encoding="utf-8")


def picture_source(picture: np.ndarray | Path, folder: Path) -> str:
    """Return the source of an ``img``: the picture itself, or, of a file beyond `LARGEST_EMBEDDED`, the way to it.

    Args:
        picture: (H, W, 3) uint8, or a PNG or GIF file.
        folder: the page's, absolute.
    """
    if isinstance(picture, np.ndarray):
        return encoded(picture, "PNG")
    if picture.stat().st_size > LARGEST_EMBEDDED:
        return Path(os.path.relpath(picture.absolute(), folder)).as_posix()
    return _embedded(picture.read_bytes(), mimetypes.guess_type(picture.name)[0] or "image/png")


def encoded(picture: np.ndarray, kind: str, **options: Any) -> str:
    """Return a picture as the source of an ``img``.

    Args:
        picture: (H, W), (H, W, 3) or, with opacity, (H, W, 4), uint8.
        kind: of Pillow's formats ``PNG``, ``JPEG`` or ``WEBP``.
        options: of Pillow's writer of that format.
    """
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format=kind, **options)
    return _embedded(buffer.getvalue(), f"image/{kind.lower()}")


def _embedded(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _number(value: float) -> str:
    """Return a whole number as it is, another with four digits behind the point, and – for one that is not defined.

    From a thousand on one digit is enough.
    """
    if isinstance(value, int | np.integer):
        return str(value)
    if not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.1f}"
