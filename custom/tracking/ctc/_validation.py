"""Validation of a result against the rules of the Cell Tracking Challenge."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ._contents import ResultContents, read_contents, runs
from ._format import TRACK_LIST, Track, digits_of_mask, mask_name


@dataclass(frozen=True)
class Violation:
    """A violated rule.

    Attributes:
        file: the mask, the track list or the folder.
        label: the label concerned, or None.
        frame: the first frame concerned, or None.
        sentence: the message; it names file, label and frames.
        repairable: whether the correction is unambiguous, so that `repair` makes it.
    """

    file: Path
    label: int | None
    frame: int | None
    sentence: str
    repairable: bool = True

    def __str__(self) -> str:
        return self.sentence


def validate(folder: str | os.PathLike[str]) -> list[Violation]:
    """Check a result against the rules of the Cell Tracking Challenge. Masks are read one at a time.

    - Masks are named ``maskNNN.tif``, with the same number of digits, one for every frame from the first to the last.
      They are unsigned 16-bit images of one size.
    - ``res_track.txt`` has a line ``L B E P`` per track: labels are positive and listed once, 0 ≤ B ≤ E, and there are
      masks of the frames B and E.
    - A label occurs in all masks from B to E and in no other mask; every label in a mask is listed. A track therefore
      skips no frame: a gap ends it, and a new track names it as its parent.
    - A parent is listed and ends before its child begins; no track is its own ancestor.

    Labels need not be contiguous, the first frame can have any number, and masks may be (H, W) or (Z, H, W).

    Args:
        folder: ``NN_RES``, with the masks and ``res_track.txt``.

    Returns:
        The violations: first of the masks, then of the track list, then contradictions between the two. The list is
        empty for a valid result.

    Raises:
        InputError: there is no such folder.

    Reference: Maška et al. (2023), The Cell Tracking Challenge: 10 years of objective benchmarking,
    doi:10.1038/s41592-023-01879-y.

    Examples:
        >>> import tempfile
        >>> from custom.tracking import ResultWriter, Track
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     writer = ResultWriter(f"{folder}/01_RES")
        ...     _ = writer.write(0, np.array([[0, 1], [2, 2]]))
        ...     _ = writer.finish([Track(1, 0, 0)])
        ...     [(violation.label, violation.repairable) for violation in validate(writer.folder)]
        [(2, True)]
    """
    return violations_of(read_contents(folder))


def violations_of(contents: ResultContents) -> list[Violation]:
    """Return the violations in a folder that has been read, as `validate` does."""
    found = [*_name_violations(contents), *_mask_violations(contents)]
    if contents.list_error is not None:
        fault = Violation(contents.track_list, None, None, contents.list_error, repairable=False)
        return [*found, fault]
    if not contents.tracks:
        return [*found, *_missing_list_violations(contents)]
    first_lines = {track.label: track for track in reversed(contents.tracks)}
    listed = dict(sorted(first_lines.items()))
    found += [*_line_violations(contents, contents.tracks), *_parent_violations(contents, listed)]
    for track in listed.values():
        found += _presence_violations(contents, track)
    return [*found, *_unlisted_label_violations(contents, listed)]


def _violation(
    file: Path, text: str, label: int | None = None, frame: int | None = None, repairable: bool = True
) -> Violation:
    return Violation(file, label, frame, f"{file}: {text}.", repairable)


def frames_text(first: int, last: int) -> str:
    """Return a run of frames as text, such as ``frames 3 to 5``."""
    return f"frame {first}" if first == last else f"frames {first} to {last}"


# --------------------------------------------------------------------------------------------------------------- masks


def _name_violations(contents: ResultContents) -> Iterator[Violation]:
    if not contents.masks:
        yield _violation(contents.folder, "there is no mask, maskNNN.tif", repairable=False)
        return
    for file in contents.duplicates:
        frame = int(digits_of_mask(file) or 0)
        text = f"frame {frame} has another mask, {contents.masks[frame].name}"
        yield _violation(file, text, frame=frame, repairable=False)
    for last, following in pairwise(contents.masks):
        if following > last + 1:
            text = f"there is no mask of {frames_text(last + 1, following - 1)}"
            yield _violation(contents.folder, text, frame=last + 1, repairable=False)
    digits = fewest_digits(contents)
    for frame, file in contents.masks.items():
        if file.name != mask_name(frame, digits):
            text = f"the frame number is not written with {digits} digits, as in other masks"
            yield _violation(file, text, frame=frame)


def fewest_digits(contents: ResultContents) -> int:
    """Return the number of digits of the shortest frame number."""
    return min(len(digits_of_mask(file) or "") for file in contents.masks.values())


def _mask_violations(contents: ResultContents) -> Iterator[Violation]:
    shape_frame = next(iter(contents.shapes), None)
    for frame, file in contents.masks.items():
        if frame in contents.unreadable:
            yield Violation(file, None, frame, contents.unreadable[frame], repairable=False)
            continue
        if contents.dtypes[frame] != np.uint16:
            yield _violation(file, f"labels are {contents.dtypes[frame]}, not uint16", frame=frame)
        if shape_frame is not None and contents.shapes[frame] != contents.shapes[shape_frame]:
            found, expected = (" × ".join(map(str, contents.shapes[one])) for one in (frame, shape_frame))
            text = f"there are {found} pixels, but {expected} in {contents.masks[shape_frame].name}"
            yield _violation(file, text, frame=frame, repairable=False)


# ---------------------------------------------------------------------------------------------------------- track list


def _missing_list_violations(contents: ResultContents) -> Iterator[Violation]:
    labels = len(contents.frames)
    if contents.tracks is None:
        yield _violation(contents.track_list, f"there is no such file; the masks have {labels} label(s)")
    elif labels:
        yield _violation(contents.track_list, f"the list is empty, but the masks have {labels} label(s)")


def _line_violations(contents: ResultContents, tracks: list[Track]) -> Iterator[Violation]:
    first, last = min(contents.masks, default=0), max(contents.masks, default=0)
    for label, count in Counter(track.label for track in tracks).items():
        if count > 1:
            alike = len({track for track in tracks if track.label == label}) == 1
            text = f"label {label} is listed {count} times" + ("" if alike else ", with different content")
            yield _violation(contents.track_list, text, label, repairable=alike)
    for track in tracks:
        if track.label < 1:
            yield _violation(contents.track_list, f"label {track.label} is not positive", track.label, track.begin)
        if track.begin > track.end:
            text = f"label {track.label} begins in frame {track.begin}, after its end in frame {track.end}"
            yield _violation(contents.track_list, text, track.label, track.begin)
        elif contents.masks and (track.begin < first or track.end > last):
            text = f"label {track.label} is listed for {frames_text(track.begin, track.end)}, but there are masks of "
            yield _violation(contents.track_list, text + frames_text(first, last), track.label, track.begin)


def _parent_violations(contents: ResultContents, listed: dict[int, Track]) -> Iterator[Violation]:
    for track in listed.values():
        label, parent = track.label, listed.get(track.parent)
        if track.parent == 0:
            continue
        if track.parent == label:
            text = f"label {label} is its own parent"
        elif parent is None:
            text = f"the parent of label {label}, {track.parent}, is not listed"
        elif parent.end >= track.begin:
            text = f"the parent of label {label}, {track.parent}, ends in frame {parent.end}, not before its child "
            text += f"begins in frame {track.begin}"
        else:
            continue
        yield _violation(contents.track_list, text, label, track.begin)
    for cycle in _cycles({track.label: track.parent for track in listed.values()}):
        text = f"labels {', '.join(map(str, cycle))} are their own ancestors"
        yield _violation(contents.track_list, text, cycle[0], listed[cycle[0]].begin)


def _cycles(parent_of: dict[int, int]) -> Iterator[list[int]]:
    """Yield each cycle of two or more labels, each the child of the next."""
    done: set[int] = set()
    for start in parent_of:
        path: dict[int, int] = {}
        label = start
        while label in parent_of and label not in done and label not in path:
            path[label] = len(path)
            label = parent_of[label]
        if label in path and len(path) - path[label] > 1:
            yield list(path)[path[label] :]
        done |= path.keys()


# ------------------------------------------------------------------------------------------------ track list and masks


def _presence_violations(contents: ResultContents, track: Track) -> Iterator[Violation]:
    """Compare the frames of a label in the masks with those in the track list; unreadable masks are ignored."""
    label, seen = track.label, contents.frames.get(track.label, [])
    if label < 1 or track.begin > track.end:
        return
    if not seen:
        text = f"label {label} is listed for {frames_text(track.begin, track.end)}, but is in no mask"
        yield _violation(contents.track_list, text, label, track.begin)
        return
    absent = set(contents.shapes) - set(seen)
    for first, last in runs(sorted(frame for frame in absent if track.begin <= frame <= track.end)):
        between = seen[0] < first and last < seen[-1]
        text = (
            f"label {label} skips {frames_text(first, last)}: a gap ends a track, and a new one names it as its parent"
        )
        other = (
            f"label {label} is listed for {frames_text(track.begin, track.end)}, but not in {frames_text(first, last)}"
        )
        yield _violation(contents.masks[first], text if between else other, label, first)
    for first, last in runs(frame for frame in seen if not track.begin <= frame <= track.end):
        text = (
            f"label {label} is in {frames_text(first, last)}, but is listed for {frames_text(track.begin, track.end)}"
        )
        yield _violation(contents.masks[first], text, label, first)


def _unlisted_label_violations(contents: ResultContents, listed: dict[int, Track]) -> Iterator[Violation]:
    for label in sorted(contents.frames.keys() - listed.keys()):
        first, last = contents.frames[label][0], contents.frames[label][-1]
        text = f"label {label} is in {frames_text(first, last)}, but is not listed in {TRACK_LIST}"
        yield _violation(contents.masks[first], text, label, first)
