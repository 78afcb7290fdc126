"""Mean scores: the mean of finite values, and the text table that a terminal shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .wording import score_label


def mean(values: Sequence[float], of: Callable = np.mean) -> float:
    """Return the mean of the finite values, or NaN if there are none.

    Args:
        values: numbers, of which NaN and infinite ones are left out.
        of: another function of the finite values, such as ``np.std``.

    Examples:
        >>> mean([1.0, float("nan"), 3.0])
        2.0
    """
    finite = [value for value in values if np.isfinite(value)]
    return float(of(finite)) if finite else float("nan")


def filled(columns: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return columns that all have the same rows; missing values are NaN.

    Args:
        columns: name of a column → name of a row → value.

    Examples:
        >>> filled({"train": {"dice": 0.9}, "test": {"iou": 0.7}})
        {'train': {'dice': 0.9, 'iou': nan}, 'test': {'dice': nan, 'iou': 0.7}}
    """
    names = dict.fromkeys(name for numbers in columns.values() for name in numbers)
    return {column: {name: numbers.get(name, float("nan")) for name in names} for column, numbers in columns.items()}


def format_table(means: Mapping[str, Mapping[str, float]]) -> str:
    """Return mean scores as a text table with a row per score and a column per split.

    Args:
        means: split → score → mean, the same scores in each split. ``NAME_std`` is shown as the spread of ``NAME``;
            integers are shown as counts.

    Examples:
        >>> print(format_table({"test": {"dice": 0.9, "dice_std": 0.05, "images": 6}}))
                                                  test
        Dice                           0.9000 ± 0.0500
        images                                       6
    """
    splits = list(means)
    names = [name for name in means[splits[0]] if not name.endswith("_std")]
    width = max(24, *(len(score_label(name)) + 1 for name in names))
    widths = [max(22, len(split) + 2) for split in splits]
    lines = [" " * width + "".join(f"{split:>{w}}" for split, w in zip(splits, widths, strict=True))]
    for name in names:
        cells = [_cell(means[split], name) for split in splits]
        row = "".join(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))
        lines.append(f"{score_label(name):{width}}{row}")
    return "\n".join(lines)


def _cell(numbers: Mapping[str, float], name: str) -> str:
    if isinstance(numbers[name], int):  # a count
        return str(numbers[name])
    spread = f" ± {numbers[f'{name}_std']:.4f}" if f"{name}_std" in numbers else ""
    return f"{numbers[name]:.4f}{spread}"
