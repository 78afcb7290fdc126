"""Export of tracks in the Graph Exchange File Format (geff), which many tracking tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ..ctc._lineage import Lineage
from ..linking._result import Tracking
from ._napari import AXES, track_positions


def write_geff(folder: Path, tracking: Tracking) -> None:
    """Write tracks as a directed graph into a folder, usually ``tracks.geff``; an existing one is replaced.

    A node is a cell in a frame, with the properties ``t`` (frame); ``y``, ``x`` and in 3-D ``z`` (pixels); ``track``
    (label in the masks); ``tracklet`` (label of the first track of the same cell, if gaps split it into several) and
    ``lineage`` (label of the first track of its family). An edge leads forward in time, along a track, over a gap or to
    a daughter, and has a ``confidence`` from 0 to 1.

    Args:
        folder: the geff folder; its parent is created.
        tracking: the result of the linking.

    Raises:
        InputError: the optional package geff is not installed.

    Reference: https://liveimagetrackingtools.org/geff
    """
    try:
        from geff import GeffMetadata
        from geff.core_io import write_arrays
        from geff_spec import Axis
    except ImportError as error:
        raise InputError.about(folder, "no package geff to write it with", "it installed: pip install geff") from error
    lineage = Lineage(tracking.tracks)
    rows = track_positions(lineage, tracking.centroids)
    dimensions = len(rows[0][2]) if rows else 2
    axes = [Axis(name="t", type="time"), *(Axis(name=name, type="space", unit="pixel") for name in AXES[-dimensions:])]
    node_of = {(frame, label): node for node, (label, frame, _) in enumerate(rows)}
    edges = [(node_of[link.frame, link.label], node_of[link.next_frame, link.next_label]) for link in tracking.links]
    write_arrays(
        Path(folder),
        np.arange(len(rows), dtype=np.uint64),
        _node_properties(lineage, rows, dimensions),
        np.array(edges, np.uint64).reshape(-1, 2),
        _properties(confidence=np.array([link.confidence for link in tracking.links], np.float64)),
        GeffMetadata(
            directed=True,
            axes=axes,
            node_props_metadata={},  # derived from the arrays
            edge_props_metadata={},
            track_node_props={"tracklet": "tracklet", "lineage": "lineage"},
        ),
        overwrite=True,
    )


def _node_properties(lineage: Lineage, rows: list[tuple[int, int, list[float]]], dimensions: int) -> dict[str, Any]:
    tracklets: dict[int, int] = {}
    families: dict[int, int] = {}
    for label in lineage:
        parent = lineage.parent(label)
        tracklets[label] = tracklets[parent] if parent is not None and lineage.continues(label) else label
        families[label] = label if parent is None else families[parent]
    labels = [label for label, _, _ in rows]
    positions = np.array([position for _, _, position in rows], np.float64).reshape(-1, dimensions)
    return _properties(
        t=np.array([frame for _, frame, _ in rows], np.int64),
        track=np.array(labels, np.int64),
        tracklet=np.array([tracklets[label] for label in labels], np.int64),
        lineage=np.array([families[label] for label in labels], np.int64),
        **dict(zip(AXES[-dimensions:], positions.T, strict=True)),
    )


def _properties(**arrays: np.ndarray) -> dict[str, Any]:
    """Return the arrays in the structure that geff expects, without missing values."""
    return {name: {"values": np.ascontiguousarray(values), "missing": None} for name, values in arrays.items()}
