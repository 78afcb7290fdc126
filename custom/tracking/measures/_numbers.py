"""The numbers of a sequence, by the names that the challenge and the literature give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...ground.score_tables import mean
from ._acyclic import Graphs, compare_graphs
from ._biology import branching_correctness, cell_cycle_accuracy, complete_tracks, track_fractions
from ._displacement import displacement_error
from ._hota import coverage_hota, hota
from ._identity import identity_scores, mot_scores
from ._matching import Matching
from ._segmentation import FrameScores, summarise

TOLERANCES = (0, 1, 2, 3)
"""The i of BC(i), in frames."""


def all_numbers(matching: Matching | None, frames: Sequence[FrameScores]) -> dict[str, float]:
    """Return measure → value, those of the challenge first; NaN where one is undefined.

    Args:
        matching: None without tracking truth.
        frames: the frames with segmentation truth; may be none.
    """
    of_frames = summarise(frames) if frames else {}
    if matching is None:
        return of_frames
    graphs = compare_graphs(matching)
    tracked = matching.result.tracks is not None
    numbers = {name: of_frames.pop(name) for name in ("SEG",) if frames}
    numbers |= {"DET": graphs.det} | (_of_tracks(matching, graphs) if tracked else {})
    numbers |= _overall(numbers) | (_of_identities(matching) if tracked else {})
    numbers["displacement_error"] = displacement_error(matching)
    return numbers | of_frames | _counts(graphs, tracked)


def _of_tracks(matching: Matching, graphs: Graphs) -> dict[str, float]:
    numbers = {"LNK": graphs.lnk, "TRA": graphs.tra}
    numbers |= {"CT": complete_tracks(matching), "TF": track_fractions(matching)}
    numbers |= {f"BC({i})": branching_correctness(matching, i) for i in TOLERANCES}
    numbers["CCA"] = cell_cycle_accuracy(matching)
    parts = {i: [numbers[name] for name in ("CT", "TF", f"BC({i})", "CCA")] for i in TOLERANCES}
    return numbers | {f"BIO({i})": mean(values) for i, values in parts.items()}


def _overall(numbers: Mapping[str, float]) -> dict[str, float]:
    """Return the means of pairs by which the challenge ranks, where both are known."""
    pairs = {"OP_CSB": ("SEG", "DET"), "OP_CTB": ("SEG", "TRA")}
    pairs |= {f"OP_CLB({i})": ("LNK", f"BIO({i})") for i in TOLERANCES}
    return {
        name: (numbers[first] + numbers[second]) / 2
        for name, (first, second) in pairs.items()
        if first in numbers and second in numbers
    }


def _of_identities(matching: Matching) -> dict[str, float]:
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


def _counts(graphs: Graphs, tracked: bool) -> dict[str, float]:
    """Return how often each kind of error occurs, by the challenge's names."""
    counts: dict[str, float] = {"NS": len(graphs.surplus), "FN": len(graphs.missed), "FP": len(graphs.extra)}
    if tracked:
        counts |= {"ED": len(graphs.wrong_links), "EA": len(graphs.missed_links), "EC": len(graphs.wrong_semantics)}
        counts["AOGM"] = graphs.object_costs + graphs.link_costs
    return counts
