"""Track a movie: link its masks, then write them again with the labels of the tracks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from skimage.util import map_array

from ...errors import InputError
from ..ctc._names import LARGEST_LABEL, digits_of_mask
from ..ctc._sequences import LabelSequence
from ..ctc._writing import ResultWriter
from ._linking import Linker
from ._result import Tracking
from ._settings import Settings


def track(
    sequence: LabelSequence,
    writer: ResultWriter,
    settings: Settings,
    images: Callable[[int], np.ndarray] | None = None,
    progress: Callable[[], object] | None = None,
) -> Tracking:
    """Link the cells of a movie and write the result in the form of the Cell Tracking Challenge.

    The masks are read twice, first to link and then to write; never more than two are in memory.

    Args:
        sequence: the label images, one for each frame from the first to the last, at least one.
        writer: writes the masks and the list of tracks, into another folder.
        settings: of the linking.
        images: from a frame number to its image, of the same shape as the mask; needed where `appearance_weight` is
            to count.
        progress: called after each frame of each of the two passes.

    Returns:
        The tracks; their labels are 1 to N.

    Raises:
        InputError: a mask is missing, cannot be read, or differs in shape from the others or from its image; there are
            more tracks than a 16-bit mask can name; or the result would take the place of the masks.
    """
    check_complete(sequence)
    _check_folder(sequence, writer.folder)
    done = progress or (lambda: None)
    linker, shape = Linker(settings), None
    for frame, labels in sequence:
        image = None if images is None else images(frame)
        shape = shape or labels.shape
        for array in (labels, labels if image is None else image):
            if array.shape != shape:
                found = f"{array.shape} pixels of mask or image"
                raise InputError.about(name_of(sequence, frame), found, f"{shape}, as in the first mask")
        linker.add(frame, labels, image)
        done()
    tracking = linker.finish()
    if len(tracking.tracks) > LARGEST_LABEL:
        found = f"{len(tracking.tracks)} tracks"
        raise InputError.about(name_of(sequence, sequence.frames[0]), found, f"at most {LARGEST_LABEL} in a result")
    for frame, labels in sequence:
        writer.write(frame, relabel(labels, tracking.labels[frame]))
        done()
    writer.finish(tracking.tracks)
    return tracking


def _check_folder(sequence: LabelSequence, folder: Path) -> None:
    """Raise InputError if a result in this folder would take the place of the masks that it is made of."""
    masks = {file.parent.resolve() for file in sequence.paths.values() if digits_of_mask(file) is not None}
    if folder.resolve() in masks:
        raise InputError.about(folder, "the masks to link, which the result would replace", "another folder")


def relabel(labels: np.ndarray, names: dict[int, int]) -> np.ndarray:
    """Return label images with other labels, uint16 of the same shape.

    Args:
        labels: integer, any shape.
        names: label → new label, up to 65,535; a label that is not there becomes 0.
    """
    old = np.fromiter(names.keys(), labels.dtype, len(names))
    new = np.fromiter(names.values(), np.uint16, len(names))
    return np.asarray(map_array(labels, old, new))


def check_complete(sequence: LabelSequence) -> None:
    """Raise InputError unless there is a mask for every frame from the first to the last."""
    for frame, after in pairwise(sequence.frames):
        if after != frame + 1:
            found, expected = f"frame {after} after frame {frame}", "a mask for every frame"
            raise InputError.about(name_of(sequence, after), found, expected)


def name_of(sequence: LabelSequence, frame: int) -> str:
    """Return what a message calls a mask: its file, where it has one."""
    return str(sequence.paths.get(frame, f"frame {frame}"))
