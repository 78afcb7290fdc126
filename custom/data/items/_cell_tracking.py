"""Layout ``"cell_tracking"``: the folders of the Cell Tracking Challenge.

The images of sequence ``01`` are ``01/tNNN.tif``. ``01_GT/SEG`` contains gold truth: manual annotations of some frames,
not always of all cells, with a marker for every cell in ``01_GT/TRA``. ``01_ST/SEG`` contains silver truth: the
consensus of the best methods in the challenge. Maška et al., "The Cell Tracking Challenge: 10 years of objective
benchmarking", Nature Methods 2023.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...images import files_in
from .. import pairing
from ..manifests._manifest import INSTANCES, Manifest
from ..manifests._splits import frame_blocks
from ._files import check_pair

_TRUTH_FOLDERS = {"silver": "ST", "gold": "GT"}


def cell_tracking_items(manifest: Manifest, split: str, truth: str) -> list[dict[str, Any]]:
    """Return an item for each frame of a split that has a label in the ``"silver"`` or ``"gold"`` truth."""
    blocks = frame_blocks(manifest.splits[split])
    return [item for name, frames in blocks.items() for item in _sequence_items(manifest, name, frames, truth)]


def _sequence_items(manifest: Manifest, sequence: str, frames: range, truth: str) -> list[dict[str, Any]]:
    folder = manifest.folder
    images = _frames(folder / sequence, "t", f"the images t000.tif, … of sequence {sequence}")
    labels = _frames(folder / f"{sequence}_{_TRUTH_FOLDERS[truth]}" / "SEG", "man_seg", _expected(sequence, truth))
    tracks = folder / f"{sequence}_GT" / "TRA"
    markers = _frames(tracks, "man_track", "markers") if truth == "gold" and tracks.is_dir() else {}
    items = []
    for frame, label in labels.items():
        if frame not in frames:
            continue
        if frame not in images:
            raise InputError.about(folder / sequence, f"no image of frame {frame}", f"the image for {label}")
        image = images[frame]
        check_pair(image, label, manifest)
        item = {"image": str(image), "label": str(label), "page": 0, "name": f"{sequence}_{image.stem}"}
        item |= {"sequence": sequence, "frame": frame, "truth": truth, "rule": INSTANCES}
        if frame in markers:
            check_pair(image, markers[frame], manifest)
            item["markers"] = str(markers[frame])
        items.append(item)
    if truth == "gold" and items and not markers:
        warnings.warn(f"{tracks} has no markers: assuming that each gold frame shows all cells.", stacklevel=2)
    return items


def _expected(sequence: str, truth: str) -> str:
    other = next(name for name in _TRUTH_FOLDERS if name != truth)
    return f"the {truth} truth of sequence {sequence}; `--truth {other}` uses the {other} truth"


def _frames(folder: Path, prefix: str, expected: str) -> dict[int, Path]:
    """Return frame number → file for the TIFF files named ``prefix`` and a number of three or four digits."""
    if not folder.is_dir():
        raise InputError.about(folder, "nothing", expected)
    files = [file for file in files_in(folder) if re.fullmatch(rf"{prefix}\d{{3,4}}\.tiff?", file.name, re.IGNORECASE)]
    return dict(sorted(pairing.index_files(files, pairing.number_of)[0].items()))
