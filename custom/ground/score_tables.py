"""Means of scores, and the table that shows them in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np


def format_table(means: Mapping[str, Mapping[str, float]]) -> str:
    """Return the means as a text table: a row per score, a column per split, with the spread over the images."""
    splits = list(means)
    names = [name for name in means[splits[0]] if not name.endswith("_std")]
    lines = [f"{'':24}" + "".join(f"{split:>22}" for split in splits)]
    for name in names:
        cells = [_cell(means[split], name) for split in splits]
        lines.append(f"{name.replace('_', ' '):24}" + "".join(f"{cell:>22}" for cell in cells))
    return "\n".join(lines)


def _cell(numbers: Mapping[str, float], name: str) -> str:
    if isinstance(numbers[name], int):  # a count
        return str(numbers[name])
    spread = f" ± {numbers[f'{name}_std']:.4f}" if f"{name}_std" in numbers else ""
    return f"{numbers[name]:.4f}{spread}"


def mean(values: Sequence[float], of: Callable = np.mean) -> float:
    """Return the mean (or what ``of`` makes) of the finite values, NaN when there is none."""
    finite = [value for value in values if np.isfinite(value)]
    return float(of(finite)) if finite else float("nan")


def filled(columns: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return all columns with the names of any, NaN where one has no such number."""
    names = dict.fromkeys(name for numbers in columns.values() for name in numbers)
    return {column: {name: numbers.get(name, float("nan")) for name in names} for column, numbers in columns.items()}
