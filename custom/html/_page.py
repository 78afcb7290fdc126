"""Rendering of a template to a self-contained HTML page."""

from __future__ import annotations

import base64
import math
import mimetypes
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..ground.files import atomic_path
from ..ground.wording import score_label

REPORT_FILE = "report.html"
"""Name of the report in an output folder."""

LARGEST_EMBEDDED = 10_000_000
"""Largest picture file, in bytes, that is embedded in a page; larger ones are linked."""


def write_page(file: str | os.PathLike[str], template: str | os.PathLike[str], **content: Any) -> None:
    """Render a Jinja template and write the page. All values are HTML-escaped.

    Args:
        file: the HTML file; its folder is created.
        template: the template. It can extend ``base.html.j2`` of this package and import tables, figures and pictures
            with a slider from ``parts.html.j2``. Its filters: ``number`` formats a number, ``sortable`` gives its sort
            key, ``words`` turns the name of a column into a label, and ``source`` gives the source of a picture (see
            `picture_source`).
        content: the variables of the template.

    Raises:
        OutputError: the folder cannot be created or written to, or the disk is full.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "page.j2").write_text("<p>{{ name|words }}: {{ score|number }}</p>")
        ...     write_page(f"{folder}/page.html", f"{folder}/page.j2", name="val_dice", score=0.9)
        ...     Path(folder, "page.html").read_text()
        '<p>validation Dice: 0.9000</p>'
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # pages are written last, if at all

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
        "words": lambda name: score_label(str(name)),
        "source": lambda picture: picture_source(picture, folder),
    }
    page = environment.get_template(template.name).render(content)
    with atomic_path(file) as path:
        path.write_text(page, encoding="utf-8")


def picture_source(picture: np.ndarray | Path, folder: Path) -> str:
    """Return the source of an ``img``: a data URL, or the relative path of a file larger than `LARGEST_EMBEDDED`.

    Args:
        picture: (H, W, 3) uint8, or a PNG or GIF file.
        folder: absolute path of the page's folder.

    Examples:
        >>> picture_source(np.zeros((2, 2, 3), np.uint8), Path("/")).split(",")[0]
        'data:image/png;base64'
    """
    if isinstance(picture, np.ndarray):
        return encoded(picture, "PNG")
    if picture.stat().st_size > LARGEST_EMBEDDED:
        return Path(os.path.relpath(picture.absolute(), folder)).as_posix()
    return _embedded(picture.read_bytes(), mimetypes.guess_type(picture.name)[0] or "image/png")


def encoded(picture: np.ndarray, kind: str, **options: Any) -> str:
    """Return a picture as a data URL, the source of an ``img``.

    Args:
        picture: (H, W), (H, W, 3), or (H, W, 4) with opacity; uint8.
        kind: format of Pillow: ``PNG``, ``JPEG`` or ``WEBP``.
        options: options of Pillow's writer for that format.
    """
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format=kind, **options)
    return _embedded(buffer.getvalue(), f"image/{kind.lower()}")


def _embedded(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _number(value: float) -> str:
    """Return an integer as text, a float with four decimals (one from 1,000 on), and an undefined number as a dash."""
    if isinstance(value, int | np.integer):
        return str(value)
    if not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.1f}"
