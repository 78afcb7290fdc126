"""A picture of what a config's elastic deformation makes of frames, and of the weight maps that follow."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from monai.transforms import Compose, Randomizable
from monai.utils import convert_to_numpy

from ..ground.files import atomic_path
from ..images import CONTRAST_PERCENTILES, evenly_spaced, overlay
from .weighting import RandElasticInstancesd, WeightMapd

_LINES = 12  # of the grid, from one end of the shorter side to the other


def draw_augmentation(
    items: Sequence[dict], preprocessing: Compose, file: str | os.PathLike[str], count: int = 3, seed: int = 0
) -> None:
    """Draw a row per example into a PNG: a frame with its cells, the same deformed, and the weight map made for that.

    The transforms are those of the config, with its settings: all before the deformation that are not random, the
    deformation, which here never is left out, and the weight map after it. A grid that is drawn into the frame before
    shows how it was deformed.

    Args:
        items: as `datalist` makes them.
        preprocessing: of a training; has a `RandElasticInstancesd`, and after it a `WeightMapd`.
        file: the PNG to write; its folder is created.
        count: examples, spread over the items.
        seed: of the deformations.

    Raises:
        InputError: a file of the items cannot be read.
        ValueError: the preprocessing has no such transforms.
    """
    before, deform, weigh = _steps(preprocessing)
    deform.set_random_state(seed)
    chosen = evenly_spaced(len(items), count)
    figure = Figure(figsize=(13.5, 4.4 * len(chosen)), layout="constrained")
    for row, index in zip(figure.subplots(len(chosen), 3, squeeze=False), chosen, strict=True):
        item = before(items[index])
        item["image"] = _with_grid(item["image"])
        deformed = weigh(deform(item))
        _show_cells(row[0], item, f"{item['name']}, with a grid")
        _show_cells(row[1], deformed, "deformed")
        weight = row[2].imshow(convert_to_numpy(deformed[weigh.weight_key])[0], cmap="viridis", vmin=0)
        row[2].set_title("weight")
        figure.colorbar(weight, ax=row[2], shrink=0.9)
        for axes in row:
            axes.set_axis_off()
    with atomic_path(file) as path:
        figure.savefig(path, dpi=80, format="png")
    print(f"Look at: {os.fspath(file)}")


def _steps(preprocessing: Compose) -> tuple[Compose, RandElasticInstancesd, WeightMapd]:
    """Return what prepares a frame, what deforms it, always, and what weighs the result."""
    steps = preprocessing.transforms
    place = next((i for i, step in enumerate(steps) if isinstance(step, RandElasticInstancesd)), len(steps))
    weigh = next((step for step in steps[place:] if isinstance(step, WeightMapd)), None)
    if weigh is None:
        raise ValueError("the preprocessing has no RandElasticInstancesd with a WeightMapd after it")
    deform = copy.deepcopy(steps[place])
    deform.prob = 1.0
    return Compose([step for step in steps[:place] if not isinstance(step, Randomizable)]), deform, weigh


def _with_grid(image: np.ndarray) -> np.ndarray:
    """Return the frame (1, H, W) with bright lines."""
    image = copy.deepcopy(image)  # it may be one in a cache
    step = min(image.shape[-2:]) // _LINES
    bright = float(np.percentile(convert_to_numpy(image), CONTRAST_PERCENTILES[1]))  # white in an overlay
    image[..., step // 2 :: step, :] = bright
    image[..., step // 2 :: step] = bright
    return image


def _show_cells(axes: Axes, item: dict, title: str) -> None:
    image, labels = (convert_to_numpy(item[key])[0] for key in ("image", "label"))
    axes.imshow(overlay(image, np.maximum(labels, 0), alpha=0.15))
    axes.set_title(title)
