"""The sparse contingency table of two label images: how many pixels each pair of segments shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ._checks import Labels, check_labels

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContingencyTable:
    """The pairs of segments that share pixels, in three parallel arrays (N,).

    Attributes:
        labels: label of the proposal in each pair, int64.
        reference: label of the reference in each pair, int64.
        counts: pixels that the pair shares, float64, because squares of counts overflow integers.
    """

    labels: npt.NDArray[np.int64]
    reference: npt.NDArray[np.int64]
    counts: Counts

    def where(self, keep: npt.NDArray[np.bool_]) -> ContingencyTable:
        """Return the table of only those pairs that `keep`, bool (N,), says."""
        return ContingencyTable(self.labels[keep], self.reference[keep], self.counts[keep])

    def label_sizes(self) -> Counts:
        """Return the pixels of each segment of the proposal, float64, in ascending order of the label."""
        return _sums(self.labels, self.counts)

    def reference_sizes(self) -> Counts:
        """Return the pixels of each segment of the reference, float64, in ascending order of the label."""
        return _sums(self.reference, self.counts)


def contingency_table(labels: Labels, reference: Labels) -> ContingencyTable:
    """Count the pixels that each pair of labels shares; memory is linear in the pixels, whatever the labels.

    Args:
        labels: proposed segments, integer, any shape; 0 is a label like any other here.
        reference: true segments, integer, same shape.

    Returns:
        The pairs that occur, each once.

    Raises:
        TypeError: a label image is not of an integer type.
        ValueError: the shapes differ, or a label is negative.
    """
    check_labels(labels=labels, reference=reference)
    proposed, true, lengths = _runs(labels.ravel(), reference.ravel())
    names, proposed = _compact(proposed)
    reference_names, true = _compact(true)
    pairs, positions = np.unique(true * names.size + proposed, return_inverse=True)
    counts = np.bincount(positions, weights=lengths, minlength=pairs.size).astype(np.float64)
    reference_places, places = np.divmod(pairs, names.size)
    return ContingencyTable(names[places], reference_names[reference_places], counts)


def _runs(labels: Labels, reference: Labels) -> tuple[Labels, Labels, npt.NDArray[np.int64]]:
    """Return the label, reference label and length of each run of equal pixels: far fewer to sort than pixels."""
    changes = (labels[1:] != labels[:-1]) | (reference[1:] != reference[:-1])
    starts = np.flatnonzero(np.concatenate((np.ones(min(labels.size, 1), np.bool_), changes)))
    return labels[starts], reference[starts], np.diff(starts, append=labels.size)


def _compact(labels: Labels) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return names, and for each label where its name stands; no more names than labels, so that codes fit int64."""
    if labels.size == 0 or int(labels.max()) < labels.size:
        # Small labels, as all labelling functions give them, name themselves; that saves sorting them.
        return np.arange(max(labels.size, 1)), labels.astype(np.int64)
    names, places = np.unique(labels, return_inverse=True)
    return names.astype(np.int64), places.astype(np.int64)


def _sums(groups: npt.NDArray[np.int64], counts: Counts) -> Counts:
    names, positions = np.unique(groups, return_inverse=True)
    return np.bincount(positions, weights=counts, minlength=names.size).astype(np.float64)
