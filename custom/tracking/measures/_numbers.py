"""All scores of a sequence, under their names in the challenge and the literature."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ...ground.score_tables import mean
from ._acyclic import GraphComparison, compare_graphs
from ._association import coverage_hota, hota
from ._biology import branching_correctness, cell_cycle_accuracy, complete_tracks, track_fractions
from ._identity import identity_scores, mot_scores
from ._matching import Matching
from ._segmentation import FrameScores, summarize_frames

TOLERANCES = (0, 1, 2, 3)
"""Values of i in BC(i), in frames."""


def all_numbers(matching: Matching | None, frames: Sequence[FrameScores]) -> dict[str, float]:
    """Return measure → value, measures of the challenge first; NaN for undefined values.

    Args:
        matching: None without tracking truth.
        frames: scores of the frames with segmentation truth; may be empty.
    """
    of_frames = summarize_frames(frames) if frames else {}
    if matching is None:
        return of_frames
    graphs = compare_graphs(matching)
    tracked = matching.result.tracks is not None
    numbers = {name: of_frames.pop(name) for name in ("SEG",) if frames}
    numbers |= {"DET": graphs.det} | (_track_numbers(matching, graphs) if tracked else {})
    numbers |= _overall_numbers(numbers) | (_identity_numbers(matching) if tracked else {})
    numbers["displacement_error"] = displacement_error(matching)
    return numbers | of_frames | _error_counts(graphs, tracked)


def _track_numbers(matching: Matching, graphs: GraphComparison) -> dict[str, float]:
    numbers = {"LNK": graphs.lnk, "TRA": graphs.tra}
    numbers |= {"CT": complete_tracks(matching), "TF": track_fractions(matching)}
    numbers |= {f"BC({i})": branching_correctness(matching, i) for i in TOLERANCES}
    numbers["CCA"] = cell_cycle_accuracy(matching)
    parts = {i: [numbers[name] for name in ("CT", "TF", f"BC({i})", "CCA")] for i in TOLERANCES}
    return numbers | {f"BIO({i})": mean(values) for i, values in parts.items()}


def _overall_numbers(numbers: Mapping[str, float]) -> dict[str, float]:
    """Return the overall scores by which the challenge ranks, each the mean of two scores, if both are known."""
    pairs = {"OP_CSB": ("SEG", "DET"), "OP_CTB": ("SEG", "TRA")}
    pairs |= {f"OP_CLB({i})": ("LNK", f"BIO({i})") for i in TOLERANCES}
    return {
        name: (numbers[first] + numbers[second]) / 2
        for name, (first, second) in pairs.items()
        if first in numbers and second in numbers
    }


def _identity_numbers(matching: Matching) -> dict[str, float]:
    identity, mot = identity_scores(matching), mot_scores(matching)
    return {
        "IDF1": identity.idf1,
        "HOTA": hota(matching),
        "HOTA(coverage)": coverage_hota(matching),
        "MOTA": mot.mota,
        "IDSW": mot.switches,
        "MT": mot.mostly_tracked,
        "ML": mot.mostly_lost,
        "JSC": identity.jsc,
        "JSC_theta": identity.jsc_theta,
    }


def _error_counts(graphs: GraphComparison, tracked: bool) -> dict[str, float]:
    """Return the number of errors of each kind, under the names of the challenge."""
    counts: dict[str, float] = {"NS": len(graphs.surplus), "FN": len(graphs.missed), "FP": len(graphs.extra)}
    if tracked:
        counts |= {"ED": len(graphs.wrong_links), "EA": len(graphs.missed_links), "EC": len(graphs.wrong_semantics)}
        counts["AOGM"] = graphs.object_costs + graphs.link_costs
    return counts


def displacement_error(matching: Matching) -> float:
    """Return the mean centroid distance of unique matches, in pixels; NaN without matches.

    If the reference contains markers, the distance of a marker from the center of its cell is included.
    """
    reference = matching.reference.centroids[matching.unique]
    result = matching.result.centroids[matching.matches[matching.unique]]
    return float(np.linalg.norm(reference - result, axis=1).mean()) if len(reference) else math.nan
