"""Every error of a tracking result, with its place and its reason."""

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
    Graphs,
    compare_graphs,
)
from ._links import Links
from ._matching import Matching, MovieObjects

ERROR_KINDS = ("missed", "extra", "merged", "wrong link", "missed link", "wrong semantics")
"""What is wrong: an object (FN, FP, NS of the Cell Tracking Challenge) or a link (ED, EA, EC)."""

_AXES = ("slice", "row", "column")


@dataclass(frozen=True)
class TrackingError:
    """An error that DET, LNK and TRA count.

    Attributes:
        frame: where it is; for a link, the frame that it leads to.
        reference_label: label of the reference object, there; 0 where there is none.
        result_label: label of the result object, there; 0 where there is none.
        kind: one of `ERROR_KINDS`.
        penalty: what it costs; all penalties together are the costs in TRA.
        where: centroid of the reference object, or of the result object for ``"extra"`` and ``"wrong link"``, in
            pixels: (row, column) or (slice, row, column).
        reason: a sentence that says what is there and what should be.
    """

    frame: int
    reference_label: int
    result_label: int
    kind: str
    penalty: float
    where: tuple[float, ...]
    reason: str


def tracking_errors(matching: Matching) -> list[TrackingError]:
    """Return every error in the order of the frames; their penalties add up to the costs that `compare_graphs` finds.

    Args:
        matching: a result beside its reference; where it was not tracked, there are no errors of links.
    """
    graphs = compare_graphs(matching)
    errors = [*_missed(matching, graphs), *_extra(matching, graphs), *_merged(matching, graphs)]
    errors += [*_wrong_links(matching, graphs), *_missed_links(matching, graphs), *_semantics(matching, graphs)]
    return sorted(errors, key=lambda error: error.frame)


def write_errors(file: str | os.PathLike[str], errors: Iterable[TrackingError]) -> None:
    """Write errors as CSV, a row each.

    Args:
        file: usually ``errors.csv``; its folder is created.
        errors: all of images with as many axes.

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


def _missed(matching: Matching, graphs: Graphs) -> Iterator[TrackingError]:
    largest = _largest_overlaps(matching)
    for place in graphs.missed.tolist():
        label = int(matching.reference.labels[place])
        result, share = largest.get(place, (0, 0.0))
        reason = f"no object covers more than half of {label}" + (f"; {result} covers {share:.0%}" if result else "")
        yield _error(matching.reference, place, (label, 0), "missed", MISSED_COST, reason)


def _extra(matching: Matching, graphs: Graphs) -> Iterator[TrackingError]:
    for place in graphs.extra.tolist():
        label = int(matching.result.labels[place])
        reason = f"{label} covers more than half of no object of the reference"
        yield _error(matching.result, place, (0, label), "extra", EXTRA_COST, reason)


def _merged(matching: Matching, graphs: Graphs) -> Iterator[TrackingError]:
    for place in graphs.surplus.tolist():
        match = matching.matches[place]
        label, result = int(matching.reference.labels[place]), int(matching.result.labels[match])
        reason = f"{result} covers {matching.covered[match]} objects of the reference, {label} among them"
        yield _error(matching.reference, place, (label, result), "merged", SPLIT_COST, reason)


def _largest_overlaps(matching: Matching) -> dict[int, tuple[int, float]]:
    """Return by place, for missed objects that anything overlaps, the label with most pixels, and its share of them."""
    pairs = matching.overlaps
    candidates = np.flatnonzero(matching.matches[pairs.reference] < 0)
    ascending = candidates[np.argsort(pairs.pixels[candidates], kind="stable")]
    places = pairs.reference[ascending]
    labels = matching.result.labels[pairs.result[ascending]]
    shares = pairs.pixels[ascending] / matching.reference.areas[places]
    return dict(zip(places.tolist(), zip(labels.tolist(), shares.tolist(), strict=True), strict=True))


# --------------------------------------------------------------------------------------------------------------- links


def _wrong_links(matching: Matching, graphs: Graphs) -> Iterator[TrackingError]:
    reference_of = {match: place for place, match in enumerate(matching.matches.tolist())}
    for source, target, _ in _rows(graphs.wrong_links):
        before, after = (int(matching.result.labels[place]) for place in (source, target))
        true_before, true_after = (int(matching.reference.labels[reference_of[place]]) for place in (source, target))
        reason = f"{before} in frame {matching.result.frames[source]} is linked to {after}; "
        reason += f"{true_before} and {true_after}, which they match, are not"
        yield _error(matching.result, target, (true_after, after), "wrong link", WRONG_LINK_COST, reason)


def _missed_links(matching: Matching, graphs: Graphs) -> Iterator[TrackingError]:
    for source, target, _ in _rows(graphs.missed_links):
        before, after = (int(matching.reference.labels[place]) for place in (source, target))
        reason = f"{before} in frame {matching.reference.frames[source]} is {_in_result(matching, source)}, "
        reason += f"{after} is {_in_result(matching, target)}"
        reason += "; these are not linked" if matching.unique[source] and matching.unique[target] else ""
        labels = after, _result_label(matching, target)
        yield _error(matching.reference, target, labels, "missed link", MISSED_LINK_COST, reason)


def _semantics(matching: Matching, graphs: Graphs) -> Iterator[TrackingError]:
    for source, target, to_child in _rows(graphs.wrong_semantics):
        before, after = (int(matching.reference.labels[place]) for place in (source, target))
        reason = f"{after} is a child of {before}" if to_child else f"{after} goes on as it was"
        reason += "; in the result it goes on" if to_child else "; in the result it is a child"
        labels = after, _result_label(matching, target)
        yield _error(matching.reference, target, labels, "wrong semantics", SEMANTICS_COST, reason)


def _rows(links: Links) -> Iterator[tuple[int, int, bool]]:
    """Give source, target, and whether it leads to a child, of each link."""
    return zip(links.sources.tolist(), links.targets.tolist(), links.to_child.tolist(), strict=True)


def _in_result(matching: Matching, place: int) -> str:
    """Say what a reference object is in the result."""
    if matching.matches[place] < 0:
        return "missed"
    label = _result_label(matching, place)
    return str(label) if matching.unique[place] else f"one of several in {label}"


def _result_label(matching: Matching, place: int) -> int:
    match = matching.matches[place]
    return int(matching.result.labels[match]) if match >= 0 else 0


def _error(
    objects: MovieObjects, place: int, labels: tuple[int, int], kind: str, penalty: float, reason: str
) -> TrackingError:
    where = tuple(objects.centroids[place].tolist())
    return TrackingError(int(objects.frames[place]), *labels, kind, penalty, where, reason)
