"""Sparse contingency table of two label images: the number of pixels that each pair of segments shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ._checks import Labels, check_labels

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContingencyTable:
    """All pairs of overlapping segments, as three parallel arrays (N,).

    Attributes:
        labels: predicted label of each pair, int64.
        reference: reference label of each pair, int64.
        counts: number of shared pixels, float64, because squared counts would overflow integers.
    """

    labels: npt.NDArray[np.int64]
    reference: npt.NDArray[np.int64]
    counts: Counts

    def where(self, keep: npt.NDArray[np.bool_]) -> ContingencyTable:
        """Return the table of the pairs where ``keep``, bool (N,), is True."""
        return ContingencyTable(self.labels[keep], self.reference[keep], self.counts[keep])

    def label_sizes(self) -> Counts:
        """Return the number of pixels of each predicted segment, float64, in ascending order of the labels."""
        return _sums(self.labels, self.counts)

    def reference_sizes(self) -> Counts:
        """Return the number of pixels of each reference segment, float64, in ascending order of the labels."""
        return _sums(self.reference, self.counts)


def contingency_table(labels: Labels, reference: Labels) -> ContingencyTable:
    """Count the pixels that each pair of labels shares, in memory linear in the number of pixels.

    Args:
        labels: predicted segments, integer, any shape; here 0 is a label like any other.
        reference: true segments, integer, same shape.

    Returns:
        The pairs that occur, each once, in ascending order of reference label and predicted label.

    Raises:
        TypeError: A label image does not have an integer dtype.
        ValueError: The shapes differ, or a label is negative.

    Examples:
        >>> import numpy as np
        >>> from custom.metrics import contingency_table
        >>> table = contingency_table(np.array([1, 1, 1, 4]), reference=np.array([1, 1, 2, 2]))
        >>> table.reference, table.labels, table.counts
        (array([1, 2, 2]), array([1, 1, 4]), array([2., 1., 1.]))
    """
    check_labels(labels=labels, reference=reference)
    predicted, true, lengths = _runs(labels.ravel(), reference.ravel())
    predicted_labels, predicted = _compact(predicted)
    true_labels, true = _compact(true)
    pairs, inverse = np.unique(true * predicted_labels.size + predicted, return_inverse=True)
    counts = np.bincount(inverse, weights=lengths, minlength=pairs.size).astype(np.float64)
    true, predicted = np.divmod(pairs, predicted_labels.size)
    return ContingencyTable(predicted_labels[predicted], true_labels[true], counts)


def _runs(labels: Labels, reference: Labels) -> tuple[Labels, Labels, npt.NDArray[np.int64]]:
    """Return label, reference label and length of each run of equal pixels, which are far fewer than pixels to sort."""
    changes = (labels[1:] != labels[:-1]) | (reference[1:] != reference[:-1])
    starts = np.flatnonzero(np.concatenate((np.ones(min(labels.size, 1), np.bool_), changes)))
    return labels[starts], reference[starts], np.diff(starts, append=labels.size)


def _compact(labels: Labels) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return a table of labels and the index of each label in it; the table is short, so that pair codes fit int64."""
    if labels.size == 0 or int(labels.max()) < labels.size:
        # Small labels, the output of all labeling functions, serve as their own index, which avoids sorting.
        return np.arange(max(labels.size, 1)), labels.astype(np.int64)
    unique, inverse = np.unique(labels, return_inverse=True)
    return unique.astype(np.int64), inverse.astype(np.int64)


def _sums(groups: npt.NDArray[np.int64], counts: Counts) -> Counts:
    unique, inverse = np.unique(groups, return_inverse=True)
    return np.bincount(inverse, weights=counts, minlength=unique.size).astype(np.float64)
