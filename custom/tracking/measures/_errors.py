"""All errors of a tracking result, with position and reason."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ...ground.files import atomic_path
from ._acyclic import (
    EXTRA_COST,
    MISSED_COST,
    MISSED_LINK_COST,
    SEMANTICS_COST,
    SPLIT_COST,
    WRONG_LINK_COST,
    GraphComparison,
    Links,
    compare_graphs,
)
from ._matching import Matching, MovieObjects

ERROR_KINDS = ("missed", "extra", "merged", "wrong link", "missed link", "wrong semantics")
"""Errors of objects (FN, FP, NS in the Cell Tracking Challenge), then errors of links (ED, EA, EC)."""

_AXES = ("slice", "row", "column")


@dataclass(frozen=True)
class TrackingError:
    """An error that DET, LNK or TRA counts.

    Attributes:
        frame: frame of the error; for a link, the later frame.
        reference_label: label of the reference object in that frame; 0 for none.
        result_label: label of the result object in that frame; 0 for none.
        kind: one of `ERROR_KINDS`.
        penalty: cost of the error; the penalties of all errors add up to the costs in TRA.
        where: centroid of the reference object, or of the result object for ``"extra"`` and ``"wrong link"``, in
            pixels: (row, column) or (slice, row, column).
        reason: explanation of the error.
    """

    frame: int
    reference_label: int
    result_label: int
    kind: str
    penalty: float
    where: tuple[float, ...]
    reason: str


def tracking_errors(matching: Matching) -> list[TrackingError]:
    """Return all errors in the order of the frames; their penalties add up to the costs in `compare_graphs`.

    Args:
        matching: result and reference; errors of links are found only if both were tracked.

    Examples:
        >>> from custom.tracking import Track, score_sequence, sequence_of
        >>> truth = sequence_of([np.array([[1, 1, 0, 2, 2]])] * 4)
        >>> result = sequence_of([np.array([[1, 1, 0, label, label]]) for label in (2, 2, 2, 3)])
        >>> tracks = [Track(1, 0, 3), Track(2, 0, 3)], [Track(1, 0, 3), Track(2, 0, 2), Track(3, 3, 3)]
        >>> matching = score_sequence(truth, tracks[0], result, tracks[1]).matching
        >>> [(error.kind, error.frame, error.reason) for error in tracking_errors(matching)]
        [('missed link', 3, '2 in frame 2 is 2, 2 is 3; these are not linked')]
    """
    graphs = compare_graphs(matching)
    errors = [*_missed(matching, graphs), *_extra(matching, graphs), *_merged(matching, graphs)]
    errors += [*_wrong_links(matching, graphs), *_missed_links(matching, graphs), *_semantics(matching, graphs)]
    return sorted(errors, key=lambda error: error.frame)


def write_errors(file: str | os.PathLike[str], errors: Iterable[TrackingError]) -> None:
    """Write errors as CSV, one row per error.

    Args:
        file: usually ``errors.csv``; its folder is created.
        errors: errors that all have the same number of axes.

    Raises:
        InputError: the folder cannot be created.
    """
    rows = list(errors)
    axes = _AXES[-len(rows[0].where) :] if rows else _AXES[1:]
    with atomic_path(file) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["frame", "reference_label", "result_label", "kind", "penalty", *axes, "reason"])
        for row in rows:
            where = [f"{position:.1f}" for position in row.where]
            labels = [row.reference_label, row.result_label]
            writer.writerow([row.frame, *labels, row.kind, f"{row.penalty:g}", *where, row.reason])


# ------------------------------------------------------------------------------------------------------------- objects


def _missed(matching: Matching, graphs: GraphComparison) -> Iterator[TrackingError]:
    largest = _largest_overlaps(matching)
    for index in graphs.missed.tolist():
        label = int(matching.reference.labels[index])
        result, share = largest.get(index, (0, 0.0))
        reason = f"no object covers more than half of {label}" + (f"; {result} covers {share:.0%}" if result else "")
        yield _error(matching.reference, index, (label, 0), "missed", MISSED_COST, reason)


def _extra(matching: Matching, graphs: GraphComparison) -> Iterator[TrackingError]:
    for index in graphs.extra.tolist():
        label = int(matching.result.labels[index])
        reason = f"{label} covers more than half of no object of the reference"
        yield _error(matching.result, index, (0, label), "extra", EXTRA_COST, reason)


def _merged(matching: Matching, graphs: GraphComparison) -> Iterator[TrackingError]:
    for index in graphs.surplus.tolist():
        match = matching.matches[index]
        label, result = int(matching.reference.labels[index]), int(matching.result.labels[match])
        reason = f"{result} covers {matching.covered[match]} objects of the reference, {label} among them"
        yield _error(matching.reference, index, (label, result), "merged", SPLIT_COST, reason)


def _largest_overlaps(matching: Matching) -> dict[int, tuple[int, float]]:
    """Return missed object → label with the largest overlap, covered fraction; for objects with any overlap."""
    pairs = matching.overlaps
    candidates = np.flatnonzero(matching.matches[pairs.reference] < 0)
    ascending = candidates[np.argsort(pairs.pixels[candidates], kind="stable")]
    indices = pairs.reference[ascending]
    labels = matching.result.labels[pairs.result[ascending]]
    shares = pairs.pixels[ascending] / matching.reference.areas[indices]
    return dict(zip(indices.tolist(), zip(labels.tolist(), shares.tolist(), strict=True), strict=True))


# --------------------------------------------------------------------------------------------------------------- links


def _wrong_links(matching: Matching, graphs: GraphComparison) -> Iterator[TrackingError]:
    reference_of = {match: index for index, match in enumerate(matching.matches.tolist())}
    for source, target, _ in _rows(graphs.wrong_links):
        before, after = (int(matching.result.labels[index]) for index in (source, target))
        true_before, true_after = (int(matching.reference.labels[reference_of[index]]) for index in (source, target))
        reason = f"{before} in frame {matching.result.frames[source]} is linked to {after}; "
        reason += f"{true_before} and {true_after}, which they match, are not"
        yield _error(matching.result, target, (true_after, after), "wrong link", WRONG_LINK_COST, reason)


def _missed_links(matching: Matching, graphs: GraphComparison) -> Iterator[TrackingError]:
    for source, target, _ in _rows(graphs.missed_links):
        before, after = (int(matching.reference.labels[index]) for index in (source, target))
        reason = f"{before} in frame {matching.reference.frames[source]} is {_in_result(matching, source)}, "
        reason += f"{after} is {_in_result(matching, target)}"
        reason += "; these are not linked" if matching.unique[source] and matching.unique[target] else ""
        labels = after, _result_label(matching, target)
        yield _error(matching.reference, target, labels, "missed link", MISSED_LINK_COST, reason)


def _semantics(matching: Matching, graphs: GraphComparison) -> Iterator[TrackingError]:
    for source, target, to_child in _rows(graphs.wrong_semantics):
        before, after = (int(matching.reference.labels[index]) for index in (source, target))
        reason = f"{after} is a child of {before}" if to_child else f"{after} continues its track"
        reason += "; in the result it continues the track" if to_child else "; in the result it is a child"
        labels = after, _result_label(matching, target)
        yield _error(matching.reference, target, labels, "wrong semantics", SEMANTICS_COST, reason)


def _rows(links: Links) -> Iterator[tuple[int, int, bool]]:
    """Yield source, target and `to_child` of each link."""
    return zip(links.sources.tolist(), links.targets.tolist(), links.to_child.tolist(), strict=True)


def _in_result(matching: Matching, index: int) -> str:
    """Describe a reference object in the result."""
    if matching.matches[index] < 0:
        return "missed"
    label = _result_label(matching, index)
    return str(label) if matching.unique[index] else f"one of several in {label}"


def _result_label(matching: Matching, index: int) -> int:
    match = matching.matches[index]
    return int(matching.result.labels[match]) if match >= 0 else 0


def _error(
    objects: MovieObjects, index: int, labels: tuple[int, int], kind: str, penalty: float, reason: str
) -> TrackingError:
    where = tuple(objects.centroids[index].tolist())
    return TrackingError(int(objects.frames[index]), *labels, kind, penalty, where, reason)
