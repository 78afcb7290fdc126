"""The measures of ISBI 2012 of any stack of membrane probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fire.decorators import SetParseFn

from ..errors import InputError
from ..evaluation import challenge_scores
from ..ground.json_files import write_json
from ..ground.option_values import choice
from ..ground.score_tables import format_table
from ..images import read_image, read_labels
from ._announcing import announce


@SetParseFn(str, "labels", "probability", "json")
def membrane(labels: str, probability: str, *, json: str | None = None, probability_of: str = "membrane") -> None:
    """Print V-Rand, V-Info and the pixel error of ISBI 2012, each at its best threshold, as means over the slices.

    Args:
        labels: image or stack, 0 on membranes and anything else inside cells.
        probability: image or stack of the same size: 8 or 16 bit, or float from 0 to 1.
        json: file to write the numbers to.
        probability_of: membrane, or cell, as the challenge wanted it.
    """
    of_membrane = choice("probability_of", probability_of, "membrane", "cell") == "membrane"
    membranes = _slices(read_labels(labels) == 0)
    found = _slices(_read_probability(Path(probability)))
    if found.shape != membranes.shape:
        shapes = (" × ".join(map(str, stack.shape)) for stack in (found, membranes))
        raise InputError.about(probability, f"{next(shapes)} pixels", f"{next(shapes)} as in {labels}")
    announce(probability, labels, f"{len(membranes)} slice(s)")
    scores = challenge_scores(list(found if of_membrane else 1 - found), list(membranes))
    numbers = {"slices": len(membranes)} | scores
    print(format_table({Path(probability).name: numbers}))
    if json is not None:
        about = {"labels": labels, "probability": probability, "probability_of": probability_of}
        write_json(json, about | {"scores": numbers})


def _slices(array: np.ndarray) -> np.ndarray:
    """Return (Z, H, W), also of a single image."""
    return array.reshape(-1, *array.shape[-2:])


def _read_probability(file: Path) -> np.ndarray:
    """Return probabilities, float32; integers are parts of the largest that their type holds."""
    stored = read_image(file)
    if stored.dtype.kind == "f":
        if stored.min() < 0 or stored.max() > 1:
            raise InputError.about(file, f"values from {stored.min():g} to {stored.max():g}", "probabilities, 0 to 1")
        return stored.astype(np.float32)
    if stored.dtype not in (np.uint8, np.uint16):
        raise InputError.about(file, f"{stored.dtype} pixels", "8 or 16 bit, or float from 0 to 1")
    return (stored / np.float32(np.iinfo(stored.dtype).max)).astype(np.float32)
