"""How numbers and names of scores are written for people: in messages, tables and reports."""

from __future__ import annotations

import re

import numpy as np

_TERMS = {
    "at_half": "at 0.5",
    "cl_dice": "clDice",
    "dice": "Dice",
    "iou": "IoU",
    "pq": "PQ",
    "rand": "Rand",
    "rq": "F1 at IoU 0.5 (recognition quality)",
    "seg": "SEG",
    "sq": "SQ",
    "train_": "training ",
    "v_info": "V-Info",
    "v_rand": "V-Rand",
    "val_": "validation ",
}
_TERM = re.compile("|".join(rf"(?<![^_]){term}(?=_|$)" if term[-1] != "_" else f"^{term}" for term in _TERMS))


def plain_number(value: float, digits: int = 3) -> str:
    """Return a number without an exponent, rounded to significant digits; a dash if it is not finite.

    Examples:
        >>> plain_number(0.7204), plain_number(143.2, digits=2), plain_number(0.00004), plain_number(float("nan"))
        ('0.72', '140', '0.00004', '–')
    """
    if not np.isfinite(value):
        return "–"
    return np.format_float_positional(value, precision=digits, unique=False, fractional=False, trim="-")


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun, in the plural unless it is one.

    Examples:
        >>> counted(1, "image"), counted(0, "image"), counted(2, "body", "bodies")
        ('1 image', '0 images', '2 bodies')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"


def score_label(name: str) -> str:
    """Return the label of a score or another column, from its name in files.

    Examples:
        >>> score_label("val_dice_at_half"), score_label("cl_dice"), score_label("pooled_seg"), score_label("seconds")
        ('validation Dice at 0.5', 'clDice', 'pooled SEG', 'seconds')
        >>> score_label("rq")
        'F1 at IoU 0.5 (recognition quality)'
    """
    return _TERM.sub(lambda match: _TERMS[match[0]], name).replace("_", " ")
