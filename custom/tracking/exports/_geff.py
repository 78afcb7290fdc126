"""Tracks in the Graph Exchange File Format, which tools for tracking share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ..pictures._lineage import Lineage
from ._napari import AXES, places

if TYPE_CHECKING:
    from ..linking._result import Tracking


def write_geff(folder: Path, tracking: Tracking) -> None:
    """Write what was tracked as a directed graph into a folder, usually ``tracks.geff``; one that is there is replaced.

    A node is a cell in a frame, with ``t`` (frame), ``y`` and ``x``, in 3-D ``z`` too (pixels), ``track`` (its label in
    the masks), ``tracklet`` (label of its first track where gaps part a cell's into several) and ``lineage`` (label of
    its family's first track). An edge goes forward in time, within a track, over a gap or to a daughter, and has a
    ``confidence`` from 0 to 1.

    Args:
        folder: the geff; its parent is created.
        tracking: what the linker found.

    Raises:
        InputError: the package geff, an extra of this one, is not installed.

    Reference: https://liveimagetrackingtools.org/geff
    """
    try:
        from geff import GeffMetadata
        from geff.core_io import write_arrays
        from geff_spec import Axis
    except ImportError as error:
        raise InputError.about(folder, "no package geff to write it with", "it installed: pip install geff") from error
    lineage = Lineage(tracking.tracks)
    rows = places(lineage, tracking.centroids)
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
            node_props_metadata={},  # written from the arrays
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
    """Return the arrays as geff wants them: nothing is missing in any."""
    return {name: {"values": np.ascontiguousarray(values), "missing": None} for name, values in arrays.items()}
