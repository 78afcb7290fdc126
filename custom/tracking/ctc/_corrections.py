"""Repair of results, limited to unambiguous corrections."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, pairwise
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...images import read_labels, write_image
from ._contents import ResultContents, read_contents, runs
from ._format import LARGEST_LABEL, Track, digits_of_mask, mask_name, write_tracks
from ._validation import fewest_digits, frames_text, violations_of


def repair(folder: str | os.PathLike[str]) -> list[str]:
    """Make a result valid. The masks are taken as correct and the track list is adapted to them.

    - A track that skips frames is split: the part after the gap becomes a new track whose parent is the part before.
      Children of the track become children of the last part.
    - Unlisted labels become tracks; repeated lines and lines of labels that are in no mask are deleted. First and last
      frames are taken from the masks.
    - A parent that is not in the masks, or does not end before its child begins, becomes 0.
    - Labels are renumbered to 1…N, because evaluation software fails on large labels.
    - Masks become uint16, and all frame numbers in file names get the same number of digits.

    The repaired result is written to a temporary folder, which replaces the original when it is complete. A process
    that is interrupted leaves either all old or all new files; between the two renames the old folder is named
    ``.NAME-before-repair``.

    Args:
        folder: as in `validate`, which finds no violations afterwards.

    Returns:
        A sentence for each change, with the original labels; empty if the result was valid already.

    Raises:
        InputError: the folder does not exist or cannot be written, there are more than 65,535 tracks, or a correction
            would be ambiguous and nothing was changed: a frame with no mask or with two masks, a mask that cannot be
            read or has another size, a line that cannot be parsed, two different lines of one label.

    Examples:
        >>> import tempfile
        >>> from custom.tracking import ResultWriter, Track
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     writer = ResultWriter(f"{folder}/01_RES")
        ...     _ = writer.write(0, np.array([[0, 1], [2, 2]]))
        ...     _ = writer.finish([Track(1, 0, 0)])
        ...     [change.partition(": ")[2] for change in repair(writer.folder)]
        ['label 2 was not listed; it is now a track of frame 0.']
    """
    contents = read_contents(folder)
    for violation in violations_of(contents):
        if not violation.repairable:
            raise InputError(f"{violation} The correction is ambiguous, so nothing was repaired.")
    plan = _plan(contents)
    changes = [*_mask_changes(contents, plan), *_track_list_changes(contents, plan)]
    if changes:
        _apply(contents, plan)
    return changes


@dataclass
class _RepairPlan:
    """The repaired result.

    Attributes:
        pieces: old label → its tracks with their new labels, one for each run of frames.
        digits: number of digits of the frame numbers.
    """

    pieces: dict[int, list[Track]]
    digits: int

    def relabeling(self, frame: int) -> dict[int, int]:
        """Return old label → new label, for the labels in a frame that change."""
        present = [
            (old, piece.label)
            for old, pieces in self.pieces.items()
            for piece in pieces
            if piece.begin <= frame <= piece.end
        ]
        return {old: new for old, new in present if old != new}


def _plan(contents: ResultContents) -> _RepairPlan:
    new_labels = count(max(contents.frames, default=0) + 1)
    pieces = {label: _pieces(label, frames, new_labels) for label, frames in sorted(contents.frames.items())}
    for track in contents.tracks or []:
        if track.label in pieces and track.parent in pieces:
            first, last = pieces[track.label][0], pieces[track.parent][-1]
            if last.end < first.begin:
                pieces[track.label][0] = replace(first, parent=last.label)
    digits = max(len(digits_of_mask(file) or "") for file in contents.masks.values())
    return _RepairPlan(
        _renumbered(contents.folder, pieces), digits if _files_to_rename(contents) else fewest_digits(contents)
    )


def _pieces(label: int, frames: list[int], new_labels: Iterator[int]) -> list[Track]:
    """Return a track for each run of frames: the first keeps the label, each later one has the previous as parent."""
    pieces: list[Track] = []
    for begin, end in runs(frames):
        piece = Track(next(new_labels), begin, end, pieces[-1].label) if pieces else Track(label, begin, end)
        pieces.append(piece)
    return pieces


def _renumbered(folder: Path, pieces: dict[int, list[Track]]) -> dict[int, list[Track]]:
    """Return the tracks with labels 1…N, in the order of their original labels."""
    labels = sorted(piece.label for group in pieces.values() for piece in group)
    if len(labels) > LARGEST_LABEL:
        raise InputError.about(folder, f"{len(labels)} tracks", f"at most {LARGEST_LABEL}, for 16-bit masks")
    number = {0: 0} | {label: index for index, label in enumerate(labels, start=1)}
    return {
        old: [replace(piece, label=number[piece.label], parent=number[piece.parent]) for piece in group]
        for old, group in pieces.items()
    }


def _files_to_rename(contents: ResultContents) -> list[Path]:
    """Return the masks whose frame numbers have more digits than those of other masks."""
    digits = fewest_digits(contents)
    return [file for frame, file in contents.masks.items() if file.name != mask_name(frame, digits)]


# ------------------------------------------------------------------------------------------------------------- changes


def _mask_changes(contents: ResultContents, plan: _RepairPlan) -> Iterator[str]:
    if _files_to_rename(contents):
        yield f"{contents.folder}: all frame numbers now have {plan.digits} digits."
    others = [contents.masks[frame] for frame, dtype in contents.dtypes.items() if dtype != np.uint16]
    if others:
        yield f"{others[0]}: converted to uint16; masks converted in total: {len(others)}."
    renumbered = [(old, pieces[0].label) for old, pieces in plan.pieces.items() if pieces[0].label != old]
    if renumbered:
        example = "label {} is now {}".format(*renumbered[0])
        yield f"{contents.folder}: {len(renumbered)} label(s) renumbered to close gaps; {example}."


def _track_list_changes(contents: ResultContents, plan: _RepairPlan) -> Iterator[str]:
    file, tracks = contents.track_list, contents.tracks or []
    if contents.tracks is None:
        yield f"{file}: the file was missing and has been written."
    lines = {track.label: track for track in tracks}
    if len(lines) < len(tracks):
        yield f"{file}: {len(tracks) - len(lines)} repeated line(s) deleted."
    for label in sorted(lines.keys() | plan.pieces.keys()):
        for text in _track_changes(label, lines.get(label), plan):
            yield f"{file}: label {label} {text}."


def _track_changes(label: int, line: Track | None, plan: _RepairPlan) -> Iterator[str]:
    pieces = plan.pieces.get(label)
    if pieces is None:
        yield "was in no mask; its line has been deleted"
        return
    first, last = pieces[0].begin, pieces[-1].end
    if line is None:
        yield f"was not listed; it is now a track of {frames_text(first, last)}"
    elif (line.begin, line.end) != (first, last):
        yield f"was listed for {frames_text(line.begin, line.end)}; it is now listed for {frames_text(first, last)}"
    for before, after in pairwise(pieces):
        gap = frames_text(before.end + 1, after.begin - 1)
        yield f"skipped {gap}; it continues as the new track {after.label}, its child"
    if line is not None and line.parent != 0:
        yield from _parent_changes(line.parent, pieces[0].parent, plan)


def _parent_changes(old: int, new: int, plan: _RepairPlan) -> Iterator[str]:
    if new == 0:
        reason = "did not end before its child began" if old in plan.pieces else "is in no mask"
        yield f"had the parent {old}, which {reason}; it now has no parent"
    elif len(plan.pieces[old]) > 1:
        yield f"had the parent {old}; its parent is now {new}, the last part of {old}"


# ------------------------------------------------------------------------------------------------------------- writing


def _apply(contents: ResultContents, plan: _RepairPlan) -> None:
    folder = contents.folder.resolve()
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
            fresh = Path(temporary) / folder.name
            shutil.copytree(folder, fresh, symlinks=True)  # keeps files that do not belong to the result
            for frame, file in contents.masks.items():
                names, name = plan.relabeling(frame), mask_name(frame, plan.digits)
                if names or name != file.name or contents.dtypes[frame] != np.uint16:
                    _rewrite(fresh / file.name, fresh / name, names)
            write_tracks(fresh / contents.track_list.name, (piece for group in plan.pieces.values() for piece in group))
            _swap(folder, fresh)
    except OSError as error:
        raise InputError.about(
            folder, f"a folder that cannot be written ({error.strerror or error})", "a writable one"
        ) from error


def _rewrite(old: Path, new: Path, names: dict[int, int]) -> None:
    labels = read_labels(old)
    old.unlink()
    write_image(new, _relabeled(labels, names).astype(np.uint16))


def _relabeled(labels: np.ndarray, names: dict[int, int]) -> np.ndarray:
    values, indices = np.unique(labels, return_inverse=True)
    return np.array([names.get(value, value) for value in values.tolist()])[indices].reshape(labels.shape)


def _swap(folder: Path, fresh: Path) -> None:
    before = folder.with_name(f".{folder.name}-before-repair")
    folder.rename(before)
    try:
        fresh.rename(folder)
    except BaseException:
        before.rename(folder)
        raise
    shutil.rmtree(before)
