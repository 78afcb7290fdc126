"""The commands of ``python -m custom.score``. They import what they need when they run, so that ``--help`` is fast."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import InputError
from ..ground.names import as_given
from ..ground.option_values import choice, flag, frame_range, number
from ..ground.wording import counted


def ctc(
    gt_dir: str,
    res_dir: str,
    json: str | None = None,
    errors: str | None = None,
    frames: str | None = None,
    warping: bool | str = False,
) -> None:
    """Print all scores of tracked sequences; for several sequences also their mean and the pooled scores.

    The docstring of custom.tracking.score_sequence defines the scores. Without TRA in the truth, only the segmentation
    is scored; without res_track.txt in the result, the tracks are not scored.

    Args:
        gt_dir: folder NN_GT with TRA, SEG or both, or NN_ST; for several sequences a list, "['01_GT','02_GT']".
        res_dir: folder NN_RES with maskNNN.tif and res_track.txt, or another truth, NN_GT; or a list of equal length.
        json: output file for the scores.
        errors: CSV output file for all errors, with position, penalty and reason; for several sequences, the name of
            the result is appended to the file name.
        frames: first and last frame of the part to score, such as 0-35; the whole movie if not given.
        warping: true to compute the warping error.
    """
    from ._sequences import print_sequence_scores

    truths, results = _folders(gt_dir), _folders(res_dir)
    if len(truths) != len(results):
        raise InputError(f"res_dir: found {len(results)} folders, expected {len(truths)}, one for each of gt_dir.")
    part, with_warping = frame_range("frames", frames), flag("warping", warping)
    for truth, result in zip(truths, results, strict=True):
        _announce(result, truth, "all frames" if part is None else f"frames {frames}")
    print_sequence_scores(truths, results, part, with_warping, json, None if errors is None else Path(errors))


def masks(
    gt_dir: str,
    res_dir: str,
    *,
    json: str | None = None,
    threshold: float | str | None = None,
    classes: bool | str | None = None,
) -> None:
    """Print Dice, IoU, clDice, Rand index and panoptic quality of each image, and their mean and standard deviation.

    Files are paired by name without suffix or, if no names agree, by the last number in the name. Pages of a stack are
    scored separately. The second line of the output names how the values are read. Folders in which no page has more
    than one value besides 0, or only two with the noise of JPEG, contain binary masks; their objects, for Rand index
    and panoptic quality, are 4-connected components. Others contain instance labels, if most values are in one piece.
    Dice, IoU and clDice are computed for the foreground. Of an output folder of inference, the files x_labels.tif are
    read if the truth has instance labels, otherwise x_mask.tif.

    Args:
        gt_dir: folder of the true masks, or one file.
        res_dir: folder of the masks to score, or one file.
        json: output file for the scores.
        threshold: smallest value of foreground, for probabilities and masks with soft edges.
        classes: true if values are class numbers, scored by Dice of each class and their mean; false for instance
            labels, also those of several pieces.
    """
    from ._masks import open_masks, pair_files, print_mask_scores

    with_classes = None if classes is None else flag("classes", classes)
    level = None if threshold is None else _positive("threshold", threshold)
    truth, result = open_masks(Path(gt_dir), Path(res_dir), level, with_classes)
    pairs = pair_files(truth, result)
    _announce(res_dir, gt_dir, counted(len(pairs), "image"))
    print_mask_scores(pairs, truth, result, json, {"gt_dir": gt_dir, "res_dir": res_dir})


def membrane(labels: str, probability: str, *, json: str | None = None, probability_of: str = "membrane") -> None:
    """Print V-Rand, V-Info and the pixel error of ISBI 2012, each at its best threshold, as means over the slices.

    Args:
        labels: image or stack, 0 on membranes and any other value inside cells.
        probability: image or stack of the same size: 8 or 16 bit, or float from 0 to 1.
        json: output file for the scores.
        probability_of: membrane, or cell as in the submissions to the challenge.
    """
    from ._membrane import print_membrane_scores, read_stacks

    of_membrane = choice("probability_of", probability_of, "membrane", "cell") == "membrane"
    membranes, probabilities = read_stacks(labels, probability)
    _announce(probability, labels, counted(len(membranes), "slice"))
    about = {"labels": labels, "probability": probability, "probability_of": probability_of}
    print_membrane_scores(membranes, probabilities if of_membrane else 1 - probabilities, json, about)


def _announce(result: str | Path, truth: str | Path, what: str) -> None:
    """Print the first line of a command."""
    print(f"Scoring {what} of {as_given(result)} against {as_given(truth)}", flush=True)


def _positive(option: str, value: float | str) -> float:
    """Return a number above 0, which the command line passes as text."""
    try:
        return number(option, float(value), above=0)
    except ValueError:
        raise InputError(f"--{option}: found {value!r}, expected a number above 0.") from None


def _folders(text: str) -> list[Path]:
    """Return one folder, or the folders of a list."""
    names = re.findall(r"[^\[\]'\",]+", text) if text.startswith("[") else [text]
    return [Path(name.strip()) for name in names if name.strip()]
