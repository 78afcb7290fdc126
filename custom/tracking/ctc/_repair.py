"""Mend what is wrong with a result, where there is one right answer."""

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
from ._contents import Contents, read_contents, runs
from ._names import LARGEST_LABEL, digits_of_mask, mask_name
from ._tracks import Track, write_tracks
from ._validation import fewest_digits, spoken, violations_of


def repair(folder: str | os.PathLike[str]) -> list[str]:
    """Make a result valid, and say what was changed. The masks are right, the list of the tracks follows them.

    - A track that skips frames ends there and goes on as a new one, which names it as its parent; its children then
      name the last piece.
    - Labels that are not listed become tracks; lines of labels that are in no mask are left out, and so are repeated
      lines. First and last frames are those of the masks.
    - A parent that is not in the masks, or does not end before its child begins, becomes 0.
    - Labels are renumbered to 1…N when they are not that already, because evaluations fail on large ones.
    - Masks of another type become uint16, and frame numbers get the same number of digits.

    The repaired result is made beside the folder and takes its place only when it is whole: whatever ends the process
    leaves the old files or the new ones, never some of both. Between the two renames, the old folder is beside its
    place, as ``.NAME-before-repair``.

    Args:
        folder: as in `validate`, which finds nothing afterwards.

    Returns:
        A sentence for each change, with the labels as they were before; none when nothing was to be done.

    Raises:
        InputError: there is no such folder, it cannot be written, there are more than 65,535 tracks, or something has
            no single right answer, so that nothing was changed: no mask of a frame or two of them, a mask that cannot
            be read or has another size, a line that is none, two different lines of one label.
    """
    contents = read_contents(folder)
    for violation in violations_of(contents):
        if not violation.repairable:
            raise InputError(f"{violation} There is no single right answer, so nothing was repaired.")
    plan = _plan(contents)
    changes = [*_changed_masks(contents, plan), *_changed_tracks(contents, plan)]
    if changes:
        _carry_out(contents, plan)
    return changes


@dataclass
class _Plan:
    """The repaired result.

    Attributes:
        pieces: old label → its tracks, one for each run of frames, by their new labels.
        digits: of the frame numbers.
    """

    pieces: dict[int, list[Track]]
    digits: int

    def names(self, frame: int) -> dict[int, int]:
        """Return old label → new label, of those in a frame that get another."""
        there = [(old, piece.label) for old, pieces in self.pieces.items() for piece in pieces if _covers(piece, frame)]
        return {old: new for old, new in there if old != new}


def _covers(track: Track, frame: int) -> bool:
    return track.begin <= frame <= track.end


def _plan(contents: Contents) -> _Plan:
    new_labels = count(max(contents.frames, default=0) + 1)
    pieces = {label: _pieces(label, frames, new_labels) for label, frames in sorted(contents.frames.items())}
    for track in contents.tracks or []:
        if track.label in pieces and track.parent in pieces:
            first, last = pieces[track.label][0], pieces[track.parent][-1]
            if last.end < first.begin:
                pieces[track.label][0] = replace(first, parent=last.label)
    digits = max(len(digits_of_mask(file) or "") for file in contents.masks.values())
    return _Plan(_renumbered(contents.folder, pieces), digits if _odd_names(contents) else fewest_digits(contents))


def _pieces(label: int, frames: list[int], new_labels: Iterator[int]) -> list[Track]:
    """Return a track for each run of frames; the first keeps the label, each other has the one before as parent."""
    pieces: list[Track] = []
    for begin, end in runs(frames):
        piece = Track(next(new_labels), begin, end, pieces[-1].label) if pieces else Track(label, begin, end)
        pieces.append(piece)
    return pieces


def _renumbered(folder: Path, pieces: dict[int, list[Track]]) -> dict[int, list[Track]]:
    """Return the tracks with labels 1…N, in the order of their labels before."""
    labels = sorted(piece.label for group in pieces.values() for piece in group)
    if len(labels) > LARGEST_LABEL:
        raise InputError.about(folder, f"{len(labels)} tracks", f"at most {LARGEST_LABEL}, for 16-bit masks")
    number = {0: 0} | {label: place for place, label in enumerate(labels, start=1)}
    return {
        old: [replace(piece, label=number[piece.label], parent=number[piece.parent]) for piece in group]
        for old, group in pieces.items()
    }


