"""Where a data set can be downloaded, and what must come from there."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...errors import InputError
from ._splits import check_inside


@dataclass(frozen=True)
class Download:
    """A file or an archive of a data set.

    Args:
        url: of http or https.
        sha256: in hexadecimal; a file with another one is not used.
        name: of the file, where the URL does not end with it; its ending tells an archive.
        root: the folder in an archive that holds the data; empty for all of it.
        into: where it goes in the data folder; empty for the data folder itself.
    """

    url: str
    sha256: str
    name: str = ""
    root: str = ""
    into: str = ""


def read_downloads(path: Path, value: Any) -> list[Download]:
    """Return what the key ``download`` of the manifest at ``path`` says: an object, or a list of them.

    Raises:
        InputError: a key is unknown or missing, or its value is not what it should be.
    """
    return [_read(path, one) for one in (value if isinstance(value, list) else [value])]


def _read(path: Path, value: Any) -> Download:
    known = {field.name for field in fields(Download)}
    if not isinstance(value, dict) or not {"url", "sha256"} <= value.keys() <= known:
        raise InputError.about(path, f"download {value!r}", "url and sha256, and perhaps name, root and into")
    for key, text in value.items():
        if not isinstance(text, str):
            raise InputError.about(path, f"download with {key} {text!r}", "text")
    one = Download(**value)
    if not re.fullmatch(r"https?://[^\s/]+/\S*", one.url):
        raise InputError.about(path, f"download from {one.url!r}", "a URL of http or https")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", one.sha256):
        raise InputError.about(path, f"download with sha256 {one.sha256!r}", "64 hexadecimal digits")
    for key in ("name", "root", "into"):
        check_inside(path, f"download with {key}", getattr(one, key))
    if re.search(r"[/\\]", one.name):
        raise InputError.about(path, f"download with name {one.name!r}", "the name of a file alone, without folders")
    return one
