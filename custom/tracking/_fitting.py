"""Estimation of the settings of the linking from an annotated sequence."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..ground.files import atomic_path
from ..ground.progress import shown
from ..metrics import ContingencyTable, contingency_table
from .ctc._format import read_tracks
from .ctc._sequences import LabelSequence, find_track_list, open_labels
from .linking._linking import Linker
from .linking._regions import Regions, measure_regions
from .linking._result import Tracking
from .linking._settings import LinkingSettings
from .measures._acyclic import compare_graphs, links
from .measures._matcher import Matcher
from .measures._matching import Matching, MovieObjects, Overlaps

_CANDIDATE_VALUES: dict[str, Sequence[Any]] = {
    "max_gap": (0, 1, 2, 3),
    "division_threshold": (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65),
    "max_cost": (0.5, 0.6, 0.7, 0.8, 0.9),
    "overlap_weight": (0, 0.5, 1, 2, 4),
    "area_weight": (0, 0.25, 0.5, 1, 2),
}

_UNITS = {
    "max_distance": "pixels, from one frame to the next",
    "max_gap": "frames for which a cell may be missing",
    "division_threshold": "0 to 1, minimum score of a division",
    "max_cost": "0 to 1, links with this cost or more are not made",
    "overlap_weight": "weight of the overlap in the cost of a link (weight of the distance: 1)",
    "area_weight": "weight of the area in the cost of a link",
}

_MIN_GAINED_LINKS = 2
"""Additional correct links that a setting must give to replace the previous one; a single link may be chance."""


@dataclass(frozen=True)
class Fit:
    """Estimated settings.

    Attributes:
        settings: the estimated settings.
        lnk: LNK of the sequence with the estimated settings, 0 to 1.
        default_lnk: LNK with the default settings.
    """

    settings: LinkingSettings
    lnk: float
    default_lnk: float


def fit(truth: str | os.PathLike[str], masks: str | os.PathLike[str] | None = None) -> Fit:
    """Estimate the best settings of the linking for an annotated sequence.

    ``max_distance`` is estimated from the true displacements: 1.25 times the 99 % quantile of all displacements, or the
    95 % quantile of the displacements from mothers to daughters if that is larger. The other settings are varied one at
    a time, in two rounds; a new value is kept if it corrects at least two more links. The labels of the masks have no
    influence on the linking, so the true labels can be used.

    Args:
        truth: a folder NN_GT with ``TRA/man_track.txt``, or the folder TRA itself.
        masks: label images of the same frames with whole cells, for example NN_ST or a result; None: the masks of the
            truth, which must be whole cells, not markers.

    Raises:
        InputError: files are missing or do not belong together, or the truth has no links.
    """
    labels, reference = open_labels(truth if masks is None else masks), open_labels(truth)
    track_list = find_track_list(truth)
    if track_list is None:
        raise InputError.about(truth, "no man_track.txt", "a tracked sequence, such as 01_GT")
    sequence = AnnotatedSequence(labels, reference, track_list)
    lnk = functools.cache(sequence.lnk)
    best = dataclasses.replace(LinkingSettings(), max_distance=_max_distance(sequence.matching, truth))
    needed = _MIN_GAINED_LINKS / len(links(sequence.matching.reference)) - 1e-9
    rounds = [*_CANDIDATE_VALUES.items()] * 2
    for name, values in shown(rounds, len(rounds), "fitting"):
        for value in values:
            trial = dataclasses.replace(best, **{name: value})
            best = trial if lnk(trial) >= lnk(best) + needed else best
    return Fit(best, lnk(best), lnk(LinkingSettings()))


class AnnotatedSequence:
    """The measured cells of a movie, which can be linked repeatedly without reading masks, and its truth.

    Args:
        labels: masks of the cells.
        truth: cells or markers of the same frames, with the labels of their tracks.
        track_list: file with the true tracks.

    Raises:
        InputError: files are missing or do not belong together.
    """

    def __init__(self, labels: LabelSequence, truth: LabelSequence, track_list: Path) -> None:
        self._frames: list[tuple[int, Regions, ContingencyTable | None]] = []
        truth.check_complete()
        matcher, before = Matcher(), None
        for frame, reference in truth:
            mask = _read_mask(labels, frame, reference.shape)
            table = None if before is None else contingency_table(before, mask)
            self._frames.append((frame, measure_regions(mask), table))
            matcher.add(frame, mask, reference)
            before = mask
        tracks = read_tracks(track_list)
        self.matching = matcher.finish((str(track_list), tracks), (_folder(labels), None))

    def lnk(self, settings: LinkingSettings) -> float:
        """Return LNK of the sequence, linked with these settings."""
        linker = Linker(settings)
        for frame, regions, table in self._frames:
            linker.add_regions(frame, regions, table)
        return compare_graphs(_tracked(self.matching, linker.finish())).lnk


def _read_mask(labels: LabelSequence, frame: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the mask of a frame, which must have the shape of the truth."""
    if frame not in labels.frames:
        raise InputError.about(_folder(labels), f"no mask of frame {frame}", "one for each frame of the truth")
    mask = labels.read(frame)
    if mask.shape != shape:
        raise InputError.about(labels.name_of(frame), f"{mask.shape} pixels", f"{shape}, as in the truth")
    return mask