def _odd_names(contents: Contents) -> list[Path]:
    """Return the masks whose frame numbers have more digits than those of others."""
    digits = fewest_digits(contents)
    return [file for frame, file in contents.masks.items() if file.name != mask_name(frame, digits)]


# -------------------------------------------------------------------------------------------------------- what changes


def _changed_masks(contents: Contents, plan: _Plan) -> Iterator[str]:
    if _odd_names(contents):
        yield f"{contents.folder}: all frame numbers are written with {plan.digits} digits now."
    others = [contents.masks[frame] for frame, dtype in contents.dtypes.items() if dtype != np.uint16]
    if others:
        yield f"{others[0]}: {len(others)} mask(s), of which this is the first, were not uint16, and are now."
    renumbered = [(old, pieces[0].label) for old, pieces in plan.pieces.items() if pieces[0].label != old]
    if renumbered:
        example = "label {} is {} now".format(*renumbered[0])
        yield f"{contents.folder}: {len(renumbered)} labels are renumbered, to leave no gaps; {example}."


def _changed_tracks(contents: Contents, plan: _Plan) -> Iterator[str]:
    file, tracks = contents.track_list, contents.tracks or []
    if contents.tracks is None:
        yield f"{file}: it was missing, and is written."
    lines = {track.label: track for track in tracks}
    if len(lines) < len(tracks):
        yield f"{file}: {len(tracks) - len(lines)} repeated line(s) are left out."
    for label in sorted(lines.keys() | plan.pieces.keys()):
        for text in _changed_track(label, lines.get(label), plan):
            yield f"{file}: label {label} {text}."


def _changed_track(label: int, line: Track | None, plan: _Plan) -> Iterator[str]:
    pieces = plan.pieces.get(label)
    if pieces is None:
        yield "was in no mask; its line is left out"
        return
    first, last = pieces[0].begin, pieces[-1].end
    if line is None:
        yield f"was not listed; it is a track of {spoken(first, last)} now"
    elif (line.begin, line.end) != (first, last):
        yield f"was listed for {spoken(line.begin, line.end)}, but the masks have it in {spoken(first, last)}"
    for before, after in pairwise(pieces):
        gap = spoken(before.end + 1, after.begin - 1)
        yield f"skipped {gap}; from then on it is the new track {after.label}, which has it as parent"
    if line is not None and line.parent != 0:
        yield from _changed_parent(line.parent, pieces[0].parent, plan)


def _changed_parent(old: int, new: int, plan: _Plan) -> Iterator[str]:
    if new == 0:
        reason = "did not end before it begins" if old in plan.pieces else "is in no mask"
        yield f"had the parent {old}, which {reason}; it has none now"
    elif len(plan.pieces[old]) > 1:
        yield f"had the parent {old}; now the last piece of that, {new}, is its parent"


# ------------------------------------------------------------------------------------------------------------- writing


def _carry_out(contents: Contents, plan: _Plan) -> None:
    folder = contents.folder.resolve()
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
            fresh = Path(place) / folder.name
            shutil.copytree(folder, fresh, symlinks=True)  # other files than those of the result stay in it
            for frame, file in contents.masks.items():
                names, name = plan.names(frame), mask_name(frame, plan.digits)
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
    write_image(new, _with_names(labels, names).astype(np.uint16))


def _with_names(labels: np.ndarray, names: dict[int, int]) -> np.ndarray:
    values, places = np.unique(labels, return_inverse=True)
    return np.array([names.get(value, value) for value in values.tolist()])[places].reshape(labels.shape)


def _swap(folder: Path, fresh: Path) -> None:
    before = folder.with_name(f".{folder.name}-before-repair")
    folder.rename(before)
    try:
        fresh.rename(folder)
    except BaseException:
        before.rename(folder)
        raise
    shutil.rmtree(before)
