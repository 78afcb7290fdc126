"""Scores of membrane probabilities on disk with the measures of ISBI 2012."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..evaluation import challenge_scores
from ..ground.json_files import write_json
from ..ground.score_tables import format_table
from ..images import read_image, read_labels


def read_stacks(labels: str, probability: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the true membranes, (Z, H, W) bool, and a probability, (Z, H, W) float32.

    Args:
        labels: file, 0 on membranes and any other value inside cells.
        probability: file of the same size: 8 or 16 bit, or float from 0 to 1.

    Raises:
        InputError: a file cannot be read, the sizes differ, or the values are not probabilities.
    """
    membranes = _as_stack(read_labels(labels) == 0)
    probabilities = _as_stack(_read_probability(Path(probability)))
    if probabilities.shape != membranes.shape:
        found, expected = (" × ".join(map(str, stack.shape)) for stack in (probabilities, membranes))
        raise InputError.about(probability, f"{found} pixels", f"{expected} as in {labels}")
    return membranes, probabilities


def print_membrane_scores(
    membranes: np.ndarray, probabilities: np.ndarray, json: str | None, about: dict[str, Any]
) -> None:
    """Print the scores of membrane probabilities.

    Args:
        membranes: (Z, H, W) bool.
        probabilities: (Z, H, W) float32, probabilities of membrane.
        json: output file for the scores, or None.
        about: further content of that file, with the name of the probability file under ``probability``.
    """
    scores = {"slices": len(membranes)} | challenge_scores(list(probabilities), list(membranes))
    print(format_table({Path(about["probability"]).name: scores}))
    if json is not None:
        write_json(json, about | {"scores": scores})


def _as_stack(array: np.ndarray) -> np.ndarray:
    """Return (Z, H, W), also for a single image."""
    return array.reshape(-1, *array.shape[-2:])


def _read_probability(file: Path) -> np.ndarray:
    """Read a probability as float32; integers are divided by the largest value of their type."""
    stored = read_image(file)
    if stored.dtype.kind == "f":
        if stored.min() < 0 or stored.max() > 1:
            raise InputError.about(file, f"values from {stored.min():g} to {stored.max():g}", "probabilities, 0 to 1")
        return stored.astype(np.float32)
    if stored.dtype not in (np.uint8, np.uint16):
        raise InputError.about(file, f"{stored.dtype} pixels", "8 or 16 bit, or float from 0 to 1")
    return (stored / np.float32(np.iinfo(stored.dtype).max)).astype(np.float32)
