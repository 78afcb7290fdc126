"""Tracking of a movie in two passes: link the masks, then write them with the labels of the tracks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from skimage.util import map_array

from ...errors import InputError
from ..ctc._format import LARGEST_LABEL, digits_of_mask
from ..ctc._sequences import LabelSequence
from ..ctc._writing import ResultWriter
from ._linking import Linker
from ._result import Tracking
from ._settings import LinkingSettings


def track(
    sequence: LabelSequence,
    writer: ResultWriter,
    settings: LinkingSettings,
    images: Callable[[int], np.ndarray] | None = None,
    progress: Callable[[], object] | None = None,
) -> Tracking:
    """Link the cells of a movie and write the result in the format of the Cell Tracking Challenge.

    The masks are read twice, first to link and then to write; at most two are in memory.

    Args:
        sequence: the label images, one for each frame from the first to the last, at least one.
        writer: writer of the masks and the track list; its folder must not contain the input masks.
        settings: settings of the linking.
        images: function from a frame number to its image, of the same shape as the mask; needed if
            `appearance_weight` is above 0.
        progress: called after each frame of both passes.

    Returns:
        The tracks; their labels are 1 to N.

    Raises:
        InputError: a mask is missing, cannot be read, or differs in shape from the first mask or from its image; there
            are more than 65,535 tracks; or the result would overwrite the input masks.

    Examples:
        >>> import tempfile
        >>> from custom.tracking import sequence_of
        >>> masks = sequence_of([np.eye(3, dtype=np.uint16) * label for label in (7, 4)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = track(masks, ResultWriter(folder), LinkingSettings())
        >>> found.tracks, found.labels
        ([Track(label=1, begin=0, end=1, parent=0)], {0: {7: 1}, 1: {4: 1}})
    """
    sequence.check_complete()
    _check_folder(sequence, writer.folder)
    done = progress or (lambda: None)
    linker, shape = Linker(settings), None
    for frame, labels in sequence:
        image = None if images is None else images(frame)
        shape = shape or labels.shape
        for array in (labels, labels if image is None else image):
            if array.shape != shape:
                found = f"{array.shape} pixels of mask or image"
                raise InputError.about(sequence.name_of(frame), found, f"{shape}, as in the first mask")
        linker.add(frame, labels, image)
        done()
    tracking = linker.finish()
    if len(tracking.tracks) > LARGEST_LABEL:
        found = f"{len(tracking.tracks)} tracks"
        raise InputError.about(sequence.name_of(sequence.frames[0]), found, f"at most {LARGEST_LABEL} in a result")
    for frame, labels in sequence:
        writer.write(frame, _relabeled(labels, tracking.labels[frame]))
        done()
    writer.finish(tracking.tracks)
    return tracking


def _check_folder(sequence: LabelSequence, folder: Path) -> None:
    """Raise InputError if a result in this folder would overwrite the input masks."""
    masks = {file.parent.resolve() for file in sequence.paths.values() if digits_of_mask(file) is not None}
    if folder.resolve() in masks:
        raise InputError.about(folder, "the masks to link, which the result would replace", "another folder")


def _relabeled(labels: np.ndarray, names: dict[int, int]) -> np.ndarray:
    """Return a label image with new labels, uint16 of the same shape; labels without a new label become 0."""
    old = np.fromiter(names.keys(), labels.dtype, len(names))
    new = np.fromiter(names.values(), np.uint16, len(names))
    return np.asarray(map_array(labels, old, new))