def _folder(labels: LabelSequence) -> str:
    return str(next(iter(labels.paths.values())).parent)


def _tracked(matching: Matching, tracking: Tracking) -> Matching:
    """Return the matching with track labels instead of mask labels in its result."""
    cells = matching.result
    pairs = zip(cells.frames.tolist(), cells.labels.tolist(), strict=True)
    names = np.array([tracking.labels[frame].get(label, 0) for frame, label in pairs], np.int64)
    order = np.lexsort((names, cells.frames))
    order = order[names[order] > 0]
    new_index = np.full(len(cells), -1)
    new_index[order] = np.arange(order.size)
    result = MovieObjects(
        cells.frames[order], names[order], cells.areas[order], cells.centroids[order], tuple(tracking.tracks)
    )
    overlaps, moved = matching.overlaps, new_index[matching.overlaps.result]
    kept = np.flatnonzero(moved >= 0)
    kept = kept[np.lexsort((moved[kept], overlaps.reference[kept]))]
    shared = Overlaps(overlaps.reference[kept], moved[kept], overlaps.pixels[kept])
    return Matching(matching.reference, result, shared)


def _max_distance(matching: Matching, truth: str | os.PathLike[str]) -> float:
    """Return the maximum displacement of cells between two frames, in pixels, plus a quarter."""
    true = links(matching.reference)
    frames = matching.reference.frames
    seen = matching.unique[true.sources] & matching.unique[true.targets]
    known = true.where(seen & (frames[true.targets] == frames[true.sources] + 1))
    if not len(known):
        raise InputError.about(truth, "no link between cells that have masks", "a tracked sequence")
    centroids = matching.result.centroids[matching.matches]
    steps = np.linalg.norm(centroids[known.targets] - centroids[known.sources], axis=1)
    to_daughters = steps[known.to_child]
    largest = max(np.quantile(steps, 0.99), np.quantile(to_daughters, 0.95) if to_daughters.size else 0)
    return float(max(np.round(1.25 * largest, 1), 1))


def write_settings(file: str | os.PathLike[str], found: Fit, command: str) -> None:
    """Write estimated settings as a config that overrides the config of a tracking run, one line per setting.

    Args:
        file: usually ``tracking.yaml``; its folder is created.
        found: the estimate of `fit`.
        command: the command that made it, for the first line of the file.

    Raises:
        InputError: the folder cannot be created.
    """
    lines = [f"# Settings of the linking, estimated with: {command}"]
    lines.append(f"# LNK of that sequence: {found.lnk:.4f}; with the default settings: {found.default_lnk:.4f}.")
    values: dict[str, Any] = {name: getattr(found.settings, name) for name in _UNITS}
    lines += [f"{f'{name}: {value}':<26}# {_UNITS[name]}" for name, value in values.items()]
    with atomic_path(file) as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
