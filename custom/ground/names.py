"""Names of files and folders: as the user sees them, as text that can be printed, and as cells of a table."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet read a cell as a formula."""


def as_given(path: str | os.PathLike[str]) -> Path:
    """Return an absolute path under the name that was given: links are not followed, except to resolve ``..``.

    Args:
        path: a path relative to the working directory, or an absolute one.

    Examples:
        >>> as_given("/data/../results").as_posix()
        '/results'
    """
    absolute = Path(path).absolute()
    parts = absolute.parts
    if ".." not in parts:
        return absolute
    after = len(parts) - parts[::-1].index("..")
    return Path(*parts[:after]).resolve().joinpath(*parts[after:])


def in_home(text: str | os.PathLike[str]) -> Path:
    """Return a path that was typed, with ``~`` as the home folder unless a file has this name.

    Examples:
        >>> in_home("~no such user/x").as_posix()
        '~no such user/x'
    """
    path = Path(text)
    if os.path.lexists(path):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # no such user
        return path


def printable(name: str | os.PathLike[str]) -> str:
    """Return a name as valid text in the composed form (NFC); bytes that are not UTF-8 are read as Latin-1.

    Examples:
        >>> printable("Gr\\udcfcn"), printable("Gru\\u0308n") == "Grün"
        ('Grün', True)
    """
    text = os.fspath(name)
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes of another encoding, which Python keeps as surrogates
        text = os.fsencode(text).decode("latin-1")
    return unicodedata.normalize("NFC", text)


def as_cell(text: str) -> str:
    """Return text as a cell of a CSV; an apostrophe keeps spreadsheets from reading it as a formula.

    Examples:
        >>> as_cell("=cell 1"), as_cell("cell 1")
        ("'=cell 1", 'cell 1')
    """
    return f"'{text}" if text.startswith(_FORMULA) or _quoted(text) else text


def from_cell(cell: str) -> str:
    """Return the text that `as_cell` stored.

    Examples:
        >>> from_cell(as_cell("=cell 1"))
        '=cell 1'
    """
    return cell[1:] if _quoted(cell) else cell


def _quoted(text: str) -> bool:
    """Return whether text begins with apostrophes followed by the beginning of a formula."""
    return text.startswith("'") and text.lstrip("'").startswith(_FORMULA)
