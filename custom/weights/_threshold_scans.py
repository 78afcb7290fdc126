"""Thresholds chosen on the validation split, stored with the scores of all candidates."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..evaluation import ThresholdCurve
from ..ground.files import atomic_path


def write_thresholds(
    file: Path,
    scans: Mapping[str, ThresholdCurve],
    fixed: Mapping[str, float | None] | None = None,
    bundle: str | None = None,
) -> None:
    """Write thresholds, with the scans that chose them, as JSON.

    Args:
        file: usually ``threshold.json`` next to the weights.
        scans: name of a threshold → its scan over the validation split.
        fixed: name → threshold to store instead of the best one of the scan, or None.
        bundle: name of the bundle, with which weights of another one are refused.
    """
    given = {name: value for name, value in (fixed or {}).items() if value is not None}
    content: dict[str, Any] = {} if bundle is None else {"bundle": bundle}
    content |= {name: scan.best_threshold() for name, scan in scans.items()} | given
    content["scans"] = {name: _curve(scan) for name, scan in scans.items()}
    with atomic_path(file) as path:
        path.write_text(json.dumps(content) + "\n", encoding="utf-8")


def _curve(scan: ThresholdCurve) -> dict[str, Any]:
    scores = [round(float(value), 6) if math.isfinite(value) else None for value in scan.mean_curve()]
    best = max((score for score in scores if score is not None), default=None)
    return {"best_score": best, "thresholds": scan.thresholds.round(6).tolist(), "scores": scores}
